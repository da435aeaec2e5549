// The words that customers agree to, and the list of those who objected.
import { Button, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { ConsentPurpose, Opposition } from '@/api/types'
import { useCan } from '@/app/me'
import { date } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { Card, FormActions, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './consents.module.css'
import { oppositionsQuery, PURPOSES, wordingsQuery } from './queries'
import { t } from './text'

export function ConsentSettings() {
  useTitle(t.page)
  return (
    <>
      <Wordings />
      <List />
      <Check />
      <Add />
    </>
  )
}

function Wordings() {
  const can = useCan()
  const wordings = useQuery(wordingsQuery)
  const [editing, setEditing] = useState<ConsentPurpose>()
  return (
    <Card title={t.wordings}>
      <div className={classes.stack}>
        <p className="muted">{t.wordingsHint}</p>
        {wordings.isError ? (
          <Failed error={wordings.error} retry={() => void wordings.refetch()} />
        ) : !wordings.data ? (
          <Loading lines={3} height={64} />
        ) : (
          <Rows label={t.wordings}>
            {PURPOSES.map(purpose => {
              const versions = wordings.data.filter(item => item.purpose === purpose)
              const last = versions[0]
              if (!last) return null
              return (
                <Row
                  key={purpose}
                  title={t.purposes[purpose]}
                  detail={
                    <>
                      <span className={classes.wording}>{last.body}</span>
                      <span className={classes.since}>
                        {[
                          last.created_at ? t.since(last.version, date(last.created_at)) : t.byDefault,
                          versions.length > 1 && t.older(versions.length - 1),
                        ]
                          .filter(Boolean)
                          .join(' · ')}
                      </span>
                    </>
                  }
                  actions={
                    can('company.manage') && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={t.editOf(t.purposes[purpose])}
                        onClick={() => setEditing(purpose)}
                      >
                        {t.edit}
                      </Button>
                    )
                  }
                />
              )
            })}
          </Rows>
        )}
      </div>
      {editing && (
        <EditWording
          purpose={editing}
          body={wordings.data?.find(item => item.purpose === editing)?.body ?? ''}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Card>
  )
}

function EditWording({ purpose, body, onClose }: { purpose: ConsentPurpose; body: string; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { body },
    submit: async values => {
      await data(api.POST('/consent-wordings', { body: { purpose, body: values.body } }))
      void client.invalidateQueries({ queryKey: wordingsQuery.queryKey })
      onClose()
      toast(t.published)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.editOf(t.purposes[purpose])} size={600}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <Textarea label={t.wording} autosize minRows={4} maxRows={14} maxLength={2000} {...form.text('body')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {t.publish}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

function List() {
  const counts = useQuery(oppositionsQuery)
  return (
    <Card title={t.list}>
      <p className="muted">{t.listHint}</p>
      {counts.isError ? (
        <Failed error={counts.error} retry={() => void counts.refetch()} />
      ) : !counts.data ? (
        <Loading lines={1} />
      ) : (
        <dl className={classes.counts}>
          {counts.data.map(item => (
            <div key={item.channel}>
              <dt>{t.channels[item.channel]}</dt>
              <dd>{t.count(item.count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  )
}

function Check() {
  const can = useCan()
  const client = useQueryClient()
  const [found, setFound] = useState<{ address: string; items: Opposition[] }>()
  const [lifting, setLifting] = useState(false)
  const form = useForm({
    initial: { address: '' },
    submit: async values => {
      setFound(undefined)
      const { items } = await data(api.POST('/oppositions/check', { body: values }))
      setFound({ address: values.address, items })
    },
  })
  return (
    <Card title={t.check}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <div className={classes.ask}>
          <TextInput label={t.address} autoComplete="off" {...form.text('address')} />
          <Button type="submit" variant="default" loading={form.busy} disabled={!form.values.address.trim()}>
            {t.checkIt}
          </Button>
        </div>
        <div aria-live="polite">
          {found && !found.items.length && <p>{t.notListed}</p>}
          {found && found.items.length > 0 && (
            <div className={classes.stack}>
              <p>{t.isListed(date(found.items.reduce((first, item) => (item.since < first.since ? item : first)).since))}</p>
              <div className={classes.head}>
                {found.items.map(item => (
                  <Tag key={`${item.channel}-${item.purpose}`} tone="bad">
                    {item.channel && t.channels[item.channel]} · {item.purpose && t.purposesShort[item.purpose]}
                  </Tag>
                ))}
              </div>
              {can('company.manage') && (
                <div>
                  <Button variant="subtle" size="compact-sm" color="red" onClick={() => setLifting(true)}>
                    {t.lift}
                  </Button>
                </div>
              )}
            </div>
          )}
        </div>
      </form>
      {lifting && found && (
        <Lift
          address={found.address}
          onClose={() => setLifting(false)}
          onLifted={() => {
            setFound(undefined)
            form.reset({ address: '' })
            void client.invalidateQueries({ queryKey: oppositionsQuery.queryKey })
          }}
        />
      )}
    </Card>
  )
}

function Lift({ address, onClose, onLifted }: { address: string; onClose: () => void; onLifted: () => void }) {
  const form = useForm({
    initial: { reason: '' },
    submit: async values => {
      await data(api.POST('/oppositions/lift', { body: { address, ...values } }))
      onLifted()
      onClose()
      toast(t.lifted)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.liftTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <strong>{address}</strong>
        <TextInput label={t.liftReason} description={t.liftReasonHint} maxLength={200} data-autofocus {...form.text('reason')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" color="red.8" loading={form.busy}>
            {t.liftVerb}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

function Add() {
  const can = useCan()
  const client = useQueryClient()
  const [left, setLeft] = useState(false)
  const form = useForm({
    initial: { addresses: '' },
    submit: async values => {
      const lines = values.addresses.split(/[\n;,]+/).flatMap(line => line.trim() || [])
      const done = await data(api.POST('/oppositions', { body: { addresses: lines, source: 'other' } }))
      void client.invalidateQueries({ queryKey: oppositionsQuery.queryKey })
      setLeft(done.invalid.length > 0)
      form.reset({ addresses: done.invalid.map(index => lines[index]).join('\n') })
      toast(t.added(done.added, done.known, done.invalid.length))
    },
  })
  if (!can('contacts.write')) return null
  return (
    <Card title={t.add}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <Textarea
          label={t.address}
          description={t.addHint}
          error={left ? t.invalidLines : form.errors['/addresses']}
          autosize
          minRows={3}
          maxRows={12}
          value={form.values.addresses}
          onChange={event => {
            setLeft(false)
            form.set({ addresses: event.currentTarget.value })
          }}
        />
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.values.addresses.trim()}>
            {t.addVerb}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}
