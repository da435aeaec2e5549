import { Button, PasswordInput, TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { askPasskey, dismissed, passkeysSupported } from '@/api/webauthn'
import { Refused, useForm } from '@/ui/form'
import { IconKey } from '@/ui/icons'
import { useTitle } from '@/ui/page'
import { problemText } from '@/ui/problem-text'
import { Banner, FormBanner } from '@/ui/states'
import classes from './auth.module.css'
import { useEnter } from './signed-in'
import { t } from './text'

export function Login() {
  useTitle(t.login)
  const { suite } = useSearch({ from: '/auth/connexion' })
  const enter = useEnter()
  const [mfaToken, setMfaToken] = useState<string>()
  const [passkeyError, setPasskeyError] = useState<string>()
  const [asking, setAsking] = useState(false)
  const form = useForm({
    initial: { email: '', password: '' },
    check: values => ({
      ...(values.email.trim() ? {} : { '/email': t.required }),
      ...(values.password ? {} : { '/password': t.required }),
    }),
    submit: async values => {
      setPasskeyError(undefined)
      try {
        await data(api.POST('/auth/login', { body: { email: values.email.trim(), password: values.password } }))
      } catch (error) {
        if (error instanceof ApiError && error.code === 'mfa_required' && error.problem.mfa_token)
          return setMfaToken(error.problem.mfa_token)
        throw error
      }
      await enter(suite)
    },
  })

  const withPasskey = async () => {
    setPasskeyError(undefined)
    setAsking(true)
    try {
      const challenge = await data(api.POST('/auth/passkeys/challenge'))
      const credential = await askPasskey(challenge.public_key)
      await data(api.POST('/auth/passkeys/login', { body: { challenge_id: challenge.challenge_id, credential } }))
      await enter(suite)
    } catch (error) {
      if (!dismissed(error))
        setPasskeyError(error instanceof ApiError && error.status !== 401 ? problemText(error) : t.passkeyFailed)
    } finally {
      setAsking(false)
    }
  }

  if (mfaToken) return <SecondStep token={mfaToken} onBack={() => setMfaToken(undefined)} onDone={() => enter(suite)} />
  return (
    <div className={classes.card}>
      <h1>{t.login}</h1>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        {passkeyError && <Banner>{passkeyError}</Banner>}
        <TextInput
          label={t.email}
          type="email"
          autoComplete="username"
          required
          autoFocus
          maxLength={254}
          {...form.text('email')}
        />
        <PasswordInput
          label={t.password}
          autoComplete="current-password"
          required
          maxLength={200}
          visibilityToggleButtonProps={{ 'aria-label': t.showPassword }}
          {...form.text('password')}
        />
        <Button type="submit" loading={form.busy} fullWidth>
          {t.signIn}
        </Button>
      </form>
      {passkeysSupported() && (
        <>
          <div className={classes.or}>{t.or}</div>
          <Button
            variant="default"
            fullWidth
            leftSection={<IconKey size={17} aria-hidden />}
            loading={asking}
            onClick={() => void withPasskey()}
          >
            {t.withPasskey}
          </Button>
        </>
      )}
      <div className={classes.links}>
        <Link to="/mot-de-passe-oublie">{t.forgotten}</Link>
        <span>
          <span className="muted">{t.noAccount}</span> <Link to="/inscription">{t.create}</Link>
        </span>
      </div>
    </div>
  )
}

function SecondStep({ token, onBack, onDone }: { token: string; onBack: () => void; onDone: () => Promise<void> }) {
  const [recovery, setRecovery] = useState(false)
  const form = useForm({
    initial: { code: '' },
    submit: async values => {
      try {
        await data(api.POST('/auth/mfa', { body: { mfa_token: token, code: values.code.replace(/\s/g, '') } }))
      } catch (error) {
        if (error instanceof ApiError && (error.status === 401 || error.status === 422))
          throw new Refused({ '/code': t.codeWrong })
        throw error
      }
      await onDone()
    },
  })
  return (
    <div className={classes.card}>
      <h1>{t.mfaTitle}</h1>
      <p className="muted">{recovery ? t.mfaRecoveryHint : t.mfaHint}</p>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        <TextInput
          key={String(recovery)}
          label={t.mfaCode}
          autoFocus
          required
          className={classes.code}
          autoComplete="one-time-code"
          inputMode={recovery ? 'text' : 'numeric'}
          maxLength={recovery ? 40 : 7}
          {...form.text('code')}
        />
        <Button type="submit" loading={form.busy} disabled={form.values.code.trim().length < 6}>
          {t.verify}
        </Button>
      </form>
      <div className={classes.links}>
        <button
          type="button"
          className={classes.linkButton}
          onClick={() => {
            setRecovery(!recovery)
            form.reset({ code: '' })
          }}
        >
          {recovery ? t.mfaApp : t.mfaRecovery}
        </button>
        <button type="button" className={classes.linkButton} onClick={onBack}>
          {t.back}
        </button>
      </div>
    </div>
  )
}
