// The bell: what a person was told, live. Each line leads to the record.
import { ActionIcon, Button, Popover } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { Notification } from '@/api/types'
import { ago, date, dateTime } from '@/i18n/format'
import { IconBell, IconSettings } from '@/ui/icons'
import { Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from './bell.module.css'
import { t } from './text'

function target(item: Notification): LinkProps {
  const id = item.subject_id
  if (item.subject_kind === 'contact') return { to: '/contacts/$id', params: { id } }
  if (item.subject_kind === 'order') return { to: '/devis/$id', params: { id } }
  if (item.subject_kind === 'import') return { to: '/imports/$id', params: { id } }
  if (item.subject_kind === 'task' && countOf(item) <= 1) return { to: '/taches', search: { tache: id } }
  if (item.subject_kind === 'privacy_request') return { to: '/parametres/confidentialite' }
  return item.subject_kind === 'task' ? { to: '/taches' } : { to: '/' }
}

const countOf = (item: Notification) => Number((item.data as { count?: number } | null)?.count ?? 1)

function textOf(item: Notification): string {
  const who = item.actor_name ?? 'Vision'
  const failed = (item.data as { failed?: boolean } | null)?.failed === true
  switch (item.kind) {
    case 'task_assigned':
      return t.bell.task_assigned(who, item.label, countOf(item))
    case 'task_reminder':
      return t.bell.task_reminder(item.label)
    case 'mention':
      return t.bell.mention(who, item.label)
    case 'import_finished':
      return t.bell.import_finished(item.label, failed)
    case 'privacy_due': {
      const due = item.data as { due_on?: string; late?: boolean } | null
      return t.bell.privacy_due(due?.due_on ? date(due.due_on) : '', due?.late === true)
    }
    case 'quote_answered':
      return t.bell.quote_answered(who, item.label, String((item.data as { outcome?: string } | null)?.outcome))
    case 'invoicing_failed':
      return t.jobFailed(item.label)
    case 'export_ready':
      return t.bell.export_ready(failed)
  }
}

export function Bell() {
  const client = useQueryClient()
  const [opened, setOpened] = useState(false)
  const unread = useQuery({ queryKey: ['notifications', 'count'], queryFn: () => data(api.GET('/notifications/count')) })
  const list = useInfiniteQuery({
    queryKey: ['notifications', 'list'],
    queryFn: ({ pageParam }) =>
      data(api.GET('/notifications', { params: { query: { limit: 20, cursor: pageParam || undefined } } })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    enabled: opened,
  })
  const count = unread.data?.unread ?? 0
  const items = list.data?.pages.flatMap(page => page.items) ?? []
  const refresh = () => void client.invalidateQueries({ queryKey: ['notifications'] })

  const read = async (item: Notification) => {
    setOpened(false)
    if (item.read) return
    try {
      await api.POST('/notifications/{id}/read', { params: { path: { id: item.id } } })
    } catch (error) {
      toastError(error)
    }
    refresh()
  }
  // The button stays enabled: one that goes dead under the finger would take the focus with it, and Escape no longer close the panel.
  const readAll = async () => {
    if (!count) return
    try {
      await api.POST('/notifications/read-all')
    } catch (error) {
      toastError(error)
    }
    refresh()
  }

  const title = count ? `${t.bell.title} : ${t.bell.unread(count)}` : t.bell.title
  return (
    <Popover position="bottom-end" width={360} trapFocus opened={opened} onChange={setOpened}>
      <Popover.Target>
        <ActionIcon aria-label={title} title={title} className={classes.button} onClick={() => setOpened(!opened)}>
          <IconBell size={18} aria-hidden />
          {count > 0 && (
            <span className={classes.count} aria-hidden>
              {count > 99 ? '99+' : count}
            </span>
          )}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={t.bell.title}>
        <div className={classes.head}>
          <h2>{t.bell.title}</h2>
          <Button variant="subtle" size="compact-sm" onClick={() => void readAll()}>
            {t.bell.readAll}
          </Button>
          <ActionIcon
            component={Link}
            to="/parametres/notifications"
            size={28}
            aria-label={t.bell.settings}
            title={t.bell.settings}
            onClick={() => setOpened(false)}
          >
            <IconSettings size={16} aria-hidden />
          </ActionIcon>
        </div>
        {list.isError && !items.length ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : list.isPending ? (
          <Loading lines={4} height={56} />
        ) : items.length ? (
          <ul className={classes.list}>
            {items.map(item => (
              <li key={item.id}>
                <Link
                  {...target(item)}
                  className={classes.item}
                  data-unread={!item.read || undefined}
                  onClick={() => void read(item)}
                >
                  <span className={classes.dot} aria-hidden />
                  <span>
                    {!item.read && <span className="hidden-text">{t.bell.isUnread} : </span>}
                    <span className={classes.text}>{textOf(item)}</span>
                    <time dateTime={item.created_at} title={dateTime(item.created_at)} className="muted small">
                      {ago(item.created_at)}
                    </time>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        ) : (
          <p className={classes.none}>{t.bell.none}</p>
        )}
        {list.hasNextPage && (
          <Button
            variant="subtle"
            size="compact-sm"
            m={8}
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {ui.more}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}
