// A quote as a model for others, or the name of a model.
import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Order } from '@/api/types'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from '../billing.module.css'
import { refreshOrders } from './queries'
import { t } from './text'

export default function TemplateDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { template_name: order.template_name ?? order.title ?? '' },
    submit: async body => {
      const params = { path: { id: order.id } }
      if (order.template_name) await data(api.PUT('/orders/{id}/template-name', { params, body }))
      else await data(api.POST('/orders/{id}/duplicate', { params, body }))
      refreshOrders(client)
      toast(t.templateSaved)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={order.template_name ? t.rename : t.asTemplate}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput data-autofocus label={t.templateName} maxLength={120} {...form.text('template_name')} />
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
