import { useLocalStorage } from '@mantine/hooks'
import { type ReactNode, useMemo } from 'react'
import type { ContactRow, CustomField } from '@/api/types'
import { customText, useCustomFields } from '@/app/custom/fields'
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
      cell: (row: ContactRow) => customText(field, row.custom[field.key]) || null,
    })),
  ]
}

export type Density = 'comfortable' | 'compact'
export const ROW_HEIGHT: Record<Density, number> = { comfortable: 40, compact: 32 }

/** A matter of taste and of screen, so it stays with the browser; but a view may say which columns it shows. */
export function useDisplay(ofView?: string[], changeView?: (keys: ShownKey[]) => void) {
  const [own, setOwn] = useLocalStorage<ShownKey[]>({
    key: 'vision.contacts.columns',
    defaultValue: USUAL,
    getInitialValueInEffect: false,
  })
  const [density, setDensity] = useLocalStorage<Density>({
    key: 'vision.contacts.density',
    defaultValue: 'comfortable',
    getInitialValueInEffect: false,
  })
  const fields = useCustomFields()
  const all = useMemo(() => columnsOf(fields), [fields])
  const keys = (ofView as ShownKey[] | undefined) ?? own
  const setKeys = changeView ?? setOwn
  const columns = all.filter(column => keys.includes(column.key))
  return {
    all,
    columns,
    /** Keys of the custom fields on show, for the request; the API gives ten at most. */
    custom: columns.flatMap(column => (column.key.startsWith('custom.') ? [column.key.slice(7)] : [])).slice(0, 10),
    keys,
    toggle: (key: ShownKey) => setKeys(keys.includes(key) ? keys.filter(other => other !== key) : [...keys, key]),
    density,
    setDensity,
  }
}
