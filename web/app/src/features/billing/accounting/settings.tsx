// The lock of the books, the fiscal year and the accounts.
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { useCan } from '@/app/me'
import { dateTime, day, decimal } from '@/i18n/format'
import { useForm } from '@/ui/form'
import { Card, FormActions } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import { profileQuery } from '../queries'
import classes from './accounting.module.css'
import { type AccountingSettings, settingsQuery } from './queries'
import { t } from './text'

export function AccountingSettingsCards() {
  const settings = useQuery(settingsQuery)
  const profile = useQuery(profileQuery)
  const [round, setRound] = useState(0)
  if (settings.isError) return <Failed error={settings.error} retry={() => void settings.refetch()} />
  if (!settings.data || profile.isPending) return <Loading />
  const rates = [...new Set((profile.data?.rates ?? []).map(rate => rate.rate))].filter(rate => Number(rate) > 0)
  return (
    <>
      <Lock settings={settings.data} />
      <Accounts key={round} settings={settings.data} rates={rates} done={() => setRound(current => current + 1)} />
    </>
  )
}

function Lock({ settings }: { settings: AccountingSettings }) {
  const can = useCan()
  const client = useQueryClient()
  const form = useForm({
    initial: { locked_until: settings.locked_until ?? '', reason: '' },
    check: (values): Record<string, string> => {
      if (!values.locked_until && !settings.locked_until) return { '/locked_until': t.required }
      const back = settings.locked_until && values.locked_until < settings.locked_until
      return back && !values.reason.trim() ? { '/reason': t.lockReasonNeeded } : {}
    },
    submit: async values => {
      const body = { locked_until: values.locked_until || null, reason: values.reason.trim() || null }
      client.setQueryData(settingsQuery.queryKey, await data(api.PUT('/accounting/lock', { body })))
      form.set({ reason: '' })
      toast(t.lockSaved)
    },
  })
  const back = Boolean(settings.locked_until && form.values.locked_until < settings.locked_until)
  return (
    <Card title={t.lock}>
      <p>{t.lockAbout}</p>
      <p>{settings.locked_until ? <strong>{t.lockedUntil(day(settings.locked_until))}</strong> : t.lockNone}</p>
      {can('accounting.manage') && (
        <form onSubmit={form.submit} noValidate className={classes.form}>
          <FormBanner form={form} />
          <div className={classes.bar}>
            <TextInput type="date" label={t.lockUntil} max={settings.today} {...form.text('locked_until')} />
            {back && <TextInput label={t.lockReason} description={t.lockReasonHint} maxLength={300} {...form.text('reason')} />}
            <Button
              type="submit"
              variant={back ? 'default' : undefined}
              loading={form.busy}
              disabled={form.values.locked_until === (settings.locked_until ?? '')}
            >
              {back ? t.unlockVerb : t.lockVerb}
            </Button>
          </div>
        </form>
      )}
      {settings.locks.length > 0 && (
        <Rows label={t.lockHistory}>
          {settings.locks.map(move => (
            <Row
              key={move.id}
              title={t.lockMove(
                move.previous ? day(move.previous) : t.lockOpen,
                move.locked_until ? day(move.locked_until) : t.lockOpen,
              )}
              detail={[dateTime(move.created_at), move.created_by, move.reason].filter(Boolean).join(' · ')}
            />
          ))}
        </Rows>
      )}
    </Card>
  )
}

const GROUPS: { group: keyof typeof t.accountGroups; keys: string[]; byRate?: string[] }[] = [
  { group: 'third', keys: ['customers', 'deposits'] },
  { group: 'sales', keys: ['sales.service', 'sales.goods'], byRate: ['sales.service', 'sales.goods'] },
  { group: 'vat', keys: ['vat'], byRate: ['vat'] },
  {
    group: 'money',
    keys: ['money.cash', 'money.cheque', 'money.card', 'money.transfer', 'money.direct_debit', 'money.online'],
  },
  { group: 'journals', keys: ['journal.sales', 'journal.bank', 'journal.cash'] },
]

function Accounts({ settings, rates, done }: { settings: AccountingSettings; rates: string[]; done: () => void }) {
  const can = useCan()
  const client = useQueryClient()
  const form = useForm({
    initial: {
      fiscal_end_month: String(settings.fiscal_end_month),
      accounts: settings.accounts as Record<string, string>,
    },
    shows: pointer => pointer.startsWith('/accounts/'),
    submit: async values => {
      const body = { fiscal_end_month: Number(values.fiscal_end_month), accounts: values.accounts }
      const saved = await data(api.PATCH('/accounting/settings', { body, headers: ifMatch(settings.version) }))
      client.setQueryData(settingsQuery.queryKey, saved)
      toast(t.settingsSaved)
      done()
    },
  })
  const { values, set } = form
  const field = (key: string, label: string, usual = '') => (
    <TextInput
      key={key}
      label={label}
      maxLength={12}
      placeholder={usual}
      value={values.accounts[key] ?? ''}
      error={form.errors[`/accounts/${key}`]}
      onChange={event => set({ accounts: { ...values.accounts, [key]: event.currentTarget.value } })}
    />
  )
  return (
    <Card title={t.accounts}>
      <p className="muted">{t.accountsAbout}</p>
      <form onSubmit={form.submit} noValidate className={classes.form}>
        <FormBanner form={form} />
        <fieldset disabled={!can('accounting.manage')} className={classes.group}>
          <div className={classes.accounts}>
            <NativeSelect
              label={t.fiscalEnd}
              data={t.months.map((label, index) => ({ value: String(index + 1), label }))}
              value={values.fiscal_end_month}
              onChange={event => set({ fiscal_end_month: event.currentTarget.value })}
            />
          </div>
          {GROUPS.map(section => (
            <fieldset key={section.group} className={classes.group}>
              <legend>{t.accountGroups[section.group]}</legend>
              <div className={classes.accounts}>
                {section.keys.map(key => field(key, t.accountNames[key] ?? key))}
                {section.byRate?.flatMap(key =>
                  rates.map(rate =>
                    field(`${key}.${rate}`, t.atRate(t.accountNames[key] ?? key, decimal(rate)), values.accounts[key] ?? ''),
                  ),
                )}
              </div>
            </fieldset>
          ))}
        </fieldset>
        {can('accounting.manage') && (
          <FormActions>
            <Button type="submit" loading={form.busy} disabled={!form.dirty}>
              {ui.save}
            </Button>
          </FormActions>
        )}
      </form>
    </Card>
  )
}
