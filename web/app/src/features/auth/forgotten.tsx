import { Button, TextInput } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '@/api/client'
import { ApiError } from '@/api/problem'
import { useForm } from '@/ui/form'
import { NewPassword, passwordOk } from '@/ui/new-password'
import { useTitle } from '@/ui/page'
import { Banner, FormBanner } from '@/ui/states'
import { toast } from '@/ui/toast'
import classes from './auth.module.css'
import { MailboxHint } from './mailbox'
import { t } from './text'

export function Forgotten() {
  useTitle(t.forgottenTitle)
  const [sent, setSent] = useState(false)
  const form = useForm({
    initial: { email: '' },
    submit: async values => {
      await api.POST('/auth/password/forgot', { body: { email: values.email.trim() } })
      setSent(true)
    },
  })
  return (
    <div className={classes.card}>
      <h1>{t.forgottenTitle}</h1>
      {sent ? (
        <>
          <Banner tone="good">{t.forgottenSent}</Banner>
          <MailboxHint />
        </>
      ) : (
        <>
          <p className="muted">{t.forgottenHint}</p>
          <form onSubmit={form.submit} noValidate>
            <FormBanner form={form} />
            <TextInput
              label={t.email}
              type="email"
              autoComplete="email"
              required
              autoFocus
              maxLength={254}
              {...form.text('email')}
            />
            <Button type="submit" loading={form.busy} disabled={!form.values.email.trim()}>
              {t.forgottenSend}
            </Button>
          </form>
        </>
      )}
      <div className={classes.links}>
        <Link to="/connexion">{t.backToLogin}</Link>
      </div>
    </div>
  )
}

export function Reset() {
  useTitle(t.resetTitle)
  const { token } = useSearch({ from: '/auth/reinitialiser' })
  const navigate = useNavigate()
  const [expired, setExpired] = useState(!token)
  const form = useForm({
    initial: { password: '' },
    check: (values): Record<string, string> => (passwordOk(values.password) ? {} : { '/password': t.passwordWeak }),
    submit: async values => {
      try {
        await api.POST('/auth/password/reset', { body: { token: token ?? '', password: values.password } })
      } catch (error) {
        const about = error instanceof ApiError && error.fields.some(field => field.pointer === '/password')
        if (error instanceof ApiError && [401, 404, 409, 422].includes(error.status) && !about) return setExpired(true)
        throw error
      }
      toast(t.resetDone)
      await navigate({ to: '/connexion' })
    },
  })
  return (
    <div className={classes.card}>
      <h1>{t.resetTitle}</h1>
      {expired ? (
        <Banner>{token ? t.resetExpired : t.resetMissing}</Banner>
      ) : (
        <form onSubmit={form.submit} noValidate>
          <FormBanner form={form} />
          <NewPassword label={t.newPassword} words={t.passwordWords} {...form.text('password')} />
          <Button type="submit" loading={form.busy}>
            {t.resetSave}
          </Button>
        </form>
      )}
      <div className={classes.links}>
        {expired && <Link to="/mot-de-passe-oublie">{t.askAgain}</Link>}
        <Link to="/connexion">{t.backToLogin}</Link>
      </div>
    </div>
  )
}
