import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Invoice, Payment } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { minorField, typedMinor } from './money'
import { onlineQuery, refreshInvoices } from './queries'
import { t } from './text'

const METHODS: Payment['method'][] = ['card', 'cash', 'cheque', 'transfer']

export default function PaymentDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const client = useQueryClient()
  const credit = useQuery(onlineQuery(invoice.id)).data?.credit_minor ?? 0
  const methods = credit > 0 ? [...METHODS, 'credit' as const] : METHODS
  const form = useForm({
    initial: {
      method: 'card' as Payment['method'],
      amount_minor: minorField(invoice.due_minor),
      received_on: '',
      reference: '',
    },
    submit: async values => {
      const amount_minor = typedMinor(values.amount_minor)
      if (amount_minor === undefined) throw new Refused({ '/amount_minor': t.requiredAmount })
      const body = {
        method: values.method,
        amount_minor,
        received_on: values.received_on || null,
        reference: values.reference.trim() || null,
      }
      await data(api.POST('/invoices/{id}/payments', { params: { path: { id: invoice.id } }, body }))
      refreshInvoices(client)
      toast(t.recorded)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.recordTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <SegmentedControl
          aria-label={t.method}
          fullWidth
          data={methods.map(value => ({ value, label: t.methods[value] }))}
          value={form.values.method}
          onChange={method =>
            form.set({
              method: method as Payment['method'],
              ...(method === 'credit' && { amount_minor: minorField(Math.min(credit, invoice.due_minor)) }),
            })
          }
        />
        {form.values.method === 'credit' && <p className="muted small">{t.creditLeft(money(credit))}</p>}
        <TextInput data-autofocus label={t.amount} inputMode="decimal" {...form.text('amount_minor')} />
        <TextInput type="date" label={t.receivedOn} {...form.text('received_on')} />
        <TextInput label={t.reference} description={t.referenceHint} maxLength={80} {...form.text('reference')} />
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
