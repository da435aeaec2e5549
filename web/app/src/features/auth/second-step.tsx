import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { Refused, useForm } from '@/ui/form'
import { FormBanner } from '@/ui/states'
import classes from './auth.module.css'
import { t } from './text'

/** The token of the second step when a sign-in asks for one, nothing when it opened a session. */
export async function secondFactorOf(signIn: Promise<unknown>): Promise<string | undefined> {
  try {
    await signIn
    return undefined
  } catch (error) {
    if (error instanceof ApiError && error.code === 'mfa_required' && error.problem.mfa_token) return error.problem.mfa_token
    throw error
  }
}

export function SecondStep({ token, onBack, onDone }: { token: string; onBack: () => void; onDone: () => Promise<void> }) {
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
