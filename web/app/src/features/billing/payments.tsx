// What came in for an invoice, and what was taken back.
import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { Invoice, Payment } from '@/api/types'
import { day, money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { Card, FormActions } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { paymentsQuery, refreshInvoices } from './queries'
import { t } from './text'

export function Payments({ invoice, editable }: { invoice: Invoice; editable: boolean }) {
  const payments = useQuery(paymentsQuery(invoice.id))
  const [reversing, setReversing] = useState<Payment>()
  const rows = payments.data?.items ?? []
  return (
    <Card title={t.payments}>
      {payments.isError && !rows.length ? (
        <Failed error={payments.error} retry={() => void payments.refetch()} />
      ) : payments.isPending ? (
        <Loading lines={2} height={44} />
      ) : rows.length ? (
        <Rows label={t.payments}>
          {rows.map(row => (
            <Row
              key={row.id}
              title={<span className="numeric">{money(row.amount_minor)}</span>}
              detail={[
                row.reverses_id ? t.reversal : t.methods[row.method],
                day(row.received_on),
                row.reference,
                row.note,
                row.created_by,
              ]
                .filter(Boolean)
                .join(' · ')}
              marks={
                row.reversed && (
                  <span className={classes.mark} data-tone="neutral">
                    {t.reversed}
                  </span>
                )
              }
              actions={
                editable &&
                !row.reversed &&
                !row.reverses_id && (
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    color="gray"
                    aria-label={t.reverseLabel(money(row.amount_minor))}
                    onClick={() => setReversing(row)}
                  >
                    {t.reverse}
                  </Button>
                )
              }
            />
          ))}
        </Rows>
      ) : (
        <p className="muted">{t.noPayments}</p>
      )}
      {reversing && <ReverseDialog payment={reversing} onClose={() => setReversing(undefined)} />}
    </Card>
  )
}

function ReverseDialog({ payment, onClose }: { payment: Payment; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { reason: '' },
    check: (values): Record<string, string> => (values.reason.trim() ? {} : { '/reason': t.required }),
    submit: async values => {
      await data(
        api.POST('/payments/{id}/reverse', { params: { path: { id: payment.id } }, body: { reason: values.reason.trim() } }),
      )
      refreshInvoices(client)
      toast(t.reversed)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.reverseTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{t.reverseBody}</p>
        <TextInput data-autofocus label={t.reverseReason} maxLength={300} {...form.text('reason')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.reverse}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
