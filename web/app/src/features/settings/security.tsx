import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/api/client'
import { useForm } from '@/ui/form'
import { NewPassword, passwordOk } from '@/ui/new-password'
import { Card, Fields, FormActions, useTitle } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { toast } from '@/ui/toast'
import { Passkeys } from './passkeys'
import classes from './settings.module.css'
import { t } from './text'
import { TwoSteps } from './two-steps'

export function Security() {
  useTitle(t.pages.securite)
  return (
    <>
      <Password />
      <TwoSteps />
      <Passkeys />
    </>
  )
}

function Password() {
  const client = useQueryClient()
  const form = useForm({
    initial: { current_password: '', new_password: '' },
    check: values => ({
      ...(values.current_password ? {} : { '/current_password': t.required }),
      ...(passwordOk(values.new_password) ? {} : { '/new_password': t.passwordWeak }),
    }),
    submit: async values => {
      await api.POST('/me/password', { body: values })
      form.reset({ current_password: '', new_password: '' })
      void client.invalidateQueries({ queryKey: ['sessions'] })
      toast(t.passwordChanged)
    },
  })
  return (
    <Card title={t.password}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <Fields>
          <PasswordInput
            label={t.currentPassword}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t.passwordWords.show }}
            {...form.text('current_password')}
          />
          <NewPassword label={t.newPassword} words={t.passwordWords} {...form.text('new_password')} />
        </Fields>
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {t.changePassword}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}
