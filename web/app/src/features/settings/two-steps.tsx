import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, saveFile } from '@/api/client'
import { ApiError } from '@/api/problem'
import { useMe } from '@/app/me'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { Card } from '@/ui/page'
import { Banner, FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

interface Setup {
  secret: string
  otpauth_url: string
  qr_png: string
}

export function TwoSteps() {
  const me = useMe()
  const client = useQueryClient()
  const [setup, setSetup] = useState<Setup>()
  const [codes, setCodes] = useState<string[]>()
  const [asking, setAsking] = useState<'disable' | 'codes'>()
  const refresh = () => client.invalidateQueries({ queryKey: ['me'] })
  const begin = async () => {
    try {
      setSetup(await data(api.POST('/me/totp')))
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.totp}
      actions={
        me.user.totp_enabled ? (
          <>
            <Button size="xs" variant="default" onClick={() => setAsking('codes')}>
              {t.recoveryNew}
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsking('disable')}>
              {t.totpDisable}
            </Button>
          </>
        ) : (
          <Button size="xs" onClick={() => void begin()}>
            {t.totpEnable}
          </Button>
        )
      }
    >
      <p className="muted">{me.user.totp_enabled ? t.totpOn : t.totpOff}</p>
      {setup && (
        <ConfirmSetup
          setup={setup}
          onClose={() => setSetup(undefined)}
          onDone={next => {
            setSetup(undefined)
            setCodes(next)
            void refresh()
          }}
        />
      )}
      {asking && (
        <AskPassword
          title={asking === 'disable' ? t.totpDisableTitle : t.recoveryNew}
          hint={asking === 'disable' ? undefined : t.recoveryNewBody}
          verb={asking === 'disable' ? t.totpDisable : t.recoveryGet}
          onClose={() => setAsking(undefined)}
          run={async password => {
            if (asking === 'codes') {
              setCodes((await data(api.POST('/me/recovery-codes', { body: { password } }))).recovery_codes)
            } else {
              await api.POST('/me/totp/disable', { body: { password } })
              toast(t.totpDisabled)
              await refresh()
            }
            setAsking(undefined)
          }}
        />
      )}
      {codes && <RecoveryCodes codes={codes} onClose={() => setCodes(undefined)} />}
    </Card>
  )
}

function ConfirmSetup({ setup, onClose, onDone }: { setup: Setup; onClose: () => void; onDone: (codes: string[]) => void }) {
  const form = useForm({
    initial: { code: '' },
    submit: async values => {
      try {
        onDone((await data(api.POST('/me/totp/confirm', { body: { code: values.code.replace(/\s/g, '') } }))).recovery_codes)
      } catch (error) {
        if (error instanceof ApiError && (error.status === 422 || error.code === 'invalid_credentials'))
          throw new Refused({ '/code': t.codeWrong })
        throw error
      }
    },
  })
  const image = setup.qr_png.startsWith('data:') ? setup.qr_png : `data:image/png;base64,${setup.qr_png}`
  return (
    <Dialog opened onClose={onClose} title={t.totp} size={540}>
      <p>{t.totpScan}</p>
      <div className={classes.qr}>
        <img src={image} alt={t.totpQr} />
        <form onSubmit={form.submit} noValidate>
          <FormBanner form={form} />
          <TextInput label={t.totpKey} value={setup.secret.replace(/(.{4})(?=.)/g, '$1 ')} readOnly className="mono" />
          <TextInput
            label={t.totpCode}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={7}
            data-autofocus
            {...form.text('code')}
          />
          <Button type="submit" loading={form.busy} disabled={form.values.code.replace(/\D/g, '').length < 6}>
            {t.totpConfirm}
          </Button>
        </form>
      </div>
    </Dialog>
  )
}

function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title={t.recovery}>
      <Banner tone="warn">{t.recoveryHint}</Banner>
      <ul className={classes.codes}>
        {codes.map(code => (
          <li key={code} className="mono">
            {code}
          </li>
        ))}
      </ul>
      <div className={classes.actions}>
        <Button
          variant="default"
          onClick={() => saveFile(new Blob([`${codes.join('\n')}\n`], { type: 'text/plain' }), 'vision-codes.txt')}
        >
          {t.download}
        </Button>
        <Button onClick={onClose}>{t.done}</Button>
      </div>
    </Dialog>
  )
}

interface AskProps {
  title: string
  hint?: string
  verb: string
  onClose: () => void
  run: (password: string) => Promise<void>
}

function AskPassword({ title, hint, verb, onClose, run }: AskProps) {
  const form = useForm({ initial: { password: '' }, submit: values => run(values.password) })
  return (
    <Dialog opened onClose={onClose} title={title}>
      {hint && <p>{hint}</p>}
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <PasswordInput
          label={t.currentPassword}
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': t.passwordWords.show }}
          {...form.text('password')}
        />
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.values.password}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
