// Ctrl-K: people, things, notes, files and tasks as one types, pages and actions. A combobox over one flat list of results.
import { Modal } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { api, data } from '@/api/client'
import type { SearchHit } from '@/api/types'
import {
  IconAddressBook,
  IconBox,
  IconCar,
  IconEdit,
  IconFile,
  IconHome,
  IconImport,
  IconPlus,
  IconSearch,
  IconSettings,
  IconTasks,
  IconUser,
} from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { useCan } from './me'
import classes from './palette.module.css'
import { t } from './text'

interface Result {
  id: string
  group: string
  label: string
  detail?: string
  icon?: typeof IconHome
  run: () => void
}

const isPerson = (hit: SearchHit) => hit.kind === 'person' || hit.kind === 'company'

/** People and companies have their monogram. */
const ICONS: Partial<Record<SearchHit['kind'], typeof IconHome>> = {
  vehicle: IconCar,
  entity: IconBox,
  note: IconEdit,
  file: IconFile,
  task: IconTasks,
}

const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState(0)
  const [query] = useDebouncedValue(typed.trim(), 120)
  const navigate = useNavigate()
  const can = useCan()
  const listId = useId()
  const list = useRef<HTMLDivElement>(null)

  const found = useQuery({
    queryKey: ['search', query],
    queryFn: ({ signal }) => data(api.GET('/search', { params: { query: { q: query } }, signal })),
    enabled: query.length > 0 && can('contacts.read'),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })

  const open = useCallback(
    (hit: SearchHit) => {
      if (isPerson(hit)) return navigate({ to: '/contacts/$id', params: { id: hit.id } })
      if (hit.kind === 'vehicle' || hit.kind === 'entity') return navigate({ to: '/biens/$id', params: { id: hit.id } })
      if (hit.entity_id) return navigate({ to: '/biens/$id', params: { id: hit.entity_id } })
      if (hit.contact_id) return navigate({ to: '/contacts/$id', params: { id: hit.contact_id } })
      return navigate({ to: '/taches' })
    },
    [navigate],
  )

  const results = useMemo(() => {
    const pages: Result[] = [
      { id: 'home', group: t.searchPages, label: t.nav.home, icon: IconHome, run: () => navigate({ to: '/' }) },
      {
        id: 'contacts',
        group: t.searchPages,
        label: t.nav.contacts,
        icon: IconAddressBook,
        run: () => navigate({ to: '/contacts' }),
      },
      ...(can('contacts.import')
        ? [
            {
              id: 'imports',
              group: t.searchPages,
              label: t.nav.imports,
              icon: IconImport,
              run: () => navigate({ to: '/imports' }),
            },
          ]
        : []),
      ...(can('tasks.read')
        ? [{ id: 'tasks', group: t.searchPages, label: t.nav.tasks, icon: IconTasks, run: () => navigate({ to: '/taches' }) }]
        : []),
      {
        id: 'settings',
        group: t.searchPages,
        label: t.nav.settings,
        icon: IconSettings,
        run: () => navigate({ to: '/parametres' }),
      },
      {
        id: 'profile',
        group: t.searchPages,
        label: t.profile,
        icon: IconUser,
        run: () => navigate({ to: '/parametres/profil' }),
      },
    ]
    const actions: Result[] = [
      ...(can('contacts.write')
        ? [
            {
              id: 'new',
              group: t.searchActions,
              label: t.newContact,
              icon: IconPlus,
              run: () => navigate({ to: '/contacts', search: { nouveau: true } }),
            },
          ]
        : []),
      ...(can('contacts.import')
        ? [
            {
              id: 'import',
              group: t.searchActions,
              label: t.importContacts,
              icon: IconImport,
              run: () => navigate({ to: '/imports' }),
            },
          ]
        : []),
    ]
    const wanted = folded(typed.trim())
    const fixed = [...actions, ...pages].filter(result => !wanted || folded(result.label).includes(wanted))
    const hits: Result[] = query
      ? (found.data?.items ?? []).map(hit => ({
          id: `${hit.kind}-${hit.id}`,
          group: isPerson(hit) && found.data?.similar ? t.searchSimilar : t.searchKinds[hit.kind],
          label: hit.label,
          detail: hit.detail ?? undefined,
          icon: ICONS[hit.kind],
          run: () => open(hit),
        }))
      : []
    return [...hits, ...fixed]
  }, [typed, query, found.data, navigate, can, open])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new question starts from its best answer
  useEffect(() => setChosen(0), [query])
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })

  const pick = (result: Result | undefined) => {
    if (!result) return
    onClose()
    result.run()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      setChosen(current => (current + step + results.length) % Math.max(1, results.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      pick(results[chosen])
    }
  }

  return (
    <Modal.Root opened onClose={onClose} padding={0} size={560} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label={t.search}>
        <div className={classes.field}>
          <IconSearch size={18} aria-hidden />
          <input
            data-autofocus
            type="text"
            role="combobox"
            aria-expanded={results.length > 0}
            aria-controls={listId}
            aria-activedescendant={results[chosen] ? `${listId}-${chosen}` : undefined}
            aria-label={t.searchHint}
            placeholder={t.searchHint}
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={event => setTyped(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <kbd>{t.shortcutGroups[0]!.keys[2]![0]}</kbd>
        </div>
        <div role="listbox" id={listId} aria-label={t.searchResults} className={classes.list} ref={list} tabIndex={-1}>
          {results.map((result, index) => (
            <div key={result.id} role="presentation">
              {result.group !== results[index - 1]?.group && (
                <div className={classes.group} role="presentation">
                  {result.group}
                </div>
              )}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the combobox */}
              <div
                role="option"
                id={`${listId}-${index}`}
                aria-selected={index === chosen}
                tabIndex={-1}
                className={classes.option}
                onClick={() => pick(result)}
                onMouseMove={() => setChosen(index)}
              >
                {result.icon ? <result.icon size={18} aria-hidden /> : <Monogram name={result.label} size={22} />}
                <span className={`${classes.label} truncate`}>{result.label}</span>
                {result.detail && <span className={`${classes.detail} truncate`}>{result.detail}</span>}
              </div>
            </div>
          ))}
        </div>
        {!results.length && !found.isFetching && (
          <p className={classes.none} role="status">
            {t.searchNone}
          </p>
        )}
      </Modal.Content>
    </Modal.Root>
  )
}
