// Sending a quote: to which address, with which words; or its link by hand.
import { Button, Checkbox, CopyButton, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { Order } from '@/api/types'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { fieldErrors } from '@/ui/problem-text'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from '../billing.module.css'
import { orderQuery, refreshOrders } from './queries'
import { t } from './text'

interface Props {
  order: Order
  onClose: () => void
  /** The quote lacks something that is not in this dialog. */
  onRefused: (error: unknown) => void
  onSent: () => void
}

export default function SendDialog({ order, onClose, onRefused, onSent }: Props) {
  const client = useQueryClient()
  const [link, setLink] = useState<{ url: string; order: Order }>()
  const form = useForm({
    initial: { to: order.contact_email ?? '', message: '', by_hand: false },
    submit: async values => {
      try {
        const body = { to: values.to.trim() || null, message: values.message.trim() || null, by_hand: values.by_hand }
        const params = { path: { id: order.id } }
        const sent = await data(api.POST('/orders/{id}/send', { params, body, headers: ifMatch(order.version) }))
        onSent()
        if (values.by_hand) return setLink({ url: sent.url, order: sent.order })
        finish(sent.order)
        toast(t.sentTo(sent.order.number ?? '', values.to.trim()))
        onClose()
      } catch (error) {
        const pointers = Object.keys(fieldErrors(error))
        if (pointers.length && !pointers.includes('/to')) onRefused(error)
        else throw error
      }
    },
  })
  const finish = (sent: Order) => {
    client.setQueryData(orderQuery(order.id).queryKey, sent)
    refreshOrders(client)
  }
  if (link)
    return (
      <LinkDialog
        title={t.linkTitle(link.order.number ?? '')}
        url={link.url}
        onClose={() => {
          finish(link.order)
          onClose()
        }}
      />
    )
  return (
    <Dialog opened onClose={onClose} title={t.sendTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{t.sendBody(money(order.gross_minor))}</p>
        <TextInput data-autofocus type="email" label={t.to} description={t.toHint[order.verification]} {...form.text('to')} />
        {!form.values.by_hand && (
          <Textarea
            label={t.message}
            placeholder={t.messageHint}
            maxLength={2000}
            autosize
            minRows={3}
            {...form.text('message')}
          />
        )}
        <Checkbox
          label={t.byHand}
          checked={form.values.by_hand}
          onChange={event => form.set({ by_hand: event.currentTarget.checked })}
        />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {form.values.by_hand ? t.makeLink : t.sendVerb}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

/** A link that is shown once. */
export function LinkDialog({ title, url, onClose }: { title: string; url: string; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title={title}>
      <p>{t.linkBody}</p>
      <TextInput readOnly value={url} aria-label={t.link} onFocus={event => event.currentTarget.select()} />
      <FormActions>
        <Button variant="default" onClick={onClose}>
          {ui.close}
        </Button>
        <CopyButton value={url}>{({ copied, copy }) => <Button onClick={copy}>{copied ? t.copied : t.copy}</Button>}</CopyButton>
      </FormActions>
    </Dialog>
  )
}
