// The kinds of things that a company adds to those that the product knows.
import { Button, MultiSelect, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { Fact, OwnKind } from '@/api/types'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconBox, IconPlus } from '@/ui/icons'
import { Card, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import formClasses from './form.module.css'
import { kindsQuery } from './queries'
import { t } from './text'

export function KindSettings() {
  useTitle(t.kindsTitle)
  const client = useQueryClient()
  const kinds = useQuery(kindsQuery)
  const [editing, setEditing] = useState<OwnKind | 'new'>()
  const [removing, setRemoving] = useState<OwnKind>()
  const refresh = () => void client.invalidateQueries({ queryKey: ['entities'] })
  const remove = async (kind: OwnKind) => {
    try {
      await api.DELETE('/entity-kinds/{id}', { params: { path: { id: kind.id } } })
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.kindsTitle}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setEditing('new')}
        >
          {t.kindNew}
        </Button>
      }
    >
      <p className="muted">{t.kindsHint}</p>
      {kinds.isError && !kinds.data ? (
        <Failed error={kinds.error} retry={() => void kinds.refetch()} />
      ) : !kinds.data ? (
        <Loading lines={3} height={52} />
      ) : kinds.data.own.length ? (
        <Rows label={t.kindsOwn}>
          {kinds.data.own.map(kind => (
            <Row
              key={kind.id}
              title={kind.name}
              detail={kind.facts.map(fact => t.facts[fact]).join(', ')}
              marks={<span className="muted small">{t.kindCount(kind.entity_count)}</span>}
              actions={
                <>
                  <Button size="compact-sm" variant="default" aria-label={t.kindEdit(kind.name)} onClick={() => setEditing(kind)}>
                    {t.edit}
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    color="gray"
                    aria-label={t.kindDelete(kind.name)}
                    onClick={() => setRemoving(kind)}
                  >
                    {t.delete}
                  </Button>
                </>
              }
            />
          ))}
        </Rows>
      ) : (
        <Empty icon={<IconBox size={26} aria-hidden />} title={t.kindsNone} />
      )}
      {editing && (
        <KindDialog
          kind={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
          done={() => {
            refresh()
            setEditing(undefined)
          }}
        />
      )}
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title={t.kindDeleteTitle(removing.name)}
          verb={t.delete}
          run={() => remove(removing)}
        >
          {t.kindDeleteBody}
        </Confirm>
      )}
    </Card>
  )
}

function KindDialog({ kind, onClose, done }: { kind?: OwnKind; onClose: () => void; done: () => void }) {
  const form = useForm<{ name: string; facts: Fact[] }>({
    initial: { name: kind?.name ?? '', facts: kind?.facts ?? [] },
    check: (values): Record<string, string> => (values.name.trim() ? {} : { '/name': t.required }),
    submit: async values => {
      const body = { name: values.name.trim(), facts: values.facts }
      if (kind) {
        const params = { path: { id: kind.id } }
        await data(api.PATCH('/entity-kinds/{id}', { params, body, headers: ifMatch(kind.version) }))
      } else await data(api.POST('/entity-kinds', { body }))
      done()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={kind ? t.kindEdit(kind.name) : t.kindNew}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <TextInput data-autofocus label={t.kindName} maxLength={40} {...form.text('name')} />
        <MultiSelect
          label={t.kindFacts}
          data={Object.entries(t.facts).map(([value, label]) => ({ value, label }))}
          value={form.values.facts}
          onChange={facts => form.set({ facts: facts as Fact[] })}
          error={form.errors['/facts']}
        />
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {kind ? ui.save : t.kindCreate}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
