// A draft: who, what, how much. Totals come from the server as one types; nothing is added up here.
import { Button, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Invoice, InvoiceIn } from '@/api/types'
import { ContactPicker } from '@/app/contact-picker'
import { useCan } from '@/app/me'
import { money } from '@/i18n/format'
import { Confirm } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { IconFile } from '@/ui/icons'
import { Card } from '@/ui/page'
import { fieldErrors } from '@/ui/problem-text'
import { Banner, FormBanner } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { type LineForm, lineForm, sentLines } from './lines'
import { LinesCard, lackText, refuseUnreadable, Sums } from './lines-card'
import { field, typedNumber } from './money'
import { invoiceQuery, profileQuery, refreshInvoices, totalsQuery } from './queries'
import { t } from './text'

interface Values {
  contact_id: string
  title: string
  order_reference: string
  supply_date: string
  due_date: string
  intro: string
  outro: string
  prices_include_vat: boolean
  discount: string
  lines: LineForm[]
}

const valuesOf = (invoice: Invoice): Values => ({
  contact_id: invoice.contact?.id ?? '',
  title: invoice.title ?? '',
  order_reference: invoice.order_reference ?? '',
  supply_date: invoice.supply_date ?? '',
  due_date: invoice.due_date ?? '',
  intro: invoice.intro ?? '',
  outro: invoice.outro ?? '',
  prices_include_vat: invoice.prices_include_vat,
  discount: field(invoice.discount.percent),
  lines: invoice.lines.map(lineForm),
})

function bodyOf(values: Values, invoice: Invoice): InvoiceIn {
  return {
    contact_id: values.contact_id || null,
    title: values.title.trim() || null,
    order_reference: values.order_reference.trim() || null,
    supply_date: values.supply_date || null,
    due_date: values.due_date || null,
    intro: values.intro.trim() || null,
    outro: values.outro.trim() || null,
    prices_include_vat: values.prices_include_vat,
    // A discount in euros came with a credit note: it stays unless one types another.
    discount: values.discount.trim()
      ? { percent: typedNumber(values.discount) ?? '0' }
      : { amount_minor: invoice.discount.amount_minor },
    lines: sentLines(values.lines),
  }
}

