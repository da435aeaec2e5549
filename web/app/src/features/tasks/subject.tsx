// What a task is about: a contact, or something that one owns.
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { t as ui } from '@/ui/text'
import { t } from './text'

export interface Subject {
  kind: 'contact' | 'entity'
  id: string
  name: string
}

interface Props {
  value: Subject | undefined
  onChange: (subject: Subject | undefined) => void
  enabled: boolean
  error: string | undefined
}

export function SubjectField({ value, onChange, enabled, error }: Props) {
  const [typed, setTyped] = useState(value?.name ?? '')
  const [query] = useDebouncedValue(typed.trim(), 180)
  const asks = enabled && query.length > 0 && query !== value?.name
  const contacts = useQuery({
    queryKey: ['contacts', 'palette', query],
    queryFn: ({ signal }) => data(api.GET('/contacts', { params: { query: { q: query, limit: 8 } }, signal })),
    enabled: asks,
    placeholderData: keepPreviousData,
  })
  const things = useQuery({
    queryKey: ['entities', 'palette', query],
    queryFn: ({ signal }) => data(api.GET('/entities', { params: { query: { q: query, limit: 8 } }, signal })),
    enabled: asks,
    placeholderData: keepPreviousData,
  })
  const found: Subject[] = [
    ...(contacts.data?.items ?? []).map(one => ({ kind: 'contact' as const, id: one.id, name: one.display_name })),
    ...(things.data?.items ?? []).map(one => ({
      kind: 'entity' as const,
      id: one.id,
      name: one.plate && one.plate !== one.display_name ? `${one.display_name} · ${one.plate}` : one.display_name,
    })),
  ]
  if (value && !found.some(one => one.id === value.id)) found.unshift(value)
  const groups = (['contact', 'entity'] as const)
    .map(kind => ({
      group: t.aboutGroups[kind],
      items: found.filter(one => one.kind === kind).map(one => ({ value: one.id, label: one.name })),
    }))
    .filter(group => group.items.length)
  return (
    <Select
      label={t.about}
      placeholder={t.aboutSearch}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': ui.remove }}
      disabled={!enabled}
      data={groups}
      filter={({ options: all }) => all}
      nothingFoundMessage={query ? t.aboutNone : undefined}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value?.id ?? null}
      onChange={id => onChange(found.find(one => one.id === id))}
      error={error}
    />
  )
}
