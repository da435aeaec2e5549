// Makes a link on which an invoice is paid, and shows it this once.
import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { Invoice } from '@/api/types'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { Banner, FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { minorField, typedMinor } from './money'
import { onlineQuery } from './queries'
import { t } from './text'

export default function LinkDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const client = useQueryClient()
  const online = useQuery(onlineQuery(invoice.id)).data
  const [url, setUrl] = useState<string>()
  const form = useForm({
    initial: { amount_minor: minorField(invoice.due_minor), valid_days: '90' },
    submit: async values => {
      const amount = typedMinor(values.amount_minor)
      if (amount === undefined) throw new Refused({ '/amount_minor': t.requiredAmount })
      const days = values.valid_days.trim()
      if (!/^\d{1,3}$/.test(days)) throw new Refused({ '/valid_days': t.requiredDays })
      // The whole of it follows what is due; a part stays the part.
      const body = { amount_minor: amount === invoice.due_minor ? null : amount, valid_days: Number(days) }
      const made = await data(api.POST('/invoices/{id}/pay-links', { params: { path: { id: invoice.id } }, body }))
      await client.invalidateQueries({ queryKey: ['invoices', invoice.id] })
      setUrl(made.url ?? undefined)
    },
  })
  const copy = async () => {
    if (!url) return
    try {
      await navigator.clipboard.writeText(url)
      toast(t.linkCopied)
    } catch {
      // Without the right to the clipboard the address stays selected to be copied by hand.
    }
  }
  return (
    <Dialog opened onClose={onClose} title={t.linkTitle}>
      {url ? (
        <div className={classes.stack}>
          <p>{t.linkReady}</p>
          <TextInput readOnly data-autofocus aria-label={t.link} value={url} onFocus={event => event.currentTarget.select()} />
          <FormActions>
            <Button variant="default" component="a" href={url} target="_blank" rel="noopener">
              {t.linkOpen}
            </Button>
            <Button onClick={() => void copy()}>{t.linkCopy}</Button>
          </FormActions>
        </div>
      ) : (
        <form onSubmit={form.submit} noValidate className={classes.stack}>
          <FormBanner form={form} />
          {online && !online.can_be_paid && (
            <Banner tone="warn">
              {t.linkNoAccount} <Link to="/parametres/encaissement">{t.onlineSettings}</Link>
            </Banner>
          )}
          <TextInput
            data-autofocus
            label={t.linkAmount}
            description={t.linkAmountHint}
            inputMode="decimal"
            {...form.text('amount_minor')}
          />
          <TextInput label={t.linkDays} inputMode="numeric" {...form.text('valid_days')} />
          <FormActions>
            <Button variant="default" onClick={onClose}>
              {ui.cancel}
            </Button>
            <Button type="submit" loading={form.busy}>
              {t.linkMake}
            </Button>
          </FormActions>
        </form>
      )}
    </Dialog>
  )
}
