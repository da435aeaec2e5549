import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { useForm } from '@/ui/form'
import { NewPassword, passwordOk } from '@/ui/new-password'
import { useTitle } from '@/ui/page'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import classes from './auth.module.css'
import { SecondStep, secondFactorOf } from './second-step'
import { useEnter } from './signed-in'
import { t } from './text'

export function Invitation() {
  const { token } = useParams({ from: '/auth/invitation/$token' })
  const enter = useEnter()
  const navigate = useNavigate()
  const [mfaToken, setMfaToken] = useState<string>()
  const preview = useQuery({
    queryKey: ['invitation-preview', token],
    queryFn: () => data(api.GET('/auth/invitations/{token}', { params: { path: { token } } })),
    retry: false,
  })
  const invitation = preview.data
  useTitle(invitation ? t.inviteTitle(invitation.tenant_name) : undefined)
  const form = useForm({
    initial: { full_name: '', password: '' },
    check: values => {
      const errors: Record<string, string> = {}
      if (invitation?.account_exists) {
        if (!values.password) errors['/password'] = t.required
      } else {
        if (!values.full_name.trim()) errors['/full_name'] = t.required
        if (!passwordOk(values.password)) errors['/password'] = t.passwordWeak
      }
      return errors
    },
    submit: async values => {
      const body = invitation?.account_exists ? { password: values.password } : { ...values, full_name: values.full_name.trim() }
      const accepted = data(api.POST('/auth/invitations/{token}/accept', { params: { path: { token } }, body }))
      const mfa = await secondFactorOf(accepted)
      if (mfa) return setMfaToken(mfa)
      await enter('/')
    },
  })

  // The invitation is used up by now: going back leads to the sign-in.
  if (mfaToken)
    return <SecondStep token={mfaToken} onBack={() => void navigate({ to: '/connexion' })} onDone={() => enter('/')} />

  if (preview.isPending) {
    return (
      <div className={classes.card}>
        <Loading lines={4} />
      </div>
    )
  }
  if (!invitation) {
    const gone = preview.error instanceof ApiError && preview.error.status < 500 && preview.error.status > 0
    return (
      <div className={classes.card}>
        {gone ? (
          <Empty page title={t.inviteGone} action={<Link to="/connexion">{t.backToLogin}</Link>}>
            {t.inviteGoneHint}
          </Empty>
        ) : (
          <Failed page error={preview.error} retry={() => void preview.refetch()} />
        )}
      </div>
    )
  }
  return (
    <div className={classes.card}>
      <div>
        <h1>{t.inviteTitle(invitation.tenant_name)}</h1>
        <p className="muted">
          {invitation.inviter_name ? t.inviteBy(invitation.inviter_name, invitation.role_name) : t.inviteAs(invitation.role_name)}
        </p>
      </div>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        <TextInput label={t.email} value={invitation.email} readOnly autoComplete="username" />
        {invitation.account_exists ? (
          <PasswordInput
            label={t.password}
            description={t.inviteExisting}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t.showPassword }}
            {...form.text('password')}
          />
        ) : (
          <>
            <TextInput label={t.fullName} autoComplete="name" required autoFocus maxLength={200} {...form.text('full_name')} />
            <NewPassword label={t.password} words={t.passwordWords} {...form.text('password')} />
          </>
        )}
        <Button type="submit" loading={form.busy}>
          {t.accept}
        </Button>
      </form>
    </div>
  )
}
