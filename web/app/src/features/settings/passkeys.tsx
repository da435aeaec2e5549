import { Button, PasswordInput, TextInput } from '@mantine/core'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import { createPasskey, dismissed, passkeysSupported } from '@/api/webauthn'
import { ago } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { IconKey } from '@/ui/icons'
import { Card } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

const passkeysQuery = queryOptions({ queryKey: ['passkeys'], queryFn: async () => (await data(api.GET('/me/passkeys'))).items })

export function Passkeys() {
  const client = useQueryClient()
  const passkeys = useQuery(passkeysQuery)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<{ id: string; name: string }>()
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['passkeys'] })
    void client.invalidateQueries({ queryKey: ['me'] })
  }
  const remove = async (id: string) => {
    try {
      await api.DELETE('/me/passkeys/{id}', { params: { path: { id } } })
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.passkeys}
      actions={
        passkeysSupported() && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            {t.passkeyAdd}
          </Button>
        )
      }
    >
      <p className={classes.hint}>{t.passkeysHint}</p>
      {passkeys.isError && <Failed error={passkeys.error} retry={() => void passkeys.refetch()} />}
      {passkeys.data?.length === 0 && <p className="muted">{t.passkeysNone}</p>}
      {passkeys.data && passkeys.data.length > 0 && (
        <Rows label={t.passkeys}>
          {passkeys.data.map(key => (
            <Row
              key={key.id}
              lead={<IconKey size={18} aria-hidden />}
              title={key.name}
              detail={key.last_used_at ? t.passkeyUsed(ago(key.last_used_at)) : t.passkeyUnused}
              actions={
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="gray"
                  aria-label={t.passkeyRemove(key.name)}
                  onClick={() => setRemoving(key)}
                >
                  {t.remove}
                </Button>
              }
            />
          ))}
        </Rows>
      )}
      {adding && <AddPasskey onClose={() => setAdding(false)} onDone={refresh} />}
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title={t.passkeyRemoveTitle(removing.name)}
          verb={t.remove}
          run={() => remove(removing.id)}
        >
          {t.passkeyRemoveBody}
        </Confirm>
      )}
    </Card>
  )
}

function AddPasskey({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const form = useForm({
    initial: { name: '', password: '' },
    check: (values): Record<string, string> => ({
      ...(values.name.trim() ? {} : { '/name': t.required }),
      ...(values.password ? {} : { '/password': t.required }),
    }),
    submit: async values => {
      try {
        const challenge = await data(api.POST('/me/passkeys/challenge', { body: { password: values.password } }))
        const credential = await createPasskey(challenge.public_key)
        await data(
          api.POST('/me/passkeys', { body: { challenge_id: challenge.challenge_id, name: values.name.trim(), credential } }),
        )
      } catch (error) {
        if (dismissed(error)) return
        if (!(error instanceof ApiError)) throw new Refused({ '/name': t.passkeyFailed })
        throw error
      }
      onDone()
      onClose()
      toast(t.passkeyAdded)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.passkeyAdd}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput
          label={t.passkeyName}
          placeholder={t.passkeyNameHint}
          required
          maxLength={80}
          data-autofocus
          {...form.text('name')}
        />
        <PasswordInput
          label={t.currentPassword}
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ 'aria-label': t.passwordWords.show }}
          {...form.text('password')}
        />
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.passkeyAdd}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
