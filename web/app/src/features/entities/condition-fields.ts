// What the conditions of this list may be about, and the names that they are made of.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { CustomField } from '@/api/types'
import { useCustomFields } from '@/app/custom/fields'
import { t as words } from '@/app/views/text'
import { DATES, type Field, list, type Option, ownFields, PAST, SET, TEXT } from '@/app/views/tree'
import { kindsQuery } from './queries'
import { t } from './text'

const LINE = ['contains', 'not_contains', 'starts_with', 'is', 'is_not', ...SET]

export function fieldsOf(kinds: Option[], own: CustomField[]): Field[] {
  const base = (key: string, ops: string[], more: Partial<Field> = {}): Field => ({
    key,
    label: words.things[key]!,
    group: 'base',
    ops,
    ...more,
  })
  return [
    base('name', TEXT),
    base('kind', ['is', 'is_not'], { options: kinds }),
    base('plate', LINE),
    base('vin', LINE),
    base('make', LINE),
    base('model', LINE),
    base('energy', ['is', 'is_not', ...SET], { options: list(t.energies) }),
    base('mileage', ['at_least', 'at_most', 'between', ...SET], { numeric: true }),
    base('owner', SET),
    base('serial_number', LINE),
    base('species', LINE),
    base('breed', LINE),
    base('archived', ['is'], { boolean: true }),
    base('inspection', [...DATES, ...SET], { group: 'dates' }),
    base('first_registration', [...PAST, ...SET], { group: 'dates' }),
    base('birth_date', [...PAST, ...SET], { group: 'dates' }),
    base('created', PAST, { group: 'dates' }),
    base('updated', PAST, { group: 'dates' }),
    ...ownFields(own),
  ]
}

/** Fields as conditions know them; undefined until their names are here. */
export function useFields(): Field[] | undefined {
  const own = useCustomFields('entity')
  const { data: kinds } = useQuery(kindsQuery)
  return useMemo(
    () =>
      kinds &&
      fieldsOf(
        [
          ...kinds.builtin.map(({ kind }) => ({ value: kind as string, label: t.kinds[kind] })),
          ...kinds.own.map(({ id, name }) => ({ value: id, label: name })),
        ],
        own,
      ),
    [kinds, own],
  )
}
