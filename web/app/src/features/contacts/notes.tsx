import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, type RefObject, Suspense, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import { usersQuery } from '@/api/queries'
import type { Note } from '@/api/types'
import { useCan } from '@/app/me'
import { ago, dateTime } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import type { EditorHandle, Person } from '@/ui/editor'
import { IconDots, IconPin } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { Card } from '@/ui/page'
import { type Doc, RichText } from '@/ui/rich-text'
import { Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './detail.module.css'
import { notesQuery } from './queries'
import { t } from './text'

const RichEditor = lazy(() => import('@/ui/editor'))

/** Long enough to change one's mind, as long as the toast stays. */
const UNDO_MS = 8000

/** The colleagues whom @ offers; without the right to see the team there is nobody to offer. */
function usePeople(): Person[] {
  const can = useCan()
  const users = useQuery({ ...usersQuery, enabled: can('team.read') })
  return (users.data ?? []).filter(user => user.status === 'active').map(user => ({ id: user.id, name: user.full_name }))
}

export function Notes({
  contactId,
  editable,
  composer,
}: {
  contactId: string
  editable: boolean
  composer: RefObject<EditorHandle | null>
}) {
  const client = useQueryClient()
  const notes = useQuery(notesQuery(contactId))
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [past, setPast] = useState<Note>()

  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['contacts', contactId] })
    void client.invalidateQueries({ queryKey: ['home'] })
  }
  const add = async (doc: Doc) => {
    await data(api.POST('/contacts/{id}/notes', { params: { path: { id: contactId } }, body: { doc, pinned: false } }))
    refresh()
  }
  const change = async (note: Note, part: { doc?: Doc; pinned?: boolean }) => {
    try {
      await data(api.PATCH('/notes/{id}', { params: { path: { id: note.id } }, body: part, headers: ifMatch(note.version) }))
    } finally {
      // Also when it was refused: what stands there now is what somebody else wrote.
      refresh()
    }
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
  return (
    <Card title={t.notes}>
      {editable && <Composer add={add} handle={composer} />}
      {notes.isError && <Failed error={notes.error} retry={() => void notes.refetch()} />}
      {visible.length > 0 && (
        <ul className={classes.notes}>
          {visible.map(note => (
            <NoteItem
              key={note.id}
              note={note}
              editable={editable}
              change={change}
              remove={() => remove(note)}
              history={() => setPast(note)}
            />
          ))}
        </ul>
      )}
      {past && <Versions note={past} onClose={() => setPast(undefined)} />}
    </Card>
  )
}

function Composer({ add, handle }: { add: (doc: Doc) => Promise<void>; handle: RefObject<EditorHandle | null> }) {
  const people = usePeople()
  const [doc, setDoc] = useState<Doc>()
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    if (!doc || busy) return
    setBusy(true)
    try {
      await add(doc)
      handle.current?.clear()
      setDoc(undefined)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes.inlineForm}>
      <Suspense fallback={<div className={classes.editorRoom} />}>
        <RichEditor
          label={t.addNote}
          placeholder={t.noteHint}
          people={people}
          handle={handle}
          onChange={setDoc}
          onSubmit={() => void submit()}
        />
      </Suspense>
      {doc && (
        <div className={classes.buttons}>
          <Button size="compact-sm" loading={busy} onClick={() => void submit()}>
            {t.addNote}
          </Button>
        </div>
      )}
    </div>
  )
}

interface ItemProps {
  note: Note
  editable: boolean
  /** `read` is the note as the person saw it when they decided. */
  change: (read: Note, part: { doc?: Doc; pinned?: boolean }) => Promise<void>
  remove: () => void
  history: () => void
}

function NoteItem({ note, editable, change, remove, history }: ItemProps) {
  const [editing, setEditing] = useState(false)
  const author = note.author?.name ?? '—'
  const edited = note.updated_at !== note.created_at
  return (
    <li className={classes.note} data-pinned={note.pinned || undefined}>
      <Monogram name={author} size={24} />
      <div className={classes.noteBody}>
        <div className={classes.noteHead}>
          <strong>{author}</strong>
          <time dateTime={note.created_at} title={dateTime(note.created_at)} className="muted small">
            {ago(note.created_at)}
            {edited && ` · ${t.noteEdited(ago(note.updated_at))}`}
          </time>
          {note.pinned && <IconPin size={14} aria-label={t.pinned} />}
        </div>
        {editing ? (
          <NoteEditor note={note} change={change} close={() => setEditing(false)} />
        ) : (
          <RichText doc={note.doc as Doc} />
        )}
      </div>
      {(editable || edited) && (
        <Menu>
          <Menu.Target>
            <ActionIcon size={28} aria-label={t.noteActions}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {editable && <Menu.Item onClick={() => setEditing(true)}>{t.edit}</Menu.Item>}
            {editable && (
              <Menu.Item onClick={() => void change(note, { pinned: !note.pinned }).catch(toastError)}>
                {note.pinned ? t.unpin : t.pin}
              </Menu.Item>
            )}
            {edited && <Menu.Item onClick={history}>{t.noteVersions}</Menu.Item>}
            {editable && (
              <Menu.Item color="red" onClick={remove}>
                {t.delete}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  )
}

function NoteEditor({ note, change, close }: { note: Note; change: ItemProps['change']; close: () => void }) {
  const people = usePeople()
  // What the person began with: a live update must not lend its version to their older text.
  const [base] = useState(note)
  const [doc, setDoc] = useState<Doc | undefined>(base.doc as Doc)
  const save = async () => {
    try {
      if (doc && doc !== base.doc) await change(base, { doc })
      close()
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) toast(t.noteStale, { tone: 'bad' })
      else toastError(error)
    }
  }
  return (
    <div className={classes.inlineForm}>
      <Suspense fallback={<div className={classes.editorRoom} />}>
        <RichEditor
          label={t.editNote}
          initial={base.doc as Doc}
          people={people}
          autoFocus
          onChange={setDoc}
          onSubmit={() => void save()}
          onEscape={close}
        />
      </Suspense>
      <div className={classes.buttons}>
        <Button size="compact-sm" variant="default" onClick={close}>
          {ui.cancel}
        </Button>
        <Button size="compact-sm" disabled={!doc} onClick={() => void save()}>
          {ui.save}
        </Button>
      </div>
    </div>
  )
}

/** What the note said before, newest first. */
function Versions({ note, onClose }: { note: Note; onClose: () => void }) {
  const versions = useQuery({
    queryKey: ['contacts', 'note-versions', note.id, note.version],
    queryFn: async () => (await data(api.GET('/notes/{id}/versions', { params: { path: { id: note.id } } }))).items,
  })
  const current = {
    version: note.version,
    doc: note.doc,
    author: note.edited_by ?? note.author,
    written_at: note.updated_at,
  }
  return (
    <Dialog opened onClose={onClose} title={t.noteVersions} size={560}>
      {versions.isError ? (
        <Failed error={versions.error} retry={() => void versions.refetch()} />
      ) : !versions.data ? (
        <Loading lines={3} />
      ) : (
        <ol className={classes.notes}>
          {[current, ...versions.data].map((version, index) => (
            <li key={version.version} className={classes.note}>
              <Monogram name={version.author.name} size={24} />
              <div className={classes.noteBody}>
                <div className={classes.noteHead}>
                  <strong>{version.author.name}</strong>
                  <time dateTime={version.written_at} className="muted small">
                    {dateTime(version.written_at)}
                    {index === 0 && ` · ${t.noteCurrent}`}
                  </time>
                </div>
                <RichText doc={version.doc as Doc} />
              </div>
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  )
}
