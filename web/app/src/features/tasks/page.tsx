// Everything there is to do: today, late, to come, done. By mouse, by finger, or by keyboard alone.
import { ActionIcon, Button, Menu, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { usersQuery } from '@/api/queries'
import type { TaskAction } from '@/api/types'
import { useCan, useMe } from '@/app/me'
import { number } from '@/i18n/format'
import { IconCheck, IconClock, IconPlus, IconSearch, IconTasks, IconTrash, IconUser, IconX } from '@/ui/icons'
import { Page } from '@/ui/page'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import { ExportTasks } from './export'
import { taskCountQuery, taskQuery, tasksQuery } from './queries'
import { QuickAdd } from './quick-add'
import { SNOOZES, TaskRow } from './row'
import { filterOf, KINDS, LISTS, type TaskSearch } from './search'
import classes from './tasks.module.css'
import { t } from './text'
import { useTaskWork } from './verbs'

const TaskDialog = lazy(() => import('./task-dialog'))

export function Tasks() {
  const search = useSearch({ from: '/shell/taches' })
  const navigate = useNavigate({ from: '/taches' })
  const can = useCan()
  const editable = can('tasks.write')
  const list = search.liste ?? 'today'
  // biome-ignore lint/correctness/useExhaustiveDependencies: compared by content
  const filter = useMemo(() => filterOf(search), [JSON.stringify(filterOf(search))])
  const { view: _view, sort: _sort, ...narrow } = filter
  const tasks = useInfiniteQuery(tasksQuery(filter))
  const counts = useQuery(taskCountQuery(narrow)).data
  const rows = useMemo(() => tasks.data?.pages.flatMap(page => page.items) ?? [], [tasks.data])
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [active, setActive] = useState(-1)
  const [draft, setDraft] = useState<{ title: string; due_date: string }>()
  const adding = useRef<HTMLInputElement>(null)
  const searching = useRef<HTMLInputElement>(null)
  const listed = useRef<HTMLUListElement>(null)

  const change = (next: Partial<TaskSearch>) => void navigate({ search: current => ({ ...current, ...next }), replace: true })
  const work = useTaskWork(task => change({ tache: task.id }))
  const opened = useQuery({ ...taskQuery(search.tache ?? ''), enabled: Boolean(search.tache) })
  useEffect(() => {
    if (opened.error) toastError(opened.error)
  }, [opened.error])
  // What is ticked lives as long as the list says the same; what has left the list is not acted upon unseen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is what empties it
  useEffect(() => {
    setTicked(new Set())
    setActive(-1)
  }, [filter])
  const chosen = rows.filter(task => ticked.has(task.id)).map(task => task.id)

  const toggle = (id: string) =>
    setTicked(current => {
      const next = new Set(current)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const run = async (action: TaskAction) => {
    if (chosen.length && (await work.many(chosen, action))) setTicked(new Set())
  }
  const current = rows[active]
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, active + by))
    setActive(next)
    listed.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  useShortcuts({
    n: () => adding.current?.focus(),
    '/': () => searching.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => editable && current && toggle(current.id),
    e: () => {
      if (!editable) return
      if (chosen.length) void run({ type: list === 'done' ? 'reopen' : 'complete' })
      else if (current) (current.status === 'done' ? work.reopen : work.complete)(current)
    },
    s: () => {
      if (!editable || list === 'done') return
      if (chosen.length) work.pickMoment(chosen)
      else if (current) work.snooze(current, 'pick')
    },
    Enter: () => current && work.open(current),
  })

  const narrowed = Boolean(search.q || search.type || search.qui)
  return (
    <Page
      title={t.title}
      aside={counts && <span className="numeric">{t.count(counts.open, counts.capped)}</span>}
      actions={
        <>
          {can('contacts.export') && rows.length > 0 && <ExportTasks filter={filter} />}
          {editable && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => change({ nouveau: true })}>
              {t.newTask}
            </Button>
          )}
        </>
      }
    >
      <nav className={classes.lists} aria-label={t.listLabel}>
        {LISTS.map(name => {
          const count = name === 'done' ? 0 : (counts?.[name] ?? 0)
          return (
            <Link
              key={name}
              to="/taches"
              search={{ ...search, liste: name === 'today' ? undefined : name, tache: undefined, nouveau: undefined }}
              replace
              className={classes.tab}
              activeOptions={{ exact: true }}
            >
              {t.lists[name]}
              {count > 0 && (
                <span className={classes.badge} data-late={name === 'overdue' || undefined}>
                  {number(count)}
                </span>
              )}
            </Link>
          )
        })}
      </nav>
      <Filters search={search} change={change} box={searching} />
      {editable && list !== 'done' && <QuickAdd field={adding} days={list === 'upcoming' ? 1 : 0} details={setDraft} />}
      {chosen.length > 0 && (
        <BulkBar
          count={chosen.length}
          done={list === 'done'}
          run={run}
          pick={() => work.pickMoment(chosen)}
          clear={() => setTicked(new Set())}
        />
      )}
      {tasks.isError && !rows.length ? (
        <Failed error={tasks.error} retry={() => void tasks.refetch()} />
      ) : tasks.isPending ? (
        <div className={classes.card}>
          <Loading lines={8} height={52} />
        </div>
      ) : rows.length ? (
        <div className={classes.card}>
          <ul ref={listed} className={classes.rows} aria-label={t.list} aria-busy={tasks.isPlaceholderData}>
            {rows.map((task, index) => (
              <TaskRow
                key={task.id}
                task={task}
                verbs={work}
                editable={editable}
                selection={editable ? { checked: ticked.has(task.id), toggle: () => toggle(task.id) } : undefined}
                active={index === active}
                showWho={(search.qui ?? 'me') !== 'me'}
              />
            ))}
          </ul>
          {tasks.hasNextPage && (
            <Button variant="subtle" m={8} loading={tasks.isFetchingNextPage} onClick={() => void tasks.fetchNextPage()}>
              {ui.more}
            </Button>
          )}
        </div>
      ) : narrowed ? (
        <Empty
          icon={<IconSearch size={28} stroke={1.6} aria-hidden />}
          title={t.noMatch}
          action={
            <Button variant="default" onClick={() => change({ q: undefined, type: undefined, qui: undefined })}>
              {t.clearFilters}
            </Button>
          }
        />
      ) : (
        <Empty icon={<IconTasks size={28} stroke={1.6} aria-hidden />} title={t.empty[list]}>
          {t.emptyHint[list]}
        </Empty>
      )}
      {work.dialogs}
      <Suspense>
        {search.tache && opened.data?.id === search.tache && (
          <TaskDialog key={search.tache} task={opened.data} onClose={() => change({ tache: undefined })} />
        )}
        {search.nouveau && editable && <TaskDialog onClose={() => change({ nouveau: undefined })} />}
        {draft && <TaskDialog draft={draft} onClose={() => setDraft(undefined)} />}
      </Suspense>
    </Page>
  )
}

