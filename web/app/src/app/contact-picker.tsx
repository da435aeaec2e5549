import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { t } from './text'

interface Props {
  label: string
  value: string
  /** The name of `value`, which the first page of an empty search may not hold. */
  name?: string
  onChange: (id: string) => void
  error?: string
}

/** A contact, found as one types. */
export function ContactPicker({ label, value, name, onChange, error }: Props) {
  const [typed, setTyped] = useState(name ?? '')
  const [known, setKnown] = useState(name ?? '')
  const wanted = typed === known ? '' : typed
  const [asked] = useDebouncedValue(wanted, 150)
  const found = useQuery({
    queryKey: ['contacts', 'picker', asked],
    queryFn: ({ signal }) => data(api.GET('/contacts', { params: { query: { q: asked || undefined, limit: 20 } }, signal })),
    placeholderData: keepPreviousData,
  })
  const items = (found.data?.items ?? []).map(row => ({ value: row.id, label: row.display_name }))
  if (value && !items.some(item => item.value === value)) items.unshift({ value, label: known })
  return (
    <Select
      label={label}
      placeholder={t.picker.search}
      data={items}
      filter={({ options }) => options}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t.picker.nobody }}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value || null}
      onChange={(id, option) => {
        setKnown(option?.label ?? '')
        onChange(id ?? '')
      }}
      nothingFoundMessage={found.isFetching ? '…' : t.picker.nothingFound}
      error={error}
    />
  )
}
