import { type ReactNode, useMemo } from 'react'
import type { CustomField, EntityRow } from '@/api/types'
import { CustomCell } from '@/app/custom/facts'
import { useCustomFields } from '@/app/custom/fields'
import { useDisplay } from '@/app/display'
import { date, day } from '@/i18n/format'
import own from './entities.module.css'
import type { SortColumn } from './filters'
import { Inspection } from './marks'
import { t } from './text'

export type ColumnKey = Exclude<keyof typeof t.columns, 'name' | 'kind'>

/** A column of a custom field is called `custom.<key>`. */
export interface Column {
  key: ColumnKey | `custom.${string}`
  name: string
  /** Track of the grid: a minimum in pixels and a share of what remains. */
  width: string
  sort?: SortColumn
  cell: (row: EntityRow) => ReactNode
}

/** The kind and the name are drawn by the table itself. */
const BUILT_IN: (Omit<Column, 'name' | 'key'> & { key: ColumnKey })[] = [
  {
    key: 'plate',
    width: '116px',
    sort: 'plate',
    cell: row => row.plate && <span className={own.plate}>{row.plate}</span>,
  },
  { key: 'owner', width: 'minmax(140px, 1.2fr)', cell: row => row.contact?.name },
  { key: 'make', width: 'minmax(100px, 1fr)', cell: row => row.make },
  { key: 'model', width: 'minmax(100px, 1fr)', cell: row => row.model },
  { key: 'energy', width: '120px', cell: row => row.energy && t.energies[row.energy] },
  { key: 'mileage', width: '100px', cell: row => row.mileage !== null && t.km(row.mileage) },
  {
    key: 'first_registration',
    width: '110px',
    cell: row => row.first_registration && day(row.first_registration),
  },
  {
    key: 'inspection',
    width: '196px',
    sort: 'inspection',
    cell: row => row.inspection_due && <Inspection due={row.inspection_due} />,
  },
  { key: 'vin', width: '180px', cell: row => row.vin },
  { key: 'serial_number', width: 'minmax(110px, 1fr)', cell: row => row.serial_number },
  { key: 'updated', width: '92px', sort: 'updated', cell: row => date(row.updated_at) },
]

const USUAL: ColumnKey[] = ['plate', 'owner', 'mileage', 'inspection', 'updated']

/** Every column that the list may show. */
function columnsOf(fields: CustomField[]): Column[] {
  return [
    ...BUILT_IN.map(column => ({ ...column, name: t.columns[column.key] })),
    ...fields.map(field => ({
      key: `custom.${field.key}` as const,
      name: field.label,
      width: 'minmax(110px, 1fr)',
      ...(field.index.state === 'ready' && { sort: `custom.${field.key}` as const }),
      cell: (row: EntityRow) => <CustomCell field={field} value={row.custom[field.key]} />,
    })),
  ]
}

/** The list's columns as they are on show; a view may say which. */
export function useColumns(ofView?: string[], changeView?: (keys: string[]) => void) {
  const fields = useCustomFields('entity')
  const all = useMemo(() => columnsOf(fields), [fields])
  return useDisplay({ list: 'entities', all, usual: USUAL, ofView, changeView })
}
