import { Button, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { rolesQuery } from '@/api/queries'
import { useForm } from '@/ui/form'
import { FormBanner } from '@/ui/states'
import { toast } from '@/ui/toast'
import { roleName, t } from '../text'
import classes from './invite-form.module.css'

export function InviteForm({ onSent }: { onSent?: () => void }) {
  const client = useQueryClient()
  const { data: roles = [] } = useQuery(rolesQuery)
  // Ownership is handed over, never given by invitation.
  const offered = roles.filter(role => role.key !== 'owner')
  const usual = offered.find(role => role.key === 'member')?.id ?? offered[0]?.id ?? ''
  const form = useForm({
    initial: { email: '', role_id: '' },
    submit: async values => {
      const email = values.email.trim()
      await data(api.POST('/invitations', { body: { email, role_id: values.role_id || usual } }))
      form.reset({ email: '', role_id: values.role_id })
      toast(t.invite.sent(email))
      await client.invalidateQueries({ queryKey: ['invitations'] })
      onSent?.()
    },
  })
  return (
    <form onSubmit={form.submit} noValidate>
      <FormBanner form={form} />
      <div className={classes.line}>
        <TextInput label={t.invite.email} type="email" required maxLength={254} {...form.text('email')} />
        <Select
          label={t.invite.role}
          data={offered.map(role => ({ value: role.id, label: roleName(role) }))}
          value={form.values.role_id || usual || null}
          onChange={value => form.set({ role_id: value ?? '' })}
          error={form.errors['/role_id']}
          allowDeselect={false}
        />
        <Button type="submit" loading={form.busy} disabled={!form.values.email.trim()}>
          {t.invite.send}
        </Button>
      </div>
    </form>
  )
}
