import { Button, Checkbox, Popover, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { tagsQuery, usersQuery } from '@/api/queries'
import { useCan } from '@/app/me'
import { day } from '@/i18n/format'
import { IconFilter, IconX } from '@/ui/icons'
import { type ContactFilter, type ContactSearch, chipsOf } from './filters'
import classes from './page.module.css'
import { t } from './text'

interface Props {
  search: ContactSearch
  change: (filter: Partial<ContactFilter>) => void
  clear: () => void
}

export function FilterPanel({ search, change, clear }: Props) {
  const [opened, setOpened] = useState(false)
  const active = chipsOf(search).length
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={360} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />} onClick={() => setOpened(!opened)}>
          {active ? t.filtersActive(active) : t.filters}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.filters} aria-label={t.filters}>
        <FilterFields search={search} change={change} />
        {active > 0 && (
          <Button variant="subtle" size="compact-sm" onClick={clear}>
            {t.clearFilters}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function FilterFields({ search, change }: Pick<Props, 'search' | 'change'>) {
  const can = useCan()
  const { data: tags = [] } = useQuery(tagsQuery)
  const { data: users = [] } = useQuery({ ...usersQuery, enabled: can('team.read') })
  // A list inside the panel must not close it, hence no portal.
  const inside = { withinPortal: false }
  const select = (key: 'status' | 'kind' | 'tag' | 'owner', data: { value: string; label: string }[], searchable = false) => (
    <Select
      label={t.filter[key]}
      placeholder={t.any}
      data={data}
      value={search[key] ?? null}
      onChange={value => change({ [key]: value ?? undefined })}
      clearable
      clearButtonProps={{ 'aria-label': t.removeFilter(t.filter[key]) }}
      searchable={searchable}
      comboboxProps={inside}
    />
  )
  const date = (key: 'created_from' | 'created_to' | 'active_since' | 'inactive_since') => (
    <TextInput
      type="date"
      label={t.filter[key]}
      value={search[key] ?? ''}
      onChange={event => change({ [key]: event.currentTarget.value || undefined })}
    />
  )
  const typed = (key: 'city' | 'source') => (
    <Typed key={key} label={t.filter[key]} value={search[key] ?? ''} onDone={value => change({ [key]: value })} />
  )
  return (
    <>
      <div className={classes.pair}>
        {select('status', entries(t.statuses))}
        {select('kind', entries(t.kinds))}
      </div>
      {select(
        'tag',
        tags.map(tag => ({ value: tag.id, label: tag.name })),
        true,
      )}
      {select(
        'owner',
        [{ value: 'none', label: t.noOwner }, ...users.map(user => ({ value: user.id, label: user.full_name }))],
        true,
      )}
      <div className={classes.pair}>
        {typed('city')}
        {typed('source')}
        {date('created_from')}
        {date('created_to')}
        {date('active_since')}
        {date('inactive_since')}
      </div>
      <Checkbox
        label={t.filter.archived}
        checked={search.archived ?? false}
        onChange={event => change({ archived: event.currentTarget.checked || undefined })}
      />
    </>
  )
}

const entries = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))

/** Asks the server once the word is finished, not at every letter. */
function Typed({ label, value, onDone }: { label: string; value: string; onDone: (value: string | undefined) => void }) {
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  if (seen !== value) {
    setSeen(value)
    setText(value)
  }
  const done = () => text.trim() !== value && onDone(text.trim() || undefined)
  return (
    <TextInput
      label={label}
      value={text}
      onChange={event => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={event => event.key === 'Enter' && done()}
    />
  )
}

/** What is filtered, in words, each with its way out. */
export function FilterChips({ search, change, clear }: Props) {
  const can = useCan()
  const keys = chipsOf(search)
  const { data: tags } = useQuery({ ...tagsQuery, enabled: Boolean(search.tag) })
  const { data: users } = useQuery({ ...usersQuery, enabled: Boolean(search.owner) && can('team.read') })
  if (!keys.length) return null
  const words = (key: keyof ContactFilter): string => {
    const value = search[key]
    switch (key) {
      case 'status':
        return t.statuses[value as keyof typeof t.statuses]
      case 'kind':
        return t.kinds[value as keyof typeof t.kinds]
      case 'tag':
        return tags?.find(tag => tag.id === value)?.name ?? '…'
      case 'owner':
        return value === 'none' ? t.noOwner : (users?.find(user => user.id === value)?.full_name ?? '…')
      case 'created_from':
      case 'created_to':
      case 'active_since':
      case 'inactive_since':
        return day(String(value))
      default:
        return String(value)
    }
  }
  return (
    <div className={classes.chips}>
      {keys.map(key => {
        const label = key === 'archived' ? t.filter.archived : `${t.filter[key as keyof typeof t.filter]} : ${words(key)}`
        return (
          <button
            key={key}
            type="button"
            className={classes.chip}
            aria-label={t.removeFilter(label)}
            onClick={() => change({ [key]: undefined })}
          >
            <span className="truncate">{label}</span>
            <IconX size={14} aria-hidden />
          </button>
        )
      })}
      <button type="button" className={classes.clear} onClick={clear}>
        {t.clearFilters}
      </button>
    </div>
  )
}
