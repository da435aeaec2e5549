import { Button, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { tagsQuery } from '@/api/queries'
import type { Tag as ContactTag, Tone } from '@/api/types'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconTag } from '@/ui/icons'
import { Card, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

const TONES: Tone[] = ['neutral', 'info', 'good', 'bad']

export function TagSettings() {
  useTitle(t.pages.etiquettes)
  const client = useQueryClient()
  const tags = useQuery(tagsQuery)
  const [editing, setEditing] = useState<ContactTag>()
  const [removing, setRemoving] = useState<ContactTag>()
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['tags'] })
    void client.invalidateQueries({ queryKey: ['contacts'] })
  }
  const remove = async (tag: ContactTag) => {
    try {
      await api.DELETE('/tags/{id}', { params: { path: { id: tag.id } } })
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <>
      <Card title={t.newTag}>
        <p className={classes.hint}>{t.tagsHint}</p>
        <TagForm
          verb={t.create}
          submit={async values => {
            await data(api.POST('/tags', { body: values }))
            refresh()
          }}
        />
      </Card>
      <Card title={t.pages.etiquettes} flush>
        {tags.isError ? (
          <Failed error={tags.error} retry={() => void tags.refetch()} />
        ) : !tags.data ? (
          <Loading lines={4} height={52} />
        ) : tags.data.length ? (
          <Rows label={t.pages.etiquettes}>
            {tags.data.map(tag => (
              <Row
                key={tag.id}
                title={<Tag tone={tag.tone}>{tag.name}</Tag>}
                marks={
                  <Link to="/contacts" search={{ tag: tag.id }} className="small">
                    {t.tagCount(tag.contact_count)}
                  </Link>
                }
                actions={
                  <>
                    <Button size="compact-sm" variant="default" aria-label={t.editTag(tag.name)} onClick={() => setEditing(tag)}>
                      {t.edit}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t.deleteTag(tag.name)}
                      onClick={() => setRemoving(tag)}
                    >
                      {t.delete}
                    </Button>
                  </>
                }
              />
            ))}
          </Rows>
        ) : (
          <Empty icon={<IconTag size={26} aria-hidden />} title={t.tagsNone}>
            {t.tagsNoneHint}
          </Empty>
        )}
      </Card>
      {editing && (
        <Dialog opened onClose={() => setEditing(undefined)} title={t.tagEditTitle}>
          <TagForm
            tag={editing}
            verb={ui.save}
            submit={async values => {
              await data(api.PATCH('/tags/{id}', { params: { path: { id: editing.id } }, body: values }))
              refresh()
              setEditing(undefined)
            }}
          />
        </Dialog>
      )}
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title={t.deleteTagTitle(removing.name)}
          verb={t.delete}
          run={() => remove(removing)}
        >
          {t.deleteTagBody(removing.contact_count)}
        </Confirm>
      )}
    </>
  )
}

interface TagValues {
  name: string
  tone: Tone
}

function TagForm({ tag, verb, submit }: { tag?: ContactTag; verb: string; submit: (values: TagValues) => Promise<void> }) {
  const form = useForm<TagValues>({
    initial: { name: tag?.name ?? '', tone: tag?.tone ?? 'neutral' },
    check: (values): Record<string, string> => (values.name.trim() ? {} : { '/name': t.required }),
    submit: async values => {
      await submit({ ...values, name: values.name.trim() })
      if (!tag) form.reset({ name: '', tone: values.tone })
    },
  })
  return (
    <form onSubmit={form.submit} noValidate>
      <FormBanner form={form} />
      <div className={classes.line}>
        <TextInput label={t.tagName} required maxLength={60} {...form.text('name')} />
        <Select
          label={t.tone}
          data={TONES.map(value => ({ value, label: t.tones[value] }))}
          value={form.values.tone}
          onChange={tone => form.set({ tone: (tone ?? 'neutral') as Tone })}
          allowDeselect={false}
          renderOption={({ option }) => <Tag tone={option.value as Tone}>{option.label}</Tag>}
        />
        <Button type="submit" loading={form.busy}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
