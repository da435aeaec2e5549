// Sends an invoice by mail.
import { Button, Checkbox, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Invoice } from '@/api/types'
import { day, money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { onlineQuery } from './queries'
import { t } from './text'

export default function SendDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const client = useQueryClient()
  const online = useQuery(onlineQuery(invoice.id)).data
  const linkable = Boolean(online?.can_be_paid) && invoice.due_minor > 0
  const form = useForm({
    initial: {
      to: online?.email ?? '',
      // Written in the customer's language, whatever the one who writes has chosen.
      message:
        invoice.kind === 'credit_note'
          ? `Bonjour,\n\nVous trouverez ci-joint l’avoir ${invoice.number} de ${money(invoice.gross_minor)}.`
          : `Bonjour,\n\nVous trouverez ci-joint la facture ${invoice.number} de ${money(invoice.gross_minor)}${
              invoice.due_minor > 0
                ? invoice.due_date
                  ? `${invoice.status === 'overdue' ? ', échue' : ', à régler avant'} le ${day(invoice.due_date)}`
                  : ''
                : ', déjà réglée'
            }.\n\nMerci de votre confiance.`,
      pay_link: true,
    },
    check: (values): Record<string, string> => (values.to.trim() ? {} : { '/to': t.required }),
    submit: async values => {
      const body = { to: values.to.trim(), message: values.message, pay_link: values.pay_link }
      await data(api.POST('/invoices/{id}/send', { params: { path: { id: invoice.id } }, body }))
      await client.invalidateQueries({ queryKey: ['invoices', invoice.id] })
      toast(t.sent)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.sendTitle(invoice.number ?? '')} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput data-autofocus type="email" label={t.sendTo} maxLength={254} {...form.text('to')} />
        <Textarea label={t.sendMessage} autosize minRows={5} maxRows={14} maxLength={4000} {...form.text('message')} />
        {linkable && (
          <Checkbox
            label={t.sendLink}
            checked={form.values.pay_link}
            onChange={event => form.set({ pay_link: event.currentTarget.checked })}
          />
        )}
        <p className="muted small">{t.sendAttached}</p>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.send}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