export function DraftEditor({ invoice: latest, stale }: { invoice: Invoice; stale: () => Promise<Invoice> }) {
  // A colleague's save arrives by itself, but must not wipe what is being typed.
  const [invoice, setInvoice] = useState(latest)
  const client = useQueryClient()
  const navigate = useNavigate()
  const can = useCan()
  const profile = useQuery(profileQuery).data
  const [asking, setAsking] = useState<'issue' | 'discard'>()
  const [missing, setMissing] = useState<string[]>([])
  const editable = can('invoices.write')
  const credit = invoice.kind === 'credit_note'
  const leaving = useRef(false)

  const write = async (values: Values) => {
    refuseUnreadable(values.lines, values.discount)
    try {
      const body = bodyOf(values, invoice)
      const params = { path: { id: invoice.id } }
      const saved = await data(api.PATCH('/invoices/{id}', { params, body, headers: ifMatch(invoice.version) }))
      client.setQueryData(invoiceQuery(invoice.id).queryKey, saved)
      setInvoice(saved)
      return saved
    } catch (error) {
      // What was typed stays; saving again writes it over the colleague's version, and the banner says so.
      if (error instanceof ApiError && error.code === 'stale_version') setInvoice(await stale())
      throw error
    }
  }
  const form = useForm<Values>({
    initial: valuesOf(invoice),
    submit: async values => {
      await write(values)
      refreshInvoices(client)
      toast(t.saved)
    },
    shows: () => true,
  })
  const { values, set } = form

  const sent = useMemo(() => bodyOf(values, invoice), [values, invoice])
  const [asked] = useDebouncedValue(sent, 200)
  const totals = useQuery(
    totalsQuery({ lines: asked.lines, discount: asked.discount, prices_include_vat: asked.prices_include_vat }),
  )
  const sums = totals.isError ? undefined : totals.data
  const wrong = totals.isError ? fieldErrors(totals.error) : {}
  const issue = async () => {
    setMissing([])
    try {
      // Always: what is issued is what is on the screen. Writing the same again changes nothing.
      const saved = await write(values)
      const params = { path: { id: invoice.id } }
      const done = await data(api.POST('/invoices/{id}/issue', { params, headers: ifMatch(saved.version) }))
      client.setQueryData(invoiceQuery(invoice.id).queryKey, done)
      refreshInvoices(client)
      toast(credit ? t.issuedCredit(done.number ?? '') : t.issued(done.number ?? ''))
    } catch (error) {
      const lacking = Object.entries(error instanceof Refused ? error.errors : fieldErrors(error)).map(([pointer, text]) =>
        lackText(pointer, text),
      )
      if (lacking.length) setMissing(lacking)
      else toastError(error)
    }
  }
  const discard = async () => {
    try {
      await api.DELETE('/invoices/{id}', { params: { path: { id: invoice.id } } })
      client.removeQueries({ queryKey: invoiceQuery(invoice.id).queryKey })
      refreshInvoices(client)
      toast(t.discarded)
      leaving.current = true
      await navigate({ to: '/factures' })
    } catch (error) {
      toastError(error)
    }
  }
  const preview = async () => {
    // The window opens at once: browsers close those that open after an answer.
    const window_ = window.open('', '_blank')
    try {
      if (can('invoices.write')) await write(values)
      if (window_) window_.location.href = `/api/v1/invoices/${invoice.id}/pdf`
    } catch (error) {
      window_?.close()
      if (error instanceof Refused) setMissing(Object.entries(error.errors).map(([pointer, text]) => lackText(pointer, text)))
      else toastError(error)
    }
  }

  const unsaved = form.dirty && JSON.stringify(bodyOf(values, invoice)) !== JSON.stringify(bodyOf(valuesOf(invoice), invoice))
  useBlocker({ shouldBlockFn: () => unsaved && !leaving.current && !window.confirm(t.leave) })
  // Closing the tab on unsaved lines asks first.
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => unsaved && event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [unsaved])

  return (
    <form onSubmit={form.submit} noValidate className={classes.editor}>
      {missing.length > 0 && (
        <Banner tone="warn">
          <strong>{t.missing}</strong>
          <ul className={classes.missing}>
            {missing.map(text => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          {(profile?.missing.length ?? 0) > 0 && can('billing.manage') && (
            <Link to="/parametres/facturation">{t.openProfile}</Link>
          )}
        </Banner>
      )}
      <FormBanner form={form} />
      <Card title={t.fields}>
        <fieldset disabled={!editable} className={classes.fields}>
          {credit ? (
            <TextInput label={t.customer} value={invoice.contact?.name ?? ''} readOnly />
          ) : (
            <ContactPicker
              label={t.customer}
              value={values.contact_id}
              name={invoice.contact?.name}
              onChange={contact_id => set({ contact_id })}
              error={form.errors['/contact_id']}
            />
          )}
          <TextInput label={credit ? t.creditReason : t.subject} maxLength={200} {...form.text('title')} />
          <TextInput label={t.orderReference} maxLength={100} {...form.text('order_reference')} />
          <TextInput type="date" label={t.supplyDate} description={t.supplyHint} {...form.text('supply_date')} />
          {!credit && <TextInput type="date" label={t.dueDate} description={t.dueHint} {...form.text('due_date')} />}
          <Textarea className={classes.wide} label={t.intro} autosize minRows={1} maxRows={6} {...form.text('intro')} />
        </fieldset>
      </Card>
      <LinesCard
        lines={values.lines}
        onChange={lines => set({ lines })}
        editable={editable}
        withVat={values.prices_include_vat}
        onWithVat={credit ? undefined : prices_include_vat => set({ prices_include_vat })}
        profile={profile}
        sums={sums}
        errors={{ ...wrong, ...form.errors }}
      />
      <div className={classes.bottom}>
        <Card>
          <fieldset disabled={!editable} className={classes.bare}>
            <Textarea label={t.outro} autosize minRows={2} maxRows={8} {...form.text('outro')} />
          </fieldset>
        </Card>
        <Card title={t.totals}>
          <TextInput label={t.documentDiscount} inputMode="decimal" disabled={!editable} {...form.text('discount')} />
          <Sums sums={sums} />
        </Card>
      </div>
      <div className={classes.verbs}>
        {editable && (
          <Button variant="subtle" color="gray" onClick={() => setAsking('discard')}>
            {t.discard}
          </Button>
        )}
        <span className={classes.push} aria-live="polite">
          {unsaved && <span className="muted small">{t.unsaved}</span>}
        </span>
        <Button variant="default" leftSection={<IconFile size={16} aria-hidden />} onClick={() => void preview()}>
          {t.preview}
        </Button>
        {editable && (
          <Button type="submit" variant="default" loading={form.busy} disabled={!unsaved}>
            {t.save}
          </Button>
        )}
        {can('invoices.issue') && <Button onClick={() => setAsking('issue')}>{t.issue}</Button>}
      </div>
      <Confirm
        opened={asking === 'issue'}
        onClose={() => setAsking(undefined)}
        title={credit ? t.issueCreditTitle : t.issueTitle}
        verb={t.issueVerb}
        danger={false}
        run={issue}
      >
        {sums && <p className="numeric">{t.issueAmount(money(sums.gross_minor))}</p>}
        {credit ? t.issueCreditBody : t.issueBody}
      </Confirm>
      <Confirm
        opened={asking === 'discard'}
        onClose={() => setAsking(undefined)}
        title={t.discardTitle}
        verb={t.discard}
        run={discard}
      >
        {t.discardBody}
      </Confirm>
    </form>
  )
}
