import { ActionIcon, Button, CopyButton, TextInput } from '@mantine/core'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { ApiKey, Permission } from '@/api/types'
import { useCan } from '@/app/me'
import { ago, date } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconCheck, IconCopy, IconKey, IconPlus } from '@/ui/icons'
import { Card, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Banner, Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import { PermissionChecks } from './permissions'
import classes from './settings.module.css'
import { t } from './text'

const keysQuery = queryOptions({ queryKey: ['api_keys'], queryFn: async () => (await data(api.GET('/api-keys'))).items })

export function ApiKeys() {
  useTitle(t.pages['cles-api'])
  const client = useQueryClient()
  const keys = useQuery(keysQuery)
  const [creating, setCreating] = useState(false)
  const [secret, setSecret] = useState<string>()
  const [revoking, setRevoking] = useState<ApiKey>()
  const refresh = () => client.invalidateQueries({ queryKey: ['api_keys'] })
  const revoke = async (key: ApiKey) => {
    try {
      await api.DELETE('/api-keys/{id}', { params: { path: { id: key.id } } })
      toast(t.keyRevoked)
      await refresh()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.pages['cles-api']}
      flush
      actions={
        <>
          <a href="/api/docs" target="_blank" rel="noreferrer" className="small">
            {t.keyDocs}
          </a>
          <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setCreating(true)}>
            {t.newKey}
          </Button>
        </>
      }
    >
      {keys.isError ? (
        <Failed error={keys.error} retry={() => void keys.refetch()} />
      ) : !keys.data ? (
        <Loading lines={3} height={56} />
      ) : keys.data.length ? (
        <Rows label={t.pages['cles-api']}>
          {keys.data.map(key => (
            <Row
              key={key.id}
              lead={<IconKey size={18} aria-hidden />}
              title={key.name}
              detail={
                <>
                  <span className="mono">{key.prefix}…</span> · {date(key.created_at)} ·{' '}
                  {key.last_used_at ? t.keyUsed(ago(key.last_used_at)) : t.keyUnused}
                  <div>{key.permissions.map(permission => t.permissions[permission] ?? permission).join(', ')}</div>
                </>
              }
              actions={
                <Button size="compact-sm" variant="default" onClick={() => setRevoking(key)}>
                  {t.keyRevoke}
                </Button>
              }
            />
          ))}
        </Rows>
      ) : (
        <Empty icon={<IconKey size={26} aria-hidden />} title={t.keysNone}>
          {t.keysHint}
        </Empty>
      )}
      {creating && (
        <NewKey
          onClose={() => setCreating(false)}
          onDone={made => {
            setCreating(false)
            setSecret(made)
            void refresh()
          }}
        />
      )}
      {secret && <Secret secret={secret} onClose={() => setSecret(undefined)} />}
      {revoking && (
        <Confirm
          opened
          onClose={() => setRevoking(undefined)}
          title={t.keyRevokeTitle(revoking.name)}
          verb={t.keyRevoke}
          run={() => revoke(revoking)}
        >
          {t.keyRevokeBody}
        </Confirm>
      )}
    </Card>
  )
}

function NewKey({ onClose, onDone }: { onClose: () => void; onDone: (secret: string) => void }) {
  const can = useCan()
  const form = useForm({
    initial: { name: '', permissions: ['contacts.read'] as Permission[] },
    check: (values): Record<string, string> => ({
      ...(values.name.trim() ? {} : { '/name': t.required }),
      ...(values.permissions.length ? {} : { '/permissions': t.keyPermissionNeeded }),
    }),
    submit: async values => onDone((await data(api.POST('/api-keys', { body: { ...values, name: values.name.trim() } }))).secret),
  })
  return (
    <Dialog opened onClose={onClose} title={t.newKey} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput label={t.keyName} placeholder={t.keyNameHint} required maxLength={80} data-autofocus {...form.text('name')} />
        <PermissionChecks value={form.values.permissions} onChange={permissions => form.set({ permissions })} allowed={can} />
        {form.errors['/permissions'] && <Banner>{form.errors['/permissions']}</Banner>}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.create}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog opened onClose={onClose} title={t.keySecretTitle}>
      <Banner tone="warn">{t.keySecretHint}</Banner>
      <div className={classes.secret}>
        <code>{secret}</code>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <ActionIcon variant="default" aria-label={copied ? ui.copied : ui.copy} onClick={copy}>
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          )}
        </CopyButton>
      </div>
      <div className={classes.actions}>
        <Button onClick={onClose}>{ui.close}</Button>
      </div>
    </Dialog>
  )
}
