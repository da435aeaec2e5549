// Reminders: what will leave, what waits for a person, what has left, and the plans behind it.
import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, BASE, data } from '@/api/client'
import { useCan } from '@/app/me'
import { date, day, money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { IconMail } from '@/ui/icons'
import { Page } from '@/ui/page'
import { Empty, Failed, Loading } from '@/ui/states'
import { Tag, type Tone } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import billing from '../billing.module.css'
import classes from './dunning.module.css'
import { Plans } from './plans'
import { type Reminder, refreshReminders, remindersQuery, type Upcoming, upcomingQuery } from './queries'
import { t } from './text'

const TABS = ['avenir', 'atraiter', 'historique', 'plans'] as const

export const STATE_TONES: Record<string, Tone> = { sent: 'good', to_post: 'info', posted: 'good', failed: 'bad' }

export function Dunning() {
  const search = useSearch({ strict: false }) as { onglet?: string }
  const navigate = useNavigate()
  const tab = TABS.find(known => known === search.onglet) ?? 'avenir'
  const go = (onglet: string) => void navigate({ to: '/relances', search: { onglet } as never, replace: true })
  return (
    <Page title={t.title}>
      <SegmentedControl
        aria-label={t.tabsLabel}
        className={classes.tabs}
        data={TABS.map(value => ({ value, label: t.tabs[value] }))}
        value={tab}
        onChange={go}
      />
      {tab === 'avenir' && <UpcomingList openPlans={() => go('plans')} />}
      {tab === 'atraiter' && <List pending />}
      {tab === 'historique' && <List pending={false} />}
      {tab === 'plans' && <Plans />}
    </Page>
  )
}

export function Message({ subject, body, onClose }: { subject: string; body: string; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title={subject} size={620}>
      <p className={classes.body}>{body}</p>
    </Dialog>
  )
}

function UpcomingList({ openPlans }: { openPlans: () => void }) {
  const query = useQuery(upcomingQuery)
  const [shown, setShown] = useState<Upcoming>()
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />
  if (query.isPending)
    return (
      <div className={billing.card}>
        <Loading lines={6} height={44} />
      </div>
    )
  if (!query.data.length)
    return (
      <Empty
        icon={<IconMail size={28} stroke={1.6} aria-hidden />}
        title={t.noneUpcoming}
        action={<Button onClick={openPlans}>{t.openPlans}</Button>}
      >
        {t.noneUpcomingHint}
      </Empty>
    )
  return (
    <>
      <p className="muted">{t.upcomingHint}</p>
      <div className={billing.card}>
        <table className={billing.table} aria-label={t.tabs.avenir}>
          <thead>
            <tr>
              <th>{t.on}</th>
              <th>{t.invoice}</th>
              <th className={billing.wideOnly}>{t.customer}</th>
              <th className={billing.wideOnly}>{t.step}</th>
              <th className={`${billing.amount} ${billing.wideOnly}`}>{t.left}</th>
              <th aria-label={t.show} />
            </tr>
          </thead>
          <tbody>
            {query.data.map(row => (
              <tr key={`${row.invoice_id} ${row.offset_days}`}>
                <td className="numeric">{day(row.planned_on)}</td>
                <td>
                  <Link to="/factures/$id" params={{ id: row.invoice_id }} className="numeric">
                    {row.number}
                  </Link>
                  <span className={`${billing.phoneOnly} small`}>{row.buyer_name}</span>
                  {row.no_email && (
                    <span className={billing.block}>
                      <Tag tone="bad">{t.noEmail}</Tag>
                    </span>
                  )}
                </td>
                <td className={`${billing.name} ${billing.wideOnly}`}>{row.buyer_name}</td>
                <td className={billing.wideOnly}>
                  {t.channels[row.channel]} · {t.offset(row.offset_days)}
                </td>
                <td className={`numeric ${billing.amount} ${billing.wideOnly}`}>{money(row.left_minor)}</td>
                <td className={billing.amount}>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`${t.show} : ${row.subject}`}
                    onClick={() => setShown(row)}
                  >
                    {t.show}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown && <Message subject={shown.subject} body={shown.body} onClose={() => setShown(undefined)} />}
    </>
  )
}

/** What can be done with a reminder that waits. */
export function ReminderVerbs({ reminder }: { reminder: Reminder }) {
  const can = useCan()
  const client = useQueryClient()
  const [shown, setShown] = useState(false)
  const posted = async () => {
    try {
      await data(api.POST('/reminders/{id}/posted', { params: { path: { id: reminder.id } } }))
      refreshReminders(client)
      toast(t.postedToast)
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <span className={classes.verbs}>
      {reminder.channel === 'letter' ? (
        <Button
          component="a"
          href={`${BASE}/reminders/${reminder.id}/letter`}
          target="_blank"
          rel="noopener"
          size="compact-sm"
          variant="default"
        >
          {t.letter}
        </Button>
      ) : (
        <Button size="compact-sm" variant="subtle" aria-label={`${t.show} : ${reminder.subject}`} onClick={() => setShown(true)}>
          {t.show}
        </Button>
      )}
      {reminder.state === 'to_post' && can('invoices.write') && (
        <Button size="compact-sm" variant="default" onClick={() => void posted()}>
          {t.posted}
        </Button>
      )}
      {shown && <Message subject={reminder.subject} body={reminder.body} onClose={() => setShown(false)} />}
    </span>
  )
}

function List({ pending }: { pending: boolean }) {
  const query = useInfiniteQuery(remindersQuery(pending))
  const rows = query.data?.pages.flatMap(page => page.items) ?? []
  if (query.isError && !rows.length) return <Failed error={query.error} retry={() => void query.refetch()} />
  if (query.isPending)
    return (
      <div className={billing.card}>
        <Loading lines={6} height={44} />
      </div>
    )
  if (!rows.length)
    return (
      <Empty icon={<IconMail size={28} stroke={1.6} aria-hidden />} title={pending ? t.nonePending : t.noneSent}>
        {pending && t.nonePendingHint}
      </Empty>
    )
  return (
    <div className={billing.card}>
      <table className={billing.table} aria-label={pending ? t.tabs.atraiter : t.tabs.historique}>
        <thead>
          <tr>
            <th>{t.on}</th>
            <th>{t.invoice}</th>
            <th className={billing.wideOnly}>{t.customer}</th>
            <th className={billing.wideOnly}>{t.step}</th>
            <th>{t.state}</th>
            <th aria-label={t.show} />
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.id}>
              <td className="numeric">{date(row.created_at)}</td>
              <td>
                <Link to="/factures/$id" params={{ id: row.invoice_id }} className="numeric">
                  {row.number}
                </Link>
                <span className={`${billing.phoneOnly} small`}>{row.buyer_name}</span>
              </td>
              <td className={`${billing.name} ${billing.wideOnly}`}>
                {row.buyer_name}
                {row.channel === 'email' && row.recipient && (
                  <span className={`${billing.block} muted small`}>{row.recipient}</span>
                )}
              </td>
              <td className={billing.wideOnly}>
                {t.channels[row.channel]} · {t.offset(row.offset_days)}
              </td>
              <td>
                <Tag tone={STATE_TONES[row.state]}>{t.states[row.state]}</Tag>
                {row.failure && <span className={`${billing.block} muted small`}>{t.failures[row.failure]}</span>}
              </td>
              <td className={billing.amount}>
                <ReminderVerbs reminder={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {query.hasNextPage && (
        <Button variant="subtle" m={8} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {ui.more}
        </Button>
      )}
    </div>
  )
}
