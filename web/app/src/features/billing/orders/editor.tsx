// A quote while it is written: what is offered, to whom, on which terms; the paper stands beside it as it will be sent.
import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Order, OrderIn } from '@/api/types'
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
import classes from '../billing.module.css'
import { type LineForm, lineForm, sentLines, unreadable, writtenLines } from '../lines'
import { LinesCard, lackText, refuseUnreadable, Sums } from '../lines-card'
import { field, typedNumber } from '../money'
import { profileQuery } from '../queries'
import { t as billing } from '../text'
import { orderQuery, orderTotalsQuery, refreshOrders } from './queries'
import { t } from './text'

const SendDialog = lazy(() => import('./send-dialog'))

interface Values {
  contact_id: string
  title: string
  order_reference: string
  valid_until: string
  execution: string
  intro: string
  outro: string
  prices_include_vat: boolean
  discount: string
  deposit: string
  deposit_kind: Order['deposit_kind']
  line_by_line: boolean
  verification: Order['verification']
  withdrawal_exception: string
  lines: LineForm[]
}

const valuesOf = (order: Order): Values => ({
  contact_id: order.contact?.id ?? '',
  title: order.title ?? '',
  order_reference: order.order_reference ?? '',
  valid_until: order.valid_until ?? '',
  execution: order.execution ?? '',
  intro: order.intro ?? '',
  outro: order.outro ?? '',
  prices_include_vat: order.prices_include_vat,
  discount: field(order.discount.percent),
  deposit: field(order.deposit.percent),
  deposit_kind: order.deposit_kind,
  line_by_line: order.line_by_line,
  verification: order.verification,
  withdrawal_exception: order.withdrawal_exception ?? '',
  lines: order.lines.map(lineForm),
})

function bodyOf(values: Values, order: Order): OrderIn {
  const sent = sentLines(values.lines)
  return {
    contact_id: values.contact_id || null,
    title: values.title.trim() || null,
    order_reference: values.order_reference.trim() || null,
    valid_until: values.valid_until || null,
    execution: values.execution.trim() || null,
    intro: values.intro.trim() || null,
    outro: values.outro.trim() || null,
    prices_include_vat: values.prices_include_vat,
    discount: values.discount.trim()
      ? { percent: typedNumber(values.discount) ?? '0' }
      : { amount_minor: order.discount.amount_minor },
    deposit: values.deposit.trim()
      ? { percent: typedNumber(values.deposit) ?? '0' }
      : { amount_minor: order.deposit.amount_minor },
    deposit_kind: values.deposit_kind,
    line_by_line: values.line_by_line,
    verification: values.verification,
    withdrawal_exception: values.withdrawal_exception.trim() || null,
    lines: writtenLines(values.lines).map((line, index) => ({ ...sent[index]!, optional: line.optional })),
  }
}

