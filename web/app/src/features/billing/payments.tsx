// What came in for an invoice, and what was taken back.
import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
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
import { onlineQuery, paymentsQuery, refreshInvoices } from './queries'
import { t } from './text'

const RefundDialog = lazy(() => import('./refund-dialog'))

export function Payments({ invoice, editable }: { invoice: Invoice; editable: boolean }) {
  const payments = useQuery(paymentsQuery(invoice.id))
  const online = useQuery(onlineQuery(invoice.id)).data
  const [reversing, setReversing] = useState<Payment>()
  const [refunding, setRefunding] = useState<Payment>()
  const refundable = (payment: Payment) => {
    const can = online?.refundable.find(one => one.payment_id === payment.id)
    return can ? Math.max(can.invoice_minor, can.credit_minor) : 0
  }
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
                !row.reverses_id
                  ? t.methods[row.method]
                  : row.till === 'online'
                    ? row.amount_minor < 0
                      ? t.refunded
                      : t.refundBack
                    : t.reversal,
                day(row.received_on),
                row.reference,
                row.note,
                row.unallocated_minor !== 0 &&
                  row.method === 'online' &&
                  !row.reverses_id &&
                  t.toCredit(money(row.unallocated_minor)),
                row.created_by,
              ]
                .filter(Boolean)
                .join(' · ')}
              marks={
                row.reversed && (
                  <span className={classes.mark} data-tone="neutral">
                    {row.till === 'online' ? t.refunded : t.reversed}
                  </span>
                )
              }
              actions={
                <>
                  <Button
                    component="a"
                    href={`/api/v1/payments/${row.id}/receipt`}
                    target="_blank"
                    rel="noopener"
                    size="compact-sm"
                    variant="subtle"
                    color="gray"
                    aria-label={t.receiptLabel(row.receipt_number)}
                  >
                    {t.receipt}
                  </Button>
                  {editable && row.till === 'online' && refundable(row) > 0 && (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t.refundLabel(money(row.amount_minor))}
                      onClick={() => setRefunding(row)}
                    >
                      {t.refund}
                    </Button>
                  )}
                  {editable && row.till !== 'online' && !row.reversed && !row.reverses_id && (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t.reverseLabel(money(row.amount_minor))}
                      onClick={() => setReversing(row)}
                    >
                      {t.reverse}
                    </Button>
                  )}
                </>
              }
            />
          ))}
        </Rows>
      ) : (
        <p className="muted">{t.noPayments}</p>
      )}
      {reversing && <ReverseDialog payment={reversing} onClose={() => setReversing(undefined)} />}
      <Suspense>
        {refunding && <RefundDialog payment={refunding} most={refundable(refunding)} onClose={() => setRefunding(undefined)} />}
      </Suspense>
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
