// The fields that a tenant added: what they are called and how their values read.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, data } from '@/api/client'
import type { CustomField } from '@/api/types'
import { dateTime, day, decimal, money } from '@/i18n/format'
import { t } from '../text'

export type CustomValues = Record<string, unknown>

/** What carries fields: contacts, or vehicles and other things. */
export type RecordObject = CustomField['object']

/** Definitions by object and key, for timelines and the audit log, which meet keys far from the definitions. */
const names = new Map<string, CustomField>()

export const customFieldsQuery = queryOptions({
  queryKey: ['custom-fields'],
  queryFn: async () => {
    const { items } = await data(api.GET('/custom-fields'))
    names.clear()
    for (const field of items) names.set(`${field.object}.${field.key}`, field)
    return items
  },
  staleTime: 5 * 60_000,
})

export const customField = (object: RecordObject, key: string) => names.get(`${object}.${key}`)

const NONE: CustomField[] = []

/** The fields of an object; of those, where a kind is said, the ones that records of this kind have. */
export function useCustomFields(object: RecordObject, kind?: string): CustomField[] {
  const { data: all = NONE } = useQuery(customFieldsQuery)
  return useMemo(
    () => all.filter(field => field.object === object && (!kind || field.applies_to === 'all' || field.applies_to === kind)),
    [all, object, kind],
  )
}

/** Fields by group, in their order; those without a group first. */
export function groupsOf(fields: CustomField[]): [string, CustomField[]][] {
  const groups = new Map<string, CustomField[]>([['', []]])
  for (const field of fields) {
    const name = field.group_name ?? ''
    groups.set(name, [...(groups.get(name) ?? []), field])
  }
  return [...groups].filter(([, members]) => members.length > 0)
}

export function customText(field: CustomField, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  const label = (key: unknown) => field.options.find(option => option.key === key)?.label ?? String(key)
  switch (field.kind) {
    case 'boolean':
      return value ? t.timeline.yes : t.timeline.no
    case 'number':
      return decimal(String(value))
    case 'money':
      return money(Number(value))
    case 'date':
      return day(String(value))
    case 'date_time':
      return dateTime(String(value))
    case 'choice':
      return label(value)
    case 'choices':
      return (value as unknown[]).map(label).join(', ')
    default:
      return String(value)
  }
}