export function OrderEditor({ order: latest, stale }: { order: Order; stale: () => Promise<Order> }) {
  // A colleague's save arrives by itself, but must not wipe what is being typed.
  const [order, setOrder] = useState(latest)
  const client = useQueryClient()
  const navigate = useNavigate()
  const can = useCan()
  const profile = useQuery(profileQuery).data
  const [asking, setAsking] = useState<'send' | 'discard'>()
  const [missing, setMissing] = useState<string[]>([])
  const [beside, setBeside] = useState(() => localStorage.getItem('vision.paper') !== 'off')
  const editable = can('orders.write')
  const leaving = useRef(false)
  const writing = useRef<Promise<Order>>(undefined)

  const put = async (values: Values) => {
    refuseUnreadable(values.lines, values.discount)
    if (values.deposit.trim() && typedNumber(values.deposit) === undefined)
      throw new Refused({ '/deposit': billing.requiredAmount })
    try {
      const params = { path: { id: order.id } }
      const body = bodyOf(values, order)
      const saved = await data(api.PATCH('/orders/{id}', { params, body, headers: ifMatch(order.version) }))
      client.setQueryData(orderQuery(order.id).queryKey, saved)
      setOrder(saved)
      return saved
    } catch (error) {
      // What was typed stays; saving again writes it over the colleague's version, and the banner says so.
      if (error instanceof ApiError && error.code === 'stale_version') setOrder(await stale())
      throw error
    }
  }
  // One after the other: the second is written over what the first has saved.
  const write = async (values: Values) => {
    await writing.current?.catch(() => undefined)
    writing.current = put(values)
    return writing.current
  }
  const form = useForm<Values>({
    initial: valuesOf(order),
    submit: async values => {
      await write(values)
      refreshOrders(client)
      toast(t.saved)
    },
    shows: () => true,
  })
  const { values, set } = form

  const sent = useMemo(() => bodyOf(values, order), [values, order])
  const [asked] = useDebouncedValue(sent, 200)
  const totals = useQuery(
    orderTotalsQuery({ lines: asked.lines, discount: asked.discount, prices_include_vat: asked.prices_include_vat }),
  )
  const sums = totals.isError ? undefined : totals.data
  const wrong = totals.isError ? fieldErrors(totals.error) : {}

  const unsaved = form.dirty && JSON.stringify(sent) !== JSON.stringify(bodyOf(valuesOf(order), order))
  // What is whole is saved by itself, so that the paper follows; a line that is half typed waits.
  const whole = !writtenLines(values.lines).some(unreadable) && !totals.isError
  const [idle] = useDebouncedValue(JSON.stringify(sent), 1200)
  // biome-ignore lint/correctness/useExhaustiveDependencies: saved when typing has paused, not at every change
  useEffect(() => {
    if (editable && unsaved && whole && !form.busy) write(values).catch(() => undefined)
  }, [idle])
  useBlocker({ shouldBlockFn: () => unsaved && !leaving.current && !window.confirm(billing.leave) })
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => unsaved && event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [unsaved])

  const discard = async () => {
    try {
      await api.DELETE('/orders/{id}', { params: { path: { id: order.id } } })
      leaving.current = true
      if (order.number) {
        await client.invalidateQueries({ queryKey: orderQuery(order.id).queryKey })
      } else {
        client.removeQueries({ queryKey: orderQuery(order.id).queryKey })
        await navigate({ to: '/devis' })
      }
      refreshOrders(client)
      toast(order.number ? t.wentBack : t.discarded)
    } catch (error) {
      toastError(error)
    }
  }
  const prepare = async () => {
    setMissing([])
    try {
      await write(values)
      setAsking('send')
    } catch (error) {
      report(error)
    }
  }
  const report = (error: unknown) => {
    const lacking = Object.entries(error instanceof Refused ? error.errors : fieldErrors(error)).map(
      ([pointer, text]) => t.lacks[pointer] ?? lackText(pointer, text),
    )
    if (lacking.length) setMissing(lacking)
    else toastError(error)
  }
  const show = () => {
    setBeside(!beside)
    localStorage.setItem('vision.paper', beside ? 'off' : 'on')
  }

  const template = Boolean(order.template_name)
  const business = order.customer_kind && order.customer_kind !== 'B2C'
  return (
    <div className={beside ? classes.besides : undefined}>
      <form onSubmit={form.submit} noValidate className={classes.editor}>
        {missing.length > 0 && (
          <Banner tone="warn">
            <strong>{billing.missing}</strong>
            <ul className={classes.missing}>
              {missing.map(text => (
                <li key={text}>{text}</li>
              ))}
            </ul>
            {(profile?.missing.length ?? 0) > 0 && can('billing.manage') && (
              <Link to="/parametres/facturation">{billing.openProfile}</Link>
            )}
          </Banner>
        )}
        <FormBanner form={form} />
        <Card title={billing.fields}>
          <fieldset disabled={!editable} className={classes.fields}>
            {!template &&
              (order.number ? (
                <TextInput label={billing.customer} value={order.contact?.name ?? ''} readOnly />
              ) : (
                <ContactPicker
                  label={billing.customer}
                  value={values.contact_id}
                  name={order.contact?.name}
                  onChange={contact_id => set({ contact_id })}
                  error={form.errors['/contact_id']}
                />
              ))}
            <TextInput label={billing.subject} maxLength={200} {...form.text('title')} />
            {!template && <TextInput type="date" label={t.validUntil} description={t.validHint} {...form.text('valid_until')} />}
            <TextInput label={t.execution} placeholder={t.executionHint} maxLength={300} {...form.text('execution')} />
            <Textarea className={classes.wide} label={billing.intro} autosize minRows={1} maxRows={6} {...form.text('intro')} />
          </fieldset>
        </Card>
        <LinesCard
          lines={values.lines}
          onChange={lines => set({ lines })}
          editable={editable}
          withVat={values.prices_include_vat}
          onWithVat={prices_include_vat => set({ prices_include_vat })}
          profile={profile}
          sums={sums}
          errors={{ ...wrong, ...form.errors }}
          options
        />
        <div className={classes.bottom}>
          <Card title={t.terms}>
            <fieldset disabled={!editable} className={classes.fields}>
              <TextInput
                label={t.deposit}
                description={t.depositHint}
                inputMode="decimal"
                rightSection="%"
                {...form.text('deposit')}
              />
              <NativeSelect
                label={t.depositKind}
                description={t.depositKinds[values.deposit_kind].hint}
                data={Object.entries(t.depositKinds).map(([value, word]) => ({ value, label: word.name }))}
                value={values.deposit_kind}
                onChange={event => set({ deposit_kind: event.currentTarget.value === 'arrhes' ? 'arrhes' : 'acompte' })}
              />
              <NativeSelect
                label={t.verification}
                data={Object.entries(t.verifications).map(([value, label]) => ({ value, label }))}
                value={values.verification}
                onChange={event => set({ verification: event.currentTarget.value === 'none' ? 'none' : 'email' })}
              />
              <Checkbox
                className={classes.wide}
                label={t.lineByLine}
                checked={values.line_by_line}
                onChange={event => set({ line_by_line: event.currentTarget.checked })}
              />
              {!business && (
                <TextInput
                  className={classes.wide}
                  label={t.withdrawalException}
                  description={t.withdrawalHint}
                  maxLength={300}
                  {...form.text('withdrawal_exception')}
                />
              )}
              <Textarea className={classes.wide} label={billing.outro} autosize minRows={2} maxRows={8} {...form.text('outro')} />
            </fieldset>
          </Card>
          <Card title={billing.totals}>
            <TextInput label={billing.documentDiscount} inputMode="decimal" disabled={!editable} {...form.text('discount')} />
            <Sums sums={sums} />
            {order.deposit_minor > 0 && <p className="muted small numeric">{t.depositIs(money(order.deposit_minor))}</p>}
          </Card>
        </div>
        <div className={classes.verbs}>
          {editable && (
            <Button variant="subtle" color="gray" onClick={() => setAsking('discard')}>
              {order.number ? t.goBack : template ? t.discardTemplate : t.discard}
            </Button>
          )}
          <span className={classes.push} aria-live="polite">
            <span className="muted small">{unsaved ? billing.unsaved : form.dirty ? t.autosaved : ''}</span>
          </span>
          <Button variant="default" leftSection={<IconFile size={16} aria-hidden />} onClick={show} aria-pressed={beside}>
            {t.paper}
          </Button>
          {editable && (
            <Button type="submit" variant="default" loading={form.busy} disabled={!unsaved}>
              {billing.save}
            </Button>
          )}
          {!template && can('orders.send') && <Button onClick={() => void prepare()}>{t.send}</Button>}
        </div>
        <Suspense>
          {asking === 'send' && (
            <SendDialog
              order={order}
              onClose={() => setAsking(undefined)}
              onRefused={error => {
                setAsking(undefined)
                report(error)
              }}
              onSent={() => {
                leaving.current = true
              }}
            />
          )}
        </Suspense>
        <Confirm
          opened={asking === 'discard'}
          onClose={() => setAsking(undefined)}
          title={order.number ? t.goBackTitle : t.discardTitle}
          verb={order.number ? t.goBack : t.discard}
          run={discard}
        >
          {order.number ? t.goBackBody : t.discardBody}
        </Confirm>
      </form>
      {beside && (
        <aside className={classes.paper} aria-label={t.paper}>
          <iframe title={t.paper} src={`/api/v1/orders/${order.id}/pdf?v=${order.version}#toolbar=0&navpanes=0&view=FitH`} />
          <a href={`/api/v1/orders/${order.id}/pdf`} target="_blank" rel="noopener" className="small">
            {t.openPaper}
          </a>
        </aside>
      )}
    </div>
  )
}
