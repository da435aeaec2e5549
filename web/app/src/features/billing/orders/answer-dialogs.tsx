// What the staff records of a customer's answer, and calling a quote off.
import { Button, Checkbox, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { Order } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from '../billing.module.css'
import { orderQuery, refreshOrders } from './queries'
import { t } from './text'

export function AnswerDialog({ order, kind, onClose }: { order: Order; kind: 'accept' | 'refuse'; onClose: () => void }) {
  const client = useQueryClient()
  const choice = order.line_by_line || order.lines.some(line => line.optional)
  const form = useForm({
    initial: {
      name: order.contact?.name ?? '',
      mention: '',
      reason: '',
      lines: order.lines.flatMap((line, index) => (line.optional ? [] : [index + 1])),
    },
    submit: async values => {
      const params = { path: { id: order.id } }
      const answered =
        kind === 'accept'
          ? await data(
              api.POST('/orders/{id}/accept', {
                params,
                body: { name: values.name, mention: values.mention, lines: choice ? values.lines : null },
              }),
            )
          : await data(api.POST('/orders/{id}/refuse', { params, body: { reason: values.reason } }))
      client.setQueryData(orderQuery(order.id).queryKey, answered)
      refreshOrders(client)
      toast(kind === 'accept' ? t.acceptedToast : t.refusedToast)
      onClose()
    },
  })
  const { values, set } = form
  return (
    <Dialog opened onClose={onClose} title={kind === 'accept' ? t.recordAccept : t.recordRefuse}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        {kind === 'accept' ? (
          <>
            <TextInput data-autofocus label={t.signer} maxLength={120} {...form.text('name')} />
            <TextInput label={t.how} description={t.howHint} maxLength={120} {...form.text('mention')} />
            {choice && (
              <fieldset className={classes.choice}>
                <legend className="field-label">{t.takenLines}</legend>
                {order.lines.map((line, index) => (
                  <Checkbox
                    key={index}
                    label={`${line.label} · ${money(order.prices_include_vat ? line.gross_minor : line.net_minor)}`}
                    checked={values.lines.includes(index + 1)}
                    disabled={!order.line_by_line && !line.optional}
                    onChange={event =>
                      set({
                        lines: event.currentTarget.checked
                          ? [...values.lines, index + 1].sort((a, b) => a - b)
                          : values.lines.filter(place => place !== index + 1),
                      })
                    }
                  />
                ))}
                {form.errors['/lines'] && <p className={classes.wrong}>{form.errors['/lines']}</p>}
              </fieldset>
            )}
          </>
        ) : (
          <Textarea data-autofocus label={t.reason} maxLength={500} autosize minRows={3} {...form.text('reason')} />
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.record}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

export function CancelDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const client = useQueryClient()
  const [owed, setOwed] = useState<number>()
  const agreed = order.state === 'accepted' || order.state === 'partially_accepted'
  const form = useForm({
    initial: { by: 'company' as 'company' | 'customer', reason: '' },
    submit: async values => {
      const params = { path: { id: order.id } }
      const done = await data(api.POST('/orders/{id}/cancel', { params, body: values }))
      client.setQueryData(orderQuery(order.id).queryKey, done.order)
      refreshOrders(client)
      toast(t.cancelledToast)
      if (done.owed_back_minor) setOwed(done.owed_back_minor)
      else onClose()
    },
  })
  if (owed)
    return (
      <Dialog opened onClose={onClose} title={t.owedTitle}>
        <p>{t.owed(money(owed))}</p>
        <p className="muted">{t.depositKinds[order.deposit_kind].hint}</p>
        <FormActions>
          <Button onClick={onClose}>{ui.close}</Button>
        </FormActions>
      </Dialog>
    )
  return (
    <Dialog opened onClose={onClose} title={t.cancelTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{agreed ? t.cancelAgreed : t.cancelOpen}</p>
        <SegmentedControl
          aria-label={t.cancelBy}
          fullWidth
          data={[
            { value: 'company', label: t.byCompany },
            { value: 'customer', label: t.byCustomer },
          ]}
          value={form.values.by}
          onChange={by => form.set({ by: by === 'customer' ? 'customer' : 'company' })}
        />
        <TextInput data-autofocus label={t.reason} maxLength={300} {...form.text('reason')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" color="red.8" loading={form.busy}>
            {t.cancel}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
