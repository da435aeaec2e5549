// Gives back money that came in online.
import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Payment } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { minorField, typedMinor } from './money'
import { refreshInvoices } from './queries'
import { t } from './text'

export default function RefundDialog({ payment, most, onClose }: { payment: Payment; most: number; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { amount_minor: minorField(most), reason: '' },
    check: (values): Record<string, string> => (values.reason.trim() ? {} : { '/reason': t.required }),
    submit: async values => {
      const amount_minor = typedMinor(values.amount_minor)
      if (amount_minor === undefined) throw new Refused({ '/amount_minor': t.requiredAmount })
      const body = { amount_minor, reason: values.reason.trim() }
      await data(api.POST('/payments/{id}/refunds', { params: { path: { id: payment.id } }, body }))
      refreshInvoices(client)
      toast(t.refundAsked)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.refundTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{t.refundBody(money(most))}</p>
        <TextInput data-autofocus label={t.amount} inputMode="decimal" {...form.text('amount_minor')} />
        <TextInput label={t.reverseReason} maxLength={300} {...form.text('reason')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.refund}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
