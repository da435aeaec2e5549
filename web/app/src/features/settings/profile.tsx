import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { meQuery } from '@/api/queries'
import { useMe } from '@/app/me'
import { switchLocale } from '@/i18n'
import { useForm } from '@/ui/form'
import { Card, Fields, FormActions, useTitle } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

export function Profile() {
  useTitle(t.pages.profil)
  const me = useMe()
  const client = useQueryClient()
  const form = useForm({
    initial: { full_name: me.user.full_name, locale: me.user.locale },
    check: (values): Record<string, string> => (values.full_name.trim() ? {} : { '/full_name': t.required }),
    submit: async values => {
      client.setQueryData(
        meQuery.queryKey,
        await data(api.PATCH('/me', { body: { ...values, full_name: values.full_name.trim() } })),
      )
      toast(t.profileSaved)
      switchLocale(values.locale)
    },
  })
  return (
    <Card title={t.pages.profil}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <Fields>
          <TextInput label={t.fullName} autoComplete="name" required maxLength={200} {...form.text('full_name')} />
          <TextInput
            label={t.email}
            description={t.emailHint}
            inputWrapperOrder={['label', 'input', 'description']}
            value={me.user.email}
            readOnly
          />
          <div>
            <div className="field-label">{t.language}</div>
            <SegmentedControl
              fullWidth
              aria-label={t.language}
              value={form.values.locale}
              onChange={locale => form.set({ locale: locale === 'en' ? 'en' : 'fr' })}
              data={[
                { value: 'fr', label: 'Français' },
                { value: 'en', label: 'English' },
              ]}
            />
          </div>
        </Fields>
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}