function Filters({
  search,
  change,
  box,
}: {
  search: TaskSearch
  change: (next: Partial<TaskSearch>) => void
  box: React.RefObject<HTMLInputElement | null>
}) {
  const can = useCan()
  const me = useMe()
  const users = useQuery({ ...usersQuery, enabled: can('team.read') })
  const [typed, setTyped] = useState(search.q ?? '')
  const sent = useRef(search.q ?? '')
  useEffect(() => {
    if ((search.q ?? '') === sent.current) return
    sent.current = search.q ?? ''
    setTyped(sent.current)
  }, [search.q])
  const ask = useDebouncedCallback((text: string) => {
    sent.current = text.trim()
    change({ q: text.trim() || undefined })
  }, 180)
  const people = (users.data ?? [])
    .filter(user => user.status === 'active' && user.id !== me.user.id)
    .map(user => ({ value: user.id, label: user.full_name }))
  return (
    <div className={classes.filters}>
      <TextInput
        ref={box}
        className={classes.search}
        aria-label={t.search}
        placeholder={t.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={typed}
        onChange={event => {
          setTyped(event.currentTarget.value)
          ask(event.currentTarget.value)
        }}
        onKeyDown={event => event.key === 'Escape' && box.current?.blur()}
      />
      <Select
        className={classes.filter}
        aria-label={t.who}
        allowDeselect={false}
        data={[
          { value: 'me', label: t.mine },
          { value: 'anyone', label: t.anyone },
          { value: 'none', label: t.nobody },
          ...people,
        ]}
        value={search.qui ?? 'me'}
        onChange={who => change({ qui: who && who !== 'me' ? who : undefined })}
      />
      <Select
        className={classes.filter}
        aria-label={t.kind}
        allowDeselect={false}
        data={[{ value: '', label: t.anyKind }, ...KINDS.map(value => ({ value, label: t.kinds[value] }))]}
        value={search.type ?? ''}
        onChange={kind => change({ type: KINDS.find(known => known === kind) })}
      />
    </div>
  )
}

function BulkBar({
  count,
  done,
  run,
  pick,
  clear,
}: {
  count: number
  done: boolean
  run: (action: TaskAction) => Promise<void>
  pick: () => void
  clear: () => void
}) {
  const can = useCan()
  const me = useMe()
  const users = useQuery({ ...usersQuery, enabled: can('team.read') })
  const people = users.data?.filter(user => user.status === 'active').map(user => ({ id: user.id, name: user.full_name })) ?? [
    { id: me.user.id, name: me.user.full_name },
  ]
  const button = { variant: 'default', size: 'xs' } as const
  return (
    <div className={classes.bulk} role="toolbar" aria-label={t.selected(count)}>
      <strong aria-live="polite">{t.selected(count)}</strong>
      <span className={classes.push} />
      <Button
        {...button}
        leftSection={<IconCheck size={15} aria-hidden />}
        onClick={() => void run({ type: done ? 'reopen' : 'complete' })}
      >
        {done ? t.reopenVerb : t.done}
      </Button>
      {!done && (
        <Menu>
          <Menu.Target>
            <Button {...button} leftSection={<IconClock size={15} aria-hidden />}>
              {t.snooze}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {SNOOZES.map(([until, label]) => (
              <Menu.Item key={until} onClick={() => void run({ type: 'snooze', until })}>
                {label}
              </Menu.Item>
            ))}
            <Menu.Item onClick={pick}>{t.pick}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <Menu>
        <Menu.Target>
          <Button {...button} leftSection={<IconUser size={15} aria-hidden />}>
            {t.reassign}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={classes.people}>
          {people.map(person => (
            <Menu.Item key={person.id} onClick={() => void run({ type: 'reassign', assignee_id: person.id })}>
              {person.name}
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => void run({ type: 'reassign', assignee_id: null })}>{t.nobody}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button {...button} leftSection={<IconTrash size={15} aria-hidden />} onClick={() => void run({ type: 'delete' })}>
        {t.delete}
      </Button>
      <ActionIcon aria-label={t.clear} title={t.clear} onClick={clear}>
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </div>
  )
}
