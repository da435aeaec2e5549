// What erasing a person does, told before it is done; their name is typed to confirm.
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { followJob } from '@/app/jobs'
import { number } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { problemText } from '@/ui/problem-text'
import { Banner, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './privacy.module.css'
import { t } from './text'

interface Props {
  contact: { id: string; name: string }
  onClose: () => void
}

export function EraseDialog({ contact, onClose }: Props) {
  const client = useQueryClient()
  const path = { params: { path: { id: contact.id } } }
  const preview = useQuery({
    queryKey: ['privacy', 'erasure', contact.id],
    queryFn: () => data(api.GET('/contacts/{id}/erasure', path)),
    staleTime: 0,
    retry: false,
  })
  const form = useForm({
    initial: { confirm: '', oppose: true },
    submit: async values => {
      followJob(await data(api.POST('/contacts/{id}/erasure', { ...path, body: values })))
      void client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.started)
      onClose()
    },
  })
  const blocking = preview.data?.holds.filter(hold => hold.blocks) ?? []
  const warnings = preview.data?.holds.filter(hold => !hold.blocks) ?? []
  const of = (effect: 'delete' | 'anonymise' | 'keep') => preview.data?.effects.filter(one => one.effect === effect) ?? []
  return (
    <Dialog opened onClose={onClose} title={t.eraseTitle(contact.name)} size={620}>
      {preview.isError ? (
        <Banner>{problemText(preview.error)}</Banner>
      ) : !preview.data ? (
        <Loading lines={6} />
      ) : (
        <form onSubmit={form.submit} noValidate className={classes.stack}>
          <p>{t.eraseBody}</p>
          {blocking.map(hold => (
            <Banner key={hold.key} tone="warn">
              <strong>{t.blocked}</strong> {hold.explanation}
            </Banner>
          ))}
          <Effects title={t.willDelete} items={of('delete')} />
          <Effects title={t.willAnonymise} items={of('anonymise')} />
          <section>
            <h3 className={classes.heading}>{t.willKeep}</h3>
            <ul className={classes.reasons}>
              {of('keep').map(one => (
                <li key={one.table}>
                  <strong>{t.tables[one.table] ?? one.table}</strong>
                  <span className="muted small">{one.reason}</span>
                </li>
              ))}
            </ul>
          </section>
          <ul className={classes.remarks}>
            {warnings.map(hold => (
              <li key={hold.key}>{hold.explanation}</li>
            ))}
            <li>{t.eraseElsewhere}</li>
            {preview.data.shared > 0 && <li>{t.shared(preview.data.shared)}</li>}
          </ul>
          <Checkbox
            label={t.oppose}
            description={t.opposeHint}
            checked={form.values.oppose}
            onChange={event => form.set({ oppose: event.currentTarget.checked })}
          />
          <TextInput
            label={t.typeName(preview.data.confirm)}
            autoComplete="off"
            disabled={blocking.length > 0}
            {...form.text('confirm')}
          />
          <FormBanner form={form} />
          <div className={classes.foot}>
            <Button variant="default" onClick={onClose}>
              {ui.cancel}
            </Button>
            <Button type="submit" color="red.8" loading={form.busy} disabled={!form.values.confirm.trim() || blocking.length > 0}>
              {t.erase}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function Effects({ title, items }: { title: string; items: { table: string; count: number }[] }) {
  if (!items.length) return null
  return (
    <section>
      <h3 className={classes.heading}>{title}</h3>
      <ul className={classes.effects}>
        {items.map(one => (
          <li key={one.table}>
            {t.tables[one.table] ?? one.table} <span className="muted">{number(one.count)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
