import { Button, PasswordInput, TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { askPasskey, dismissed, passkeysSupported } from '@/api/webauthn'
import { useForm } from '@/ui/form'
import { IconKey } from '@/ui/icons'
import { useTitle } from '@/ui/page'
import { problemText } from '@/ui/problem-text'
import { Banner, FormBanner } from '@/ui/states'
import classes from './auth.module.css'
import { SecondStep, secondFactorOf } from './second-step'
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
      const body = { email: values.email.trim(), password: values.password }
      const mfa = await secondFactorOf(data(api.POST('/auth/login', { body })))
      if (mfa) return setMfaToken(mfa)
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
