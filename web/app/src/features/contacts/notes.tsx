import { ActionIcon, Button, Menu, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { Note } from '@/api/types'
import { ago, dateTime } from '@/i18n/format'
import { IconDots, IconPin } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { Card } from '@/ui/page'
import { Failed } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './detail.module.css'
import { notesQuery } from './queries'
import { t } from './text'

/** Long enough to change one's mind, as long as the toast stays. */
const UNDO_MS = 8000

export function Notes({
  contactId,
  editable,
  composer,
}: {
  contactId: string
  editable: boolean
  composer: RefObject<HTMLTextAreaElement | null>
}) {
  const client = useQueryClient()
  const notes = useQuery(notesQuery(contactId))
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())

  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['contacts', contactId] })
    void client.invalidateQueries({ queryKey: ['home'] })
  }
  const add = async (body: string) => {
    await data(api.POST('/contacts/{id}/notes', { params: { path: { id: contactId } }, body: { body } }))
    refresh()
  }
  const change = async (note: Note, part: { body?: string; pinned?: boolean }) => {
    await data(api.PATCH('/notes/{id}', { params: { path: { id: note.id } }, body: part, headers: ifMatch(note.version) }))
    refresh()
  }
  /** The note leaves the screen now and the server once the time to undo is over; leaving the page does not save it. */
  const remove = (note: Note) => {
    const show = () => setHidden(current => new Set([...current].filter(id => id !== note.id)))
    setHidden(current => new Set([...current, note.id]))
    const really = () =>
      api
        .DELETE('/notes/{id}', { params: { path: { id: note.id } } })
        .then(refresh)
        .catch(error => {
          show()
          toastError(error)
        })
    const timer = setTimeout(really, UNDO_MS)
    toast(t.noteDeleted, {
      undo: () => {
        clearTimeout(timer)
        show()
      },
    })
  }

  const visible = (notes.data ?? []).filter(note => !hidden.has(note.id))
  const ordered = [...visible].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.created_at.localeCompare(a.created_at))
  return (
    <Card title={t.notes}>
      {editable && <Composer add={add} field={composer} />}
      {notes.isError && <Failed error={notes.error} retry={() => void notes.refetch()} />}
      {ordered.length > 0 && (
        <ul className={classes.notes}>
          {ordered.map(note => (
            <NoteItem
              key={note.id}
              note={note}
              editable={editable}
              change={part => change(note, part)}
              remove={() => remove(note)}
            />
          ))}
        </ul>
      )}
    </Card>
  )
}

function Composer({ add, field }: { add: (body: string) => Promise<void>; field: RefObject<HTMLTextAreaElement | null> }) {
  const [body, setBody] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    if (!body.trim() || busy) return
    setBusy(true)
    try {
      await add(body.trim())
      setBody('')
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className={classes.inlineForm}
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <Textarea
        ref={field}
        aria-label={t.addNote}
        placeholder={t.noteHint}
        autosize
        minRows={2}
        maxRows={12}
        maxLength={10_000}
        value={body}
        onChange={event => setBody(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault()
            void submit()
          }
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
      {body.trim() && (
        <div className={classes.buttons}>
          <Button size="compact-sm" type="submit" loading={busy}>
            {t.addNote}
          </Button>
        </div>
      )}
    </form>
  )
}

interface ItemProps {
  note: Note
  editable: boolean
  change: (part: { body?: string; pinned?: boolean }) => Promise<void>
  remove: () => void
}

function NoteItem({ note, editable, change, remove }: ItemProps) {
  const [draft, setDraft] = useState<string>()
  const author = note.author?.name ?? '—'
  const save = async () => {
    try {
      if (draft?.trim() && draft.trim() !== note.body) await change({ body: draft.trim() })
      setDraft(undefined)
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <li className={classes.note} data-pinned={note.pinned || undefined}>
      <Monogram name={author} size={24} />
      <div className={classes.noteBody}>
        <div className={classes.noteHead}>
          <strong>{author}</strong>
          <time dateTime={note.created_at} title={dateTime(note.created_at)} className="muted small">
            {ago(note.created_at)}
            {note.updated_at !== note.created_at && ` · ${t.noteEdited(ago(note.updated_at))}`}
          </time>
          {note.pinned && <IconPin size={14} aria-label={t.pinned} />}
        </div>
        {draft === undefined ? (
          <p className={classes.noteText}>{note.body}</p>
        ) : (
          <div className={classes.inlineForm}>
            <Textarea
              autoFocus
              aria-label={t.notes}
              autosize
              minRows={2}
              maxRows={16}
              value={draft}
              onChange={event => setDraft(event.currentTarget.value)}
            />
            <div className={classes.buttons}>
              <Button size="compact-sm" variant="default" onClick={() => setDraft(undefined)}>
                {ui.cancel}
              </Button>
              <Button size="compact-sm" onClick={() => void save()}>
                {ui.save}
              </Button>
            </div>
          </div>
        )}
      </div>
      {editable && (
        <Menu>
          <Menu.Target>
            <ActionIcon size={28} aria-label={t.noteActions}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setDraft(note.body)}>{t.edit}</Menu.Item>
            <Menu.Item onClick={() => void change({ pinned: !note.pinned }).catch(toastError)}>
              {note.pinned ? t.unpin : t.pin}
            </Menu.Item>
            <Menu.Item color="red" onClick={remove}>
              {t.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  )
}
