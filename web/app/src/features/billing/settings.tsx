// How the company invoices, and what its documents must say of it.
import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { BillingProfile } from '@/api/types'
import { useCan } from '@/app/me'
import { Refused, useForm } from '@/ui/form'
import { Card, FormActions, useTitle } from '@/ui/page'
import { Banner, Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './billing.module.css'
import { field, typedNumber } from './money'
import { profileQuery } from './queries'
import { t } from './text'

export function BillingSettings() {
  useTitle(t.settings)
  const profile = useQuery(profileQuery)
  const [round, setRound] = useState(0)
  if (profile.isError && !profile.data) return <Failed error={profile.error} retry={() => void profile.refetch()} />
  if (!profile.data) return <Loading />
  return (
    <>
      {profile.data.missing.length ? (
        <Banner tone="warn">
          <strong>{t.incomplete}</strong>
          <ul className={classes.missing}>
            {profile.data.missing.map(lack => (
              <li key={lack.pointer}>{t.lacks[lack.pointer] ?? lack.detail}</li>
            ))}
          </ul>
          <Link to="/parametres/entreprise">{t.companyProfile}</Link>
        </Banner>
      ) : (
        <Banner tone="good">{t.complete}</Banner>
      )}
      <ProfileForm key={round} profile={profile.data} done={() => setRound(current => current + 1)} />
    </>
  )
}

const options = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }))

function ProfileForm({ profile: latest, done }: { profile: BillingProfile; done: () => void }) {
  const [profile] = useState(latest)
  const client = useQueryClient()
  const can = useCan()
  const form = useForm({
    initial: {
      vat_regime: profile.vat_regime,
      territory: profile.territory,
      vat_on_debits: profile.vat_on_debits,
      share_capital: profile.share_capital ?? '',
      rcs_city: profile.rcs_city ?? '',
      iban: (profile.iban ?? '').replace(/(.{4})(?=.)/g, '$1 '),
      bic: profile.bic ?? '',
      payment_days: String(profile.payment_days),
      late_rate: field(profile.late_rate),
      discount_terms: profile.discount_terms ?? '',
      mention_set: profile.mention_set,
      prices_include_vat: profile.prices_include_vat,
      footer: profile.footer ?? '',
    },
    submit: async values => {
      const late_rate = values.late_rate.trim() ? typedNumber(values.late_rate) : null
      if (late_rate === undefined) throw new Refused({ '/late_rate': t.requiredAmount })
      if (!/^\d{1,2}$/.test(values.payment_days.trim())) throw new Refused({ '/payment_days': t.requiredAmount })
      const text = (value: string) => value.trim() || null
      const body = {
        vat_regime: values.vat_regime,
        territory: values.territory,
        vat_on_debits: values.vat_on_debits,
        share_capital: text(values.share_capital),
        rcs_city: text(values.rcs_city),
        iban: text(values.iban),
        bic: text(values.bic),
        payment_days: Number(values.payment_days),
        late_rate,
        discount_terms: text(values.discount_terms),
        mention_set: values.mention_set,
        prices_include_vat: values.prices_include_vat,
        footer: text(values.footer),
      }
      const saved = await data(api.PATCH('/billing-profile', { body, headers: ifMatch(profile.version) }))
      client.setQueryData(profileQuery.queryKey, saved)
      toast(t.settingsSaved)
      done()
    },
  })
  const { values, set } = form
  const select = (key: 'vat_regime' | 'territory' | 'mention_set') => ({
    value: values[key],
    onChange: (event: { currentTarget: { value: string } }) =>
      set({ [key]: event.currentTarget.value } as Partial<typeof values>),
  })
  return (
    <Card title={t.settings}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <fieldset disabled={!can('billing.manage')} className={classes.fields}>
          <NativeSelect label={t.regime} data={options(t.regimes)} {...select('vat_regime')} />
          <NativeSelect label={t.territory} data={options(t.territories)} {...select('territory')} />
          <TextInput label={t.capital} placeholder="10 000 €" maxLength={40} {...form.text('share_capital')} />
          <TextInput label={t.rcs} maxLength={80} {...form.text('rcs_city')} />
          <TextInput label={t.iban} maxLength={42} {...form.text('iban')} />
          <TextInput label={t.bic} maxLength={11} {...form.text('bic')} />
          <TextInput label={t.paymentDays} inputMode="numeric" {...form.text('payment_days')} />
          <TextInput label={t.lateRate} description={t.lateRateHint} inputMode="decimal" {...form.text('late_rate')} />
          <TextInput
            className={classes.wide}
            label={t.discountTerms}
            description={t.discountTermsHint}
            maxLength={200}
            {...form.text('discount_terms')}
          />
          <NativeSelect className={classes.wide} label={t.mentionSet} data={options(t.mentionSets)} {...select('mention_set')} />
          <Textarea
            className={classes.wide}
            label={t.footer}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={500}
            {...form.text('footer')}
          />
          <Checkbox
            label={t.debits}
            checked={values.vat_on_debits}
            onChange={event => set({ vat_on_debits: event.currentTarget.checked })}
          />
          <Checkbox
            label={t.defaultVat}
            checked={values.prices_include_vat}
            onChange={event => set({ prices_include_vat: event.currentTarget.checked })}
          />
        </fieldset>
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.dirty || !can('billing.manage')}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}
