// Contacts that are the same, and pairs that might be.
import { Button, Checkbox, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { ContactRow } from '@/api/types'
import { useCan } from '@/app/me'
import { date, phone, siren } from '@/i18n/format'
import { Card, Page } from '@/ui/page'
import { Empty, Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { toast, toastError } from '@/ui/toast'
import MergeDialog from './merge'
import classes from './merge.module.css'
import { t } from './text'

type Pair = [string, string]

export function Duplicates() {
  const [pair, setPair] = useState<Pair>()
  const [view, setView] = useState<'exact' | 'like'>('exact')
  return (
    <Page title={t.duplicates.title} narrow>
      <SegmentedControl
        aria-label={t.duplicates.title}
        className={classes.start}
        value={view}
        onChange={next => setView(next === 'like' ? 'like' : 'exact')}
        data={[
          { value: 'exact', label: t.duplicates.exact },
          { value: 'like', label: t.duplicates.like },
        ]}
      />
      {view === 'exact' ? <Exact compare={setPair} /> : <Suggestions compare={setPair} />}
      {pair && <MergeDialog ids={pair} onClose={() => setPair(undefined)} />}
    </Page>
  )
}

/** Says that two contacts are not the same, with the way back. */
function useJudge() {
  const client = useQueryClient()
  const judge = async (ids: Pair, distinct = true) => {
    try {
      await api.POST('/duplicates/judgements', { body: { ids, distinct } })
      if (distinct) toast(t.duplicates.judged, { undo: () => void judge(ids, false) })
    } catch (error) {
      toastError(error)
    }
    void client.invalidateQueries({ queryKey: ['duplicates'] })
  }
  return judge
}

function Exact({ compare }: { compare: (pair: Pair) => void }) {
  const can = useCan()
  const client = useQueryClient()
  const judge = useJudge()
  const [chosen, setChosen] = useState<string[]>([])
  const [busy, setBusy] = useState(false)
  const list = useInfiniteQuery({
    queryKey: ['duplicates', 'exact'],
    queryFn: ({ pageParam }) => data(api.GET('/duplicates', { params: { query: { cursor: pageParam || undefined } } })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
  if (list.isError && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={6} height={72} />
  const groups = list.data.pages.flatMap(page => page.items)
  const keyOf = (group: (typeof groups)[number]) => `${group.reason}|${group.value}`
  const selected = groups.filter(group => chosen.includes(keyOf(group)))
  const mergeAll = async () => {
    setBusy(true)
    try {
      const body = { groups: selected.slice(0, 200).map(group => group.contacts.map(contact => contact.id)) }
      await api.POST('/duplicates/merge', { body })
      setChosen([])
      void client.invalidateQueries({ queryKey: ['jobs'] })
      toast(t.duplicates.started(selected.length))
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  if (!groups.length && !list.hasNextPage) return <Empty title={t.duplicates.none}>{t.duplicates.noneHint}</Empty>
  return (
    <div className={classes.groups}>
      {can('contacts.write') && (
        <div className={classes.bar}>
          <Checkbox
            label={t.duplicates.all(groups.length)}
            checked={selected.length > 0 && selected.length === groups.length}
            indeterminate={selected.length > 0 && selected.length < groups.length}
            onChange={event => setChosen(event.currentTarget.checked ? groups.map(keyOf) : [])}
          />
          <Button disabled={!selected.length} loading={busy} onClick={() => void mergeAll()}>
            {t.duplicates.mergeChosen(selected.length)}
          </Button>
        </div>
      )}
      {groups.map(group => {
        const value = group.reason === 'phone' ? phone(group.value) : group.reason === 'siren' ? siren(group.value) : group.value
        const pair: Pair = [group.contacts[0]!.id, group.contacts[1]!.id]
        return (
          <Card key={keyOf(group)}>
            <div className={classes.groupHead}>
              {can('contacts.write') && (
                <Checkbox
                  aria-label={t.duplicates.choose(value)}
                  checked={chosen.includes(keyOf(group))}
                  onChange={event =>
                    setChosen(
                      event.currentTarget.checked ? [...chosen, keyOf(group)] : chosen.filter(key => key !== keyOf(group)),
                    )
                  }
                />
              )}
              <Tag>{t.duplicates.reasons[group.reason]}</Tag>
              <strong>{value}</strong>
              {can('contacts.write') && (
                <span>
                  {group.contacts.length === 2 && (
                    <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void judge(pair)}>
                      {t.duplicates.distinct}
                    </Button>
                  )}{' '}
                  <Button size="compact-sm" variant="default" onClick={() => compare(pair)}>
                    {t.duplicates.compare}
                  </Button>
                </span>
              )}
            </div>
            <Members contacts={group.contacts} />
          </Card>
        )
      })}
      {list.hasNextPage && (
        <Button variant="subtle" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.duplicates.more}
        </Button>
      )}
    </div>
  )
}

function Suggestions({ compare }: { compare: (pair: Pair) => void }) {
  const can = useCan()
  const judge = useJudge()
  const list = useQuery({
    queryKey: ['duplicates', 'suggestions'],
    queryFn: async () => (await data(api.GET('/duplicates/suggestions'))).items,
    staleTime: 5 * 60_000,
  })
  if (list.isError && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Loading lines={6} height={72} />
  if (!list.data.length) return <Empty title={t.duplicates.noneLike}>{t.duplicates.noneLikeHint}</Empty>
  return (
    <div className={classes.groups}>
      <p className="muted">{t.duplicates.likeHint}</p>
      {list.data.map(suggestion => {
        const pair: Pair = [suggestion.contacts[0]!.id, suggestion.contacts[1]!.id]
        return (
          <Card key={pair.join()}>
            <div className={classes.groupHead}>
              <Tag>{t.duplicates.likeness(Math.round(suggestion.likeness * 100))}</Tag>
              {can('contacts.write') && (
                <span>
                  <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void judge(pair)}>
                    {t.duplicates.distinct}
                  </Button>{' '}
                  <Button size="compact-sm" variant="default" onClick={() => compare(pair)}>
                    {t.duplicates.compare}
                  </Button>
                </span>
              )}
            </div>
            <Members contacts={suggestion.contacts} />
          </Card>
        )
      })}
    </div>
  )
}

function Members({ contacts }: { contacts: ContactRow[] }) {
  return (
    <ul className={classes.members}>
      {contacts.map(contact => (
        <li key={contact.id}>
          <Link to="/contacts/$id" params={{ id: contact.id }}>
            {contact.display_name}
          </Link>
          <span>{contact.email ?? contact.phone_display}</span>
          <span>{contact.city}</span>
          <span className="muted">{date(contact.created_at)}</span>
        </li>
      ))}
    </ul>
  )
}
