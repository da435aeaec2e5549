// Begins a credit note: the whole invoice, or some of its lines in some quantity.
import { Button, Checkbox, SegmentedControl, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, data } from '@/api/client'
import type { Invoice } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import classes from './billing.module.css'
import { field, typedNumber } from './money'
import { refreshInvoices } from './queries'
import { t } from './text'

export default function CreditDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const form = useForm({
    initial: {
      reason: '',
      some: false,
      picked: invoice.lines.map(() => false),
      quantities: invoice.lines.map(line => field(line.quantity)),
    },
    check: (values): Record<string, string> => (values.reason.trim() ? {} : { '/reason': t.required }),
    submit: async values => {
      const lines = invoice.lines.flatMap((_, index) =>
        values.picked[index] ? [{ position: index + 1, quantity: typedNumber(values.quantities[index] ?? '') ?? '0' }] : [],
      )
      const body = { reason: values.reason.trim(), lines: values.some ? lines : null }
      const made = await data(api.POST('/invoices/{id}/credit-notes', { params: { path: { id: invoice.id } }, body }))
      refreshInvoices(client)
      onClose()
      await navigate({ to: '/factures/$id', params: { id: made.id } })
    },
  })
  const { values, set } = form
  return (
    <Dialog opened onClose={onClose} title={t.creditTitle(invoice.number ?? '')} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput
          data-autofocus
          label={t.creditReason}
          description={t.creditReasonHint}
          maxLength={200}
          {...form.text('reason')}
        />
        <SegmentedControl
          aria-label={t.creditPick}
          data={[
            { value: 'whole', label: t.creditWhole },
            { value: 'some', label: t.creditSome },
          ]}
          value={values.some ? 'some' : 'whole'}
          onChange={value => set({ some: value === 'some' })}
        />
        {values.some && (
          <ul className={classes.pick} aria-label={t.creditPick}>
            {invoice.lines.map((line, index) => (
              <li key={index}>
                <Checkbox
                  label={`${line.label} · ${money(line.net_minor)}`}
                  checked={values.picked[index] ?? false}
                  onChange={event => set({ picked: values.picked.with(index, event.currentTarget.checked) })}
                />
                <TextInput
                  className={classes.short}
                  aria-label={t.creditQuantity(line.label)}
                  inputMode="decimal"
                  disabled={!values.picked[index]}
                  value={values.quantities[index] ?? ''}
                  onChange={event => set({ quantities: values.quantities.with(index, event.currentTarget.value) })}
                />
              </li>
            ))}
          </ul>
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.creditCreate}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
