import { type ReactNode, useMemo } from 'react'
import type { ContactRow, CustomField } from '@/api/types'
import { CustomCell } from '@/app/custom/facts'
import { useCustomFields } from '@/app/custom/fields'
import { useDisplay } from '@/app/display'
import { ago, date } from '@/i18n/format'
import { Tag, type Tone } from '@/ui/tag'
import { t } from './text'

export type ColumnKey = keyof typeof t.columns

/** A column of a custom field is called `custom.<key>`. */
export type ShownKey = ColumnKey | `custom.${string}`

export interface Column {
  key: ShownKey
  name: string
  /** Track of the grid: a minimum in pixels and a share of what remains. */
  width: string
  sort?: 'name' | 'created' | 'activity' | 'city' | `custom.${string}`
  cell: (row: ContactRow) => ReactNode
}

export const STATUS_TONES: Record<ContactRow['status'], Tone> = { prospect: 'info', client: 'good', dormant: 'neutral' }

/** Two tags fit a cell; the count of the rest keeps the row's height. */
export function TagList({ tags, most = 2 }: { tags: ContactRow['tags']; most?: number }) {
  const rest = tags.slice(most)
  return (
    <>
      {tags.slice(0, most).map(tag => (
        <Tag key={tag.id} tone={tag.tone} title={tag.name}>
          {tag.name}
        </Tag>
      ))}
      {rest.length > 0 && <Tag title={rest.map(tag => tag.name).join(', ')}>+{rest.length}</Tag>}
    </>
  )
}

/** The name is drawn by the table itself: it carries the link. */
const BUILT_IN: (Omit<Column, 'name' | 'key'> & { key: ColumnKey })[] = [
  { key: 'company', width: 'minmax(110px, 1.1fr)', cell: row => (row.kind === 'person' ? row.company_name : null) },
  { key: 'email', width: 'minmax(160px, 1.9fr)', cell: row => row.email },
  { key: 'phone', width: '112px', cell: row => row.phone_display ?? row.phone },
  { key: 'city', width: 'minmax(90px, 0.95fr)', sort: 'city', cell: row => row.city },
  { key: 'status', width: '84px', cell: row => <Tag tone={STATUS_TONES[row.status]}>{t.statuses[row.status]}</Tag> },
  { key: 'tags', width: 'minmax(140px, 1.4fr)', cell: row => (row.tags.length ? <TagList tags={row.tags} /> : null) },
  { key: 'owner', width: 'minmax(100px, 1fr)', cell: row => row.owner?.name },
  { key: 'created', width: '110px', sort: 'created', cell: row => date(row.created_at) },
  { key: 'activity', width: '132px', sort: 'activity', cell: row => row.last_activity_at && ago(row.last_activity_at) },
]

const USUAL: ColumnKey[] = ['company', 'email', 'phone', 'city', 'status', 'tags']

/** Every column that the list may show. */
export function columnsOf(fields: CustomField[]): Column[] {
  return [
    ...BUILT_IN.map(column => ({ ...column, name: t.columns[column.key] })),
    ...fields.map(field => ({
      key: `custom.${field.key}` as const,
      name: field.label,
      width: 'minmax(110px, 1fr)',
      ...(field.index.state === 'ready' && { sort: `custom.${field.key}` as const }),
      cell: (row: ContactRow) => <CustomCell field={field} value={row.custom[field.key]} />,
    })),
  ]
}

/** The list's columns as they are on show; a view may say which. */
export function useColumns(ofView?: string[], changeView?: (keys: string[]) => void) {
  const fields = useCustomFields('contact')
  const all = useMemo(() => columnsOf(fields), [fields])
  return useDisplay({ list: 'contacts', all, usual: USUAL, ofView, changeView })
}
