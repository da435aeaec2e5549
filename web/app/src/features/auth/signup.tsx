import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useId } from 'react'
import { api } from '@/api/client'
import type { Trade } from '@/api/types'
import { useForm } from '@/ui/form'
import { NewPassword, passwordOk } from '@/ui/new-password'
import { useTitle } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import classes from './auth.module.css'
import { t } from './text'

const FRENCH_ZONES =
  /^(Europe\/Paris|America\/(Guadeloupe|Martinique|Cayenne|Miquelon)|Indian\/(Reunion|Mayotte)|Pacific\/(Noumea|Tahiti|Wallis))$/

/** The browser's own zone when it is a French one: overseas companies then start right. */
export function likelyZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return FRENCH_ZONES.test(zone) ? zone : 'Europe/Paris'
}

export function Signup() {
  useTitle(t.signup)
  const navigate = useNavigate()
  const tradeLabel = useId()
  const form = useForm({
    initial: { company_name: '', full_name: '', email: '', password: '', trade: 'garage' as Trade },
    check: values => {
      const errors: Record<string, string> = {}
      for (const key of ['company_name', 'full_name', 'email'] as const) if (!values[key].trim()) errors[`/${key}`] = t.required
      if (!passwordOk(values.password)) errors['/password'] = t.passwordWeak
      return errors
    },
    submit: async values => {
      const email = values.email.trim()
      await api.POST('/auth/signup', {
        body: {
          ...values,
          email,
          company_name: values.company_name.trim(),
          full_name: values.full_name.trim(),
          time_zone: likelyZone(),
        },
      })
      await navigate({ to: '/verifier-email', search: { email } })
    },
  })
  return (
    <div className={classes.card}>
      <div>
        <h1>{t.signup}</h1>
        <p className="muted">{t.signupHint}</p>
      </div>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        <TextInput
          label={t.company}
          autoComplete="organization"
          required
          autoFocus
          maxLength={200}
          {...form.text('company_name')}
        />
        <div>
          <div id={tradeLabel} className="field-label">
            {t.trade}
          </div>
          <SegmentedControl
            fullWidth
            aria-labelledby={tradeLabel}
            data={(Object.keys(t.trades) as Trade[]).map(value => ({ value, label: t.trades[value] }))}
            value={form.values.trade}
            onChange={trade => form.set({ trade: trade as Trade })}
          />
        </div>
        <TextInput label={t.fullName} autoComplete="name" required maxLength={200} {...form.text('full_name')} />
        <TextInput label={t.email} type="email" autoComplete="email" required maxLength={254} {...form.text('email')} />
        <NewPassword label={t.password} words={t.passwordWords} {...form.text('password')} />
        <Button type="submit" loading={form.busy} fullWidth>
          {t.createAccount}
        </Button>
      </form>
      <div className={classes.links}>
        <span>
          <span className="muted">{t.haveAccount}</span> <Link to="/connexion">{t.signIn}</Link>
        </span>
      </div>
    </div>
  )
}
