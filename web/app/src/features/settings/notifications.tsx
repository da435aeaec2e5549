// What a person wants to hear of, how, and when not.
import { Button, Checkbox, Select, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, ifMatch } from '@/api/client'
import type { NotificationSettings } from '@/api/types'
import { useForm } from '@/ui/form'
import { Card, Fields, FormActions, useTitle } from '@/ui/page'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

const KEY = ['notifications', 'settings']
const MAILS = ['never', 'once', 'digest'] as const

export function NotificationSettingsPage() {
  useTitle(t.pages.notifications)
  const settings = useQuery({ queryKey: KEY, queryFn: () => data(api.GET('/me/notification-settings')) })
  if (settings.isError && !settings.data) return <Failed error={settings.error} retry={() => void settings.refetch()} />
  if (!settings.data)
    return (
      <Card title={t.pages.notifications}>
        <Loading lines={6} />
      </Card>
    )
  return <Choices key={settings.data.version} settings={settings.data} />
}

function Choices({ settings }: { settings: NotificationSettings }) {
  const client = useQueryClient()
  const form = useForm({
    initial: {
      choices: settings.choices,
      quiet_hours: settings.quiet_hours,
      digest_hour: settings.digest_hour,
    },
    shows: pointer => pointer.startsWith('/quiet_hours') || pointer === '/digest_hour',
    submit: async values => {
      client.setQueryData(
        KEY,
        await data(api.PATCH('/me/notification-settings', { body: values, headers: ifMatch(settings.version) })),
      )
      toast(t.notifySaved)
    },
  })
  const { values, set, errors } = form
  type Choice = (typeof values.choices)[number]
  const choose = (kind: Choice['kind'], part: Partial<Choice>) =>
    set({ choices: values.choices.map(choice => (choice.kind === kind ? { ...choice, ...part } : choice)) })
  return (
    <form onSubmit={form.submit} noValidate className={classes.stack}>
      <FormBanner form={form} />
      <Card title={t.pages.notifications} flush>
        <table className={classes.notify}>
          <thead>
            <tr>
              <th scope="col">{t.notifyWhat}</th>
              <th scope="col">{t.notifyInApp}</th>
              <th scope="col">{t.notifyMail}</th>
            </tr>
          </thead>
          <tbody>
            {values.choices.map(choice => {
              const name = t.notifyKinds[choice.kind]
              return (
                <tr key={choice.kind}>
                  <th scope="row">{name}</th>
                  <td>
                    <Checkbox
                      aria-label={t.notifyInAppFor(name)}
                      checked={choice.in_app}
                      onChange={event => choose(choice.kind, { in_app: event.currentTarget.checked })}
                    />
                  </td>
                  <td>
                    <Select
                      aria-label={t.notifyMailFor(name)}
                      allowDeselect={false}
                      data={MAILS.map(value => ({ value, label: t.notifyMails[value] }))}
                      value={choice.email}
                      onChange={mail => choose(choice.kind, { email: MAILS.find(known => known === mail) ?? 'never' })}
                    />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Card>
      <Card title={t.quiet}>
        <div className={classes.stack}>
          <p className="muted small">{t.quietHint}</p>
          <Switch
            label={t.quietOn}
            checked={values.quiet_hours !== null}
            onChange={event => set({ quiet_hours: event.currentTarget.checked ? { from: '20:00', to: '07:00' } : null })}
          />
          {values.quiet_hours && (
            <Fields>
              <TextInput
                type="time"
                label={t.quietFrom}
                value={values.quiet_hours.from}
                error={errors['/quiet_hours/from']}
                onChange={event =>
                  set({ quiet_hours: { to: values.quiet_hours?.to ?? '07:00', from: event.currentTarget.value } })
                }
              />
              <TextInput
                type="time"
                label={t.quietTo}
                value={values.quiet_hours.to}
                error={errors['/quiet_hours/to']}
                onChange={event =>
                  set({ quiet_hours: { from: values.quiet_hours?.from ?? '20:00', to: event.currentTarget.value } })
                }
              />
            </Fields>
          )}
          <Fields>
            <Select
              label={`${t.digest} : ${t.digestHour.toLowerCase()}`}
              allowDeselect={false}
              data={Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: t.hourOf(hour) }))}
              value={String(values.digest_hour)}
              onChange={hour => set({ digest_hour: Number(hour ?? 8) })}
              error={errors['/digest_hour']}
            />
          </Fields>
        </div>
      </Card>
      <FormActions>
        <Button type="submit" loading={form.busy} disabled={!form.dirty}>
          {ui.save}
        </Button>
      </FormActions>
    </form>
  )
}
