// From an accepted quote to an invoice: a deposit, the work done so far, or what is left.
import { Button, Radio, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, data } from '@/api/client'
import type { Order } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import classes from '../billing.module.css'
import { minorField, typedMinor, typedNumber } from '../money'
import { t as billing } from '../text'
import { refreshOrders } from './queries'
import { t } from './text'

type Kind = 'deposit' | 'situation' | 'balance'

export default function InvoiceDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const has = (kind: string) =>
    order.invoices.some(invoice => invoice.kind === kind && invoice.credited_minor < invoice.gross_minor)
  const first = order.invoices.length === 0
  const form = useForm({
    initial: {
      kind: (has('situation') ? 'situation' : first && order.deposit_minor > 0 ? 'deposit' : 'balance') as Kind,
      amount: minorField(order.deposit_minor || Math.round(order.to_invoice_minor / 2)),
      progress: '50',
    },
    submit: async values => {
      const amount_minor = values.kind === 'deposit' ? typedMinor(values.amount) : null
      const progress = values.kind === 'situation' ? typedNumber(values.progress) : null
      if (amount_minor === undefined) throw new Refused({ '/amount_minor': billing.requiredAmount })
      if (progress === undefined) throw new Refused({ '/progress': billing.requiredAmount })
      const body = { kind: values.kind, amount_minor, progress }
      const made = await data(api.POST('/orders/{id}/invoices', { params: { path: { id: order.id } }, body }))
      refreshOrders(client)
      onClose()
      await navigate({ to: '/factures/$id', params: { id: made.invoice_id } })
    },
    shows: () => true,
  })
  const { kind } = form.values
  return (
    <Dialog opened onClose={onClose} title={t.invoiceTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p className="numeric">{t.toInvoice(money(order.to_invoice_minor))}</p>
        <Radio.Group aria-label={t.invoiceTitle} value={kind} onChange={value => form.set({ kind: value as Kind })}>
          <div className={classes.choice}>
            <Radio value="deposit" disabled={has('situation')} label={billing.kinds.deposit} description={t.kindHints.deposit} />
            <Radio
              value="situation"
              disabled={has('deposit')}
              label={billing.kinds.situation}
              description={t.kindHints.situation}
            />
            <Radio
              value="balance"
              disabled={has('situation')}
              label={has('deposit') ? billing.kinds.balance : billing.kinds.invoice}
              description={t.kindHints.balance}
            />
          </div>
        </Radio.Group>
        {kind === 'deposit' && (
          <TextInput label={t.amountVat} inputMode="decimal" {...form.text('amount')} error={form.errors['/amount_minor']} />
        )}
        {kind === 'situation' && (
          <TextInput
            label={t.progress}
            description={t.progressHint}
            inputMode="decimal"
            rightSection="%"
            {...form.text('progress')}
          />
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.prepareInvoice}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
