// Invoices that come again: what, for whom, when next, and what became of the last ones.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { api, data } from '@/api/client'
import { useCan } from '@/app/me'
import { day, money } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { IconDots, IconPlus, IconRepeat } from '@/ui/icons'
import { Page } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Banner, Empty, Failed, Loading } from '@/ui/states'
import { Tag, type Tone } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from '../billing.module.css'
import { recurringDetailQuery, recurringQuery, refreshRecurring, type Recurring as Template } from './queries'
import { t } from './text'

const RecurringForm = lazy(() => import('./form'))

const STATES: Record<string, Tone> = { active: 'good', paused: 'neutral', ended: 'neutral' }
const RUNS: Record<string, Tone> = { drafted: 'info', issued: 'good', failed: 'bad', skipped: 'neutral' }

const rhythm = (row: Template) =>
  [t.frequencies[row.frequency], row.frequency !== 'weekly' && (row.anchor_day === 31 ? t.lastDay : t.onDay(row.anchor_day))]
    .filter(Boolean)
    .join(', ')

export function Recurring() {
  const can = useCan()
  const list = useInfiniteQuery(recurringQuery)
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  const [editing, setEditing] = useState<Template | 'new'>()
  const [shown, setShown] = useState<string>()
  const create = can('invoices.write') && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
      {t.create}
    </Button>
  )
  return (
    <Page title={t.title} actions={create}>
      {list.isError && !rows.length ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div className={classes.card}>
          <Loading lines={5} height={44} />
        </div>
      ) : rows.length ? (
        <div className={classes.card}>
          <table className={classes.table} aria-label={t.title}>
            <thead>
              <tr>
                <th>{t.name}</th>
                <th className={classes.wideOnly}>{t.customer}</th>
                <th className={classes.wideOnly}>{t.rhythm}</th>
                <th>{t.next}</th>
                <th className={`${classes.amount} ${classes.wideOnly}`}>{t.total}</th>
                <th>{t.state}</th>
                <th aria-label={t.actions} />
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={row.id}>
                  <td className={classes.name}>
                    <button type="button" className={classes.asLink} onClick={() => setShown(row.id)}>
                      {row.name}
                    </button>
                    <span className={`${classes.phoneOnly} small`}>{row.contact_name}</span>
                    <span className={`${classes.block} muted small`}>
                      {t.modeShort[row.mode]} · {row.max_count ? t.madeOf(row.made_count, row.max_count) : t.made(row.made_count)}
                    </span>
                  </td>
                  <td className={`${classes.name} ${classes.wideOnly}`}>{row.contact_name}</td>
                  <td className={classes.wideOnly}>{rhythm(row)}</td>
                  <td className="numeric">{row.next_dates[0] && row.state === 'active' && day(row.next_dates[0])}</td>
                  <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{money(row.gross_minor)}</td>
                  <td>
                    <Tag tone={row.failure ? 'bad' : STATES[row.state]}>{row.failure ? t.runs.failed : t.states[row.state]}</Tag>
                  </td>
                  <td className={classes.amount}>{can('invoices.write') && <Verbs row={row} edit={() => setEditing(row)} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.hasNextPage && (
            <Button variant="subtle" m={8} loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {ui.more}
            </Button>
          )}
        </div>
      ) : (
        <Empty icon={<IconRepeat size={28} stroke={1.6} aria-hidden />} title={t.empty} action={create}>
          {t.emptyHint}
        </Empty>
      )}
      <Suspense>
        {editing && <RecurringForm template={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />}
      </Suspense>
      {shown && <Detail id={shown} onClose={() => setShown(undefined)} />}
    </Page>
  )
}

function Verbs({ row, edit }: { row: Template; edit: () => void }) {
  const client = useQueryClient()
  const [removing, setRemoving] = useState(false)
  const act = async (run: () => Promise<unknown>, done: string) => {
    try {
      await run()
      refreshRecurring(client)
      toast(done)
    } catch (error) {
      toastError(error)
    }
  }
  const params = { path: { id: row.id } }
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`${t.actions} : ${row.name}`}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={edit}>{t.edit}</Menu.Item>
          {row.state === 'active' && (
            <Menu.Item onClick={() => void act(() => data(api.POST('/recurring-invoices/{id}/pause', { params })), t.paused)}>
              {t.pause}
            </Menu.Item>
          )}
          {row.state === 'paused' && (
            <Menu.Item onClick={() => void act(() => data(api.POST('/recurring-invoices/{id}/resume', { params })), t.resumed)}>
              {t.resume}
            </Menu.Item>
          )}
          <Menu.Item color="red" onClick={() => setRemoving(true)}>
            {t.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(false)}
          title={t.removeTitle}
          verb={t.remove}
          run={() => act(() => api.DELETE('/recurring-invoices/{id}', { params }), t.removed)}
        >
          {t.removeBody}
        </Confirm>
      )}
    </>
  )
}

function Detail({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(recurringDetailQuery(id))
  const found = query.data
  return (
    <Dialog opened onClose={onClose} title={found?.name ?? t.title} size={620}>
      {query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : !found ? (
        <Loading />
      ) : (
        <div className={classes.stack}>
          {found.failure && (
            <Banner tone="bad">
              <strong>{t.failed}</strong>
              <p>{found.failure}</p>
            </Banner>
          )}
          <p>
            {rhythm(found)} · {t.modeShort[found.mode]} · <span className="numeric">{money(found.gross_minor)}</span>
          </p>
          {found.next_dates.length > 0 && found.state === 'active' && (
            <p>
              <span className="muted">{t.nextDates} : </span>
              <span className="numeric">{found.next_dates.map(day).join(', ')}</span>
            </p>
          )}
          <h3>{t.history}</h3>
          {found.runs.length ? (
            <Rows label={t.history}>
              {found.runs.map(run => (
                <Row
                  key={run.occurs_on}
                  title={
                    run.invoice_id ? (
                      <Link to="/factures/$id" params={{ id: run.invoice_id }} className="numeric">
                        {run.number ?? (run.state === 'failed' ? t.openDraft : t.draft)}
                      </Link>
                    ) : (
                      day(run.occurs_on)
                    )
                  }
                  detail={[day(run.occurs_on), run.failure].filter(Boolean).join(' · ')}
                  marks={<Tag tone={RUNS[run.state]}>{t.runs[run.state]}</Tag>}
                />
              ))}
            </Rows>
          ) : (
            <p className="muted">{t.noHistory}</p>
          )}
        </div>
      )}
    </Dialog>
  )
}
