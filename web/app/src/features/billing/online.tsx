// What happens to an invoice on the web: mails, links, tries, refunds, disputes.
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Invoice, InvoiceOnline } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, day, money } from '@/i18n/format'
import { Card } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Banner, Failed, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { onlineQuery } from './queries'
import { t } from './text'

const TONES: Record<string, string> = {
  live: 'good',
  paid: 'good',
  sent: 'good',
  succeeded: 'good',
  won: 'good',
  failed: 'bad',
  lost: 'bad',
  open: 'info',
  processing: 'info',
  pending: 'info',
  queued: 'info',
}

function Mark({ state, words }: { state: string; words: Record<string, string> }) {
  return (
    <span className={classes.mark} data-tone={TONES[state] ?? 'neutral'}>
      {words[state] ?? state}
    </span>
  )
}

/** What stands above the invoice: a dispute, money to give back, a credit to use. */
export function OnlineNotices({ invoice, online }: { invoice: Invoice; online: InvoiceOnline }) {
  const open = online.disputes.find(dispute => dispute.state === 'open')
  return (
    <>
      {open && (
        <Banner tone="warn">
          {t.disputeNotice(money(open.amount_minor), open.due_by ? day(open.due_by.slice(0, 10)) : undefined)}
        </Banner>
      )}
      {online.overpaid_minor > 0 && <Banner tone="info">{t.overpaidNotice(money(online.overpaid_minor))}</Banner>}
      {online.credit_minor > 0 && (
        <Banner tone="info">{(invoice.due_minor > 0 ? t.creditUsable : t.creditNotice)(money(online.credit_minor))}</Banner>
      )}
    </>
  )
}

export function Online({ invoice }: { invoice: Invoice }) {
  const can = useCan()
  const client = useQueryClient()
  const query = useQuery(onlineQuery(invoice.id))
  const online = query.data
  const revoke = async (id: string) => {
    try {
      await data(api.DELETE('/pay-links/{id}', { params: { path: { id } } }))
      await client.invalidateQueries({ queryKey: ['invoices', invoice.id] })
      toast(t.linkRevoked)
    } catch (error) {
      toastError(error)
    }
  }
  if (query.isError && !online) {
    return (
      <Card title={t.online}>
        <Failed error={query.error} retry={() => void query.refetch()} />
      </Card>
    )
  }
  if (!online) {
    return (
      <Card title={t.online}>
        <Loading lines={2} height={44} />
      </Card>
    )
  }
  // A try that led to nothing says nothing: only what is on its way is shown, and refusals while something is due.
  const tries = online.tries.filter(one => one.state === 'processing' || (one.state === 'failed' && invoice.due_minor > 0))
  const nothing = !online.sendings.length && !online.links.length
  return (
    <Card title={t.online}>
      {nothing && <p className="muted">{invoice.due_minor > 0 ? t.onlineNothing : t.onlineNone}</p>}
      {!nothing && (
        <Rows label={t.online}>
          {online.disputes.map(dispute => (
            <Row
              key={dispute.id}
              title={t.dispute(money(dispute.amount_minor))}
              detail={t.disputeReasons[dispute.reason] ?? dispute.reason}
              marks={<Mark state={dispute.state} words={t.disputeStates} />}
            />
          ))}
          {tries.map(one => (
            <Row
              key={one.id}
              title={t.attempt(money(one.amount_minor))}
              detail={dateTime(one.updated_at)}
              marks={<Mark state={one.state} words={t.tryStates} />}
            />
          ))}
          {online.refunds.map(refund => (
            <Row
              key={refund.id}
              title={t.refundOf(money(refund.amount_minor))}
              detail={[refund.reason, refund.failure, refund.created_by, dateTime(refund.created_at)].filter(Boolean).join(' · ')}
              marks={<Mark state={refund.state} words={t.refundStates} />}
            />
          ))}
          {online.sendings.map(sending => (
            <Row
              key={sending.id}
              title={t.mailTo(sending.recipient)}
              detail={[
                sending.failure,
                sending.pay_link && t.withLink,
                sending.created_by,
                dateTime(sending.sent_at ?? sending.created_at),
              ]
                .filter(Boolean)
                .join(' · ')}
              marks={<Mark state={sending.state} words={t.sendingStates} />}
            />
          ))}
          {online.links.map(link => (
            <Row
              key={link.id}
              title={link.amount_minor == null ? t.link : t.linkOf(money(link.amount_minor))}
              detail={[
                t.linkUntil(day(link.expires_at.slice(0, 10))),
                link.opened_at ? t.linkOpened(dateTime(link.opened_at)) : t.linkUnopened,
                link.created_by,
              ].join(' · ')}
              marks={<Mark state={link.state} words={t.linkStates} />}
              actions={
                can('invoices.write') &&
                link.state === 'live' && (
                  <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void revoke(link.id)}>
                    {t.revoke}
                  </Button>
                )
              }
            />
          ))}
        </Rows>
      )}
    </Card>
  )
}
