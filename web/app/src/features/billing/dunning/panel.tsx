// The reminders of one invoice: what is to come, what was sent, what holds them back, what lateness costs.
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { Invoice } from '@/api/types'
import { useCan } from '@/app/me'
import { date, day, decimal, money } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { Card, FormActions } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Banner, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './dunning.module.css'
import { Message, ReminderVerbs, STATE_TONES } from './page'
import { type InvoiceReminders, invoiceRemindersQuery, refreshReminders, type Upcoming } from './queries'
import { t } from './text'

export function RemindersPanel({ invoice }: { invoice: Invoice }) {
  const can = useCan()
  const query = useQuery(invoiceRemindersQuery(invoice.id))
  const [asking, setAsking] = useState<'pause' | 'send'>()
  const [shown, setShown] = useState<Upcoming>()
  const client = useQueryClient()
  const found = query.data
  // Nothing to say of what was paid in time.
  if (found && !invoice.due_minor && !found.history.length) return null
  const next = found?.upcoming[0]
  const send = async () => {
    try {
      const answer = await data(
        api.POST('/invoices/{id}/reminders', {
          params: { path: { id: invoice.id } },
          body: { offset_days: next?.offset_days },
        }),
      )
      client.setQueryData(invoiceRemindersQuery(invoice.id).queryKey, answer)
      refreshReminders(client)
      const failure = answer.history[0]?.failure
      toast(failure ? (t.failures[failure] ?? failure) : t.sentToast, failure ? { tone: 'bad' } : undefined)
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.title}
      actions={
        found &&
        invoice.due_minor > 0 && (
          <>
            {can('invoices.issue') && next && (
              <Button size="compact-sm" variant="default" onClick={() => setAsking('send')}>
                {next.channel === 'letter' ? t.prepareNow : t.sendNow}
              </Button>
            )}
            {can('invoices.write') && !found.pauses.length && (
              <Button size="compact-sm" variant="subtle" onClick={() => setAsking('pause')}>
                {t.pause}
              </Button>
            )}
          </>
        )
      }
    >
      {query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : !found ? (
        <Loading lines={3} />
      ) : (
        <div className={classes.panel}>
          <Pauses invoice={invoice} found={found} />
          {invoice.due_minor > 0 && !found.pauses.length && <p className="muted">{found.covered ? t.covered : t.notCovered}</p>}
          <Fees invoice={invoice} found={found} />
          {(found.upcoming.length > 0 || found.history.length > 0) && (
            <Rows label={t.title}>
              {found.upcoming.map(row => (
                <Row
                  key={row.offset_days}
                  title={<span className={found.covered && !found.pauses.length ? undefined : 'muted'}>{row.subject}</span>}
                  detail={[found.covered && day(row.planned_on), t.channels[row.channel], t.offset(row.offset_days)]
                    .filter(Boolean)
                    .join(' · ')}
                  marks={row.no_email && <Tag tone="bad">{t.noEmail}</Tag>}
                  actions={
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      aria-label={`${t.show} : ${row.subject}`}
                      onClick={() => setShown(row)}
                    >
                      {t.show}
                    </Button>
                  }
                />
              ))}
              {found.history.map(row => (
                <Row
                  key={row.id}
                  title={row.subject}
                  detail={[
                    date(row.created_at),
                    t.channels[row.channel],
                    t.offset(row.offset_days),
                    row.recipient,
                    row.failure && t.failures[row.failure],
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                  marks={<Tag tone={STATE_TONES[row.state]}>{t.states[row.state]}</Tag>}
                  actions={<ReminderVerbs reminder={row} />}
                />
              ))}
            </Rows>
          )}
        </div>
      )}
      {shown && <Message subject={shown.subject} body={shown.body} onClose={() => setShown(undefined)} />}
      {asking === 'send' && next && (
        <Confirm
          opened
          danger={false}
          onClose={() => setAsking(undefined)}
          title={t.sendTitle}
          verb={next.channel === 'letter' ? t.prepareNow : t.sendNow}
          run={send}
        >
          <strong>{next.subject}</strong>
          <p className={classes.body}>{next.body}</p>
        </Confirm>
      )}
      {asking === 'pause' && <PauseDialog invoice={invoice} onClose={() => setAsking(undefined)} />}
    </Card>
  )
}

function Pauses({ invoice, found }: { invoice: Invoice; found: InvoiceReminders }) {
  const can = useCan()
  const client = useQueryClient()
  const resume = async (contact: boolean) => {
    const body = { paused: false }
    try {
      if (contact && invoice.contact)
        await data(api.PUT('/contacts/{id}/reminder-pause', { params: { path: { id: invoice.contact.id } }, body }))
      else await data(api.PUT('/invoices/{id}/reminder-pause', { params: { path: { id: invoice.id } }, body }))
      refreshReminders(client)
      toast(t.resumed)
    } catch (error) {
      toastError(error)
    }
  }
  return found.pauses.map(pause => (
    <Banner key={pause.created_at} tone="warn">
      {[
        pause.contact ? t.pausedContact : t.pausedInvoice,
        pause.until && t.until(day(pause.until)),
        pause.reason,
        pause.created_by,
      ]
        .filter(Boolean)
        .join(' · ')}{' '}
      {can('invoices.write') && (
        <Button size="compact-sm" variant="default" onClick={() => void resume(pause.contact)}>
          {t.resume}
        </Button>
      )}
    </Banner>
  ))
}

function Fees({ invoice, found }: { invoice: Invoice; found: InvoiceReminders }) {
  const can = useCan()
  const navigate = useNavigate()
  const { fees } = found
  if (!fees.indemnity_minor) return null
  const draft = async () => {
    try {
      const made = await data(api.POST('/invoices/{id}/late-fees', { params: { path: { id: invoice.id } } }))
      toast(t.feesDrafted)
      await navigate({ to: '/factures/$id', params: { id: made.invoice_id } })
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <div className={classes.fees}>
      <Tag tone="bad">{t.late(fees.days_late)}</Tag>
      {fees.rate ? (
        <span>
          {t.penalty(decimal(fees.rate))} : <strong className="numeric">{money(fees.penalty_minor)}</strong>
        </span>
      ) : (
        <Link to="/parametres/facturation">{t.penaltyNone}</Link>
      )}
      <span>
        {t.indemnity} : <strong className="numeric">{money(fees.indemnity_minor)}</strong>
      </span>
      {can('invoices.write') && (
        <Button size="compact-sm" variant="default" onClick={() => void draft()}>
          {t.invoiceFees}
        </Button>
      )}
    </div>
  )
}

function PauseDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { what: 'invoice', reason: '', until: '' },
    submit: async values => {
      const body = { paused: true, reason: values.reason.trim() || null, until: values.until || null }
      if (values.what === 'contact' && invoice.contact)
        await data(api.PUT('/contacts/{id}/reminder-pause', { params: { path: { id: invoice.contact.id } }, body }))
      else await data(api.PUT('/invoices/{id}/reminder-pause', { params: { path: { id: invoice.id } }, body }))
      refreshReminders(client)
      toast(t.paused)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.pauseTitle}>
      <form onSubmit={form.submit} noValidate className={classes.panel}>
        <FormBanner form={form} />
        {invoice.contact && (
          <NativeSelect
            label={t.pauseWhat}
            data={[
              { value: 'invoice', label: t.pauseInvoice },
              { value: 'contact', label: t.pauseContact },
            ]}
            {...form.text('what')}
          />
        )}
        <TextInput
          data-autofocus
          label={t.pauseReason}
          description={t.pauseReasonHint}
          maxLength={300}
          {...form.text('reason')}
        />
        <TextInput type="date" label={t.pauseUntil} description={t.pauseUntilHint} {...form.text('until')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.pause}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
