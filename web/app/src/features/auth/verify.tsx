import { Button, TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { Refused, useForm } from '@/ui/form'
import { useTitle } from '@/ui/page'
import { Banner, FormBanner, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './auth.module.css'
import { MailboxHint } from './mailbox'
import { useEnter } from './signed-in'
import { t } from './text'

const RESEND_AFTER = 30

export function VerifyEmail() {
  useTitle(t.verifyTitle)
  const { token, email: known } = useSearch({ from: '/auth/verifier-email' })
  const enter = useEnter()
  const [tokenFailed, setTokenFailed] = useState(false)
  const [wait, setWait] = useState(known ? RESEND_AFTER : 0)
  // The link works once; React's double effect in development must not spend it twice.
  const spent = useRef<string>(undefined)

  useEffect(() => {
    if (!token || spent.current === token) return
    spent.current = token
    data(api.POST('/auth/verify-email', { body: { token } }))
      .then(() => enter('/bienvenue'))
      .catch(() => setTokenFailed(true))
  }, [token, enter])

  useEffect(() => {
    if (wait <= 0) return
    const timer = setTimeout(() => setWait(wait - 1), 1000)
    return () => clearTimeout(timer)
  }, [wait])

  const form = useForm({
    initial: { email: known ?? '', code: '' },
    submit: async values => {
      try {
        await data(api.POST('/auth/verify-email', { body: { email: values.email.trim(), code: values.code.replace(/\s/g, '') } }))
      } catch (error) {
        if (error instanceof ApiError && [401, 404, 409, 422].includes(error.status)) throw new Refused({ '/code': t.codeWrong })
        throw error
      }
      await enter('/bienvenue')
    },
  })

  const resend = async () => {
    setWait(RESEND_AFTER)
    try {
      await api.POST('/auth/verify-email/resend', { body: { email: form.values.email.trim() } })
      toast(t.resent)
    } catch (error) {
      toastError(error)
    }
  }

  if (token && !tokenFailed) {
    return (
      <div className={classes.card}>
        <h1>{t.verifyTitle}</h1>
        <p className="muted">{t.verifying}</p>
        <Loading lines={2} />
      </div>
    )
  }
  return (
    <div className={classes.card}>
      <h1>{t.verifyTitle}</h1>
      {tokenFailed && <Banner>{t.verifyFailed}</Banner>}
      <p className="muted">{known ? t.verifySent(known) : t.verifyAny}</p>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        {!known && (
          <TextInput label={t.email} type="email" autoComplete="email" required maxLength={254} {...form.text('email')} />
        )}
        <TextInput
          label={t.verifyCode}
          className={classes.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus={Boolean(known)}
          required
          maxLength={7}
          {...form.text('code')}
        />
        <Button
          type="submit"
          loading={form.busy}
          disabled={form.values.code.replace(/\D/g, '').length < 6 || !form.values.email.trim()}
        >
          {t.verify}
        </Button>
      </form>
      <div className={classes.links}>
        <button
          type="button"
          className={classes.linkButton}
          disabled={wait > 0 || !form.values.email.trim()}
          onClick={() => void resend()}
        >
          {wait > 0 ? t.resendIn(wait) : t.resend}
        </button>
        <Link to="/connexion">{t.backToLogin}</Link>
      </div>
      <MailboxHint />
    </div>
  )
}
