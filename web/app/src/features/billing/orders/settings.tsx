// How the company makes quotes: what new ones begin with, and the general terms that they are accepted under.
import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { OrderSettings } from '@/api/types'
import { useCan } from '@/app/me'
import { Refused, useForm } from '@/ui/form'
import { Card, FormActions, useTitle } from '@/ui/page'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from '../billing.module.css'
import { field, typedNumber } from '../money'
import { t as billing } from '../text'
import { orderSettingsQuery } from './queries'
import { t } from './text'

export function QuoteSettings() {
  useTitle(t.settings)
  const query = useQuery(orderSettingsQuery)
  const [round, setRound] = useState(0)
  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  return <SettingsForm key={round} settings={query.data} done={() => setRound(current => current + 1)} />
}

function SettingsForm({ settings: latest, done }: { settings: OrderSettings & { version?: number }; done: () => void }) {
  const [settings] = useState(latest)
  const client = useQueryClient()
  const can = useCan()
  const form = useForm({
    initial: {
      validity_days: String(settings.validity_days),
      deposit_percent: field(settings.deposit_percent),
      deposit_kind: settings.deposit_kind,
      verification: settings.verification,
      line_by_line: settings.line_by_line,
      reminders: settings.reminders,
      terms: settings.terms ?? '',
    },
    submit: async values => {
      const days = Number(values.validity_days)
      const percent = values.deposit_percent.trim() ? typedNumber(values.deposit_percent) : null
      if (!Number.isInteger(days)) throw new Refused({ '/validity_days': billing.requiredAmount })
      if (percent === undefined) throw new Refused({ '/deposit_percent': billing.requiredAmount })
      const body = { ...values, validity_days: days, deposit_percent: percent, terms: values.terms.trim() || null }
      const saved = await data(
        api.PATCH('/order-settings', { body, headers: settings.version === undefined ? {} : ifMatch(settings.version) }),
      )
      client.setQueryData(orderSettingsQuery.queryKey, saved)
      toast(t.settingsSaved)
      done()
    },
  })
  const { values, set } = form
  return (
    <form onSubmit={form.submit} noValidate className={classes.editor}>
      <FormBanner form={form} />
      <fieldset disabled={!can('billing.manage')} className={classes.bare}>
        <div className={classes.editor}>
          <Card title={t.newQuotes}>
            <div className={classes.fields}>
              <TextInput label={t.validityDays} inputMode="numeric" rightSection={t.daysShort} {...form.text('validity_days')} />
              <TextInput
                label={t.deposit}
                description={t.depositHint}
                inputMode="decimal"
                rightSection="%"
                {...form.text('deposit_percent')}
              />
              <NativeSelect
                label={t.depositKind}
                description={t.depositKinds[values.deposit_kind].hint}
                data={Object.entries(t.depositKinds).map(([value, word]) => ({ value, label: word.name }))}
                value={values.deposit_kind}
                onChange={event => set({ deposit_kind: event.currentTarget.value === 'arrhes' ? 'arrhes' : 'acompte' })}
              />
              <NativeSelect
                label={t.verification}
                data={Object.entries(t.verifications).map(([value, label]) => ({ value, label }))}
                value={values.verification}
                onChange={event => set({ verification: event.currentTarget.value === 'none' ? 'none' : 'email' })}
              />
              <Checkbox
                className={classes.wide}
                label={t.lineByLine}
                checked={values.line_by_line}
                onChange={event => set({ line_by_line: event.currentTarget.checked })}
              />
              <Checkbox
                className={classes.wide}
                label={t.reminders}
                description={t.remindersHint}
                checked={values.reminders}
                onChange={event => set({ reminders: event.currentTarget.checked })}
              />
            </div>
          </Card>
          <Card title={t.generalTerms}>
            <p className="muted small">{settings.terms_version ? t.termsAre(settings.terms_version) : t.termsNone}</p>
            <Textarea label={t.termsText} autosize minRows={8} maxRows={24} maxLength={60000} {...form.text('terms')} />
          </Card>
          {can('billing.manage') && (
            <FormActions>
              <Button type="submit" loading={form.busy} disabled={!form.dirty}>
                {ui.save}
              </Button>
            </FormActions>
          )}
        </div>
      </fieldset>
    </form>
  )
}
