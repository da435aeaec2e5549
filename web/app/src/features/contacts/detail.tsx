// One contact: who it is, how to reach it, what was said and what happened.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Contact, TimelineItem } from '@/api/types'
import { useCustomFields } from '@/app/custom/fields'
import { EntityPanel } from '@/app/entity-panel'
import { followJob } from '@/app/jobs'
import { useCan, useMe } from '@/app/me'
import { ConsentPanel, EraseDialog, FilesPanel, TasksPanel } from '@/app/slots'
import { Timeline } from '@/app/timeline'
import { ago, date } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import type { EditorHandle } from '@/ui/editor'
import { Refused, useForm } from '@/ui/form'
import { IconArchive, IconArrowLeft, IconDots, IconDownload, IconEdit, IconLink, IconRefresh, IconTrash } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { Card, useTitle } from '@/ui/page'
import { fieldErrors } from '@/ui/problem-text'
import { useShortcuts } from '@/ui/shortcuts'
import { Banner, Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import { STATUS_TONES } from './columns'
import { type ContactValues, changesOf, shownPointer, valuesOf } from './contact-values'
import classes from './detail.module.css'
import { Facts } from './facts'
import formClasses from './form.module.css'
import { useMerged } from './merged'
import { Notes } from './notes'
import { contactQuery, timelineQuery } from './queries'
import { useContactSave } from './save'
import { t } from './text'

const ConflictDialog = lazy(() => import('./conflict-dialog').then(part => ({ default: part.ConflictDialog })))
const ContactFields = lazy(() => import('./contact-form').then(part => ({ default: part.ContactFields })))
const MergeWith = lazy(() => import('./merge').then(part => ({ default: part.MergeWith })))

export function ContactPage() {
  const { id } = useParams({ from: '/shell/contacts/$id' })
  const contact = useQuery(contactQuery(id))
  const navigate = useNavigate()
  useTitle(contact.data?.display_name)
  // The id of a merged contact leads to the kept one; the address follows.
  const arrived = contact.data?.id
  useEffect(() => {
    if (arrived && arrived !== id) void navigate({ to: '/contacts/$id', params: { id: arrived }, replace: true })
  }, [arrived, id, navigate])
  if (contact.isError && !contact.data) {
    const gone = contact.error instanceof ApiError && [400, 404, 422].includes(contact.error.status)
    return gone ? (
      <Empty page title={ui.problems.not_found!} action={<Link to="/contacts">{t.back}</Link>} />
    ) : (
      <Failed error={contact.error} retry={() => void contact.refetch()} />
    )
  }
  if (!contact.data) {
    return (
      <div className={classes.page}>
        <Loading lines={8} height={56} />
      </div>
    )
  }
  return <ContactView key={id} contact={contact.data} />
}

function ContactView({ contact }: { contact: Contact }) {
  const can = useCan()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { save, settled, conflict, takeTheirs, keepMine } = useContactSave(contact)
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const [merging, setMerging] = useState(false)
  const [erasing, setErasing] = useState(false)
  const composer = useRef<EditorHandle>(null)
  const tagsButton = useRef<HTMLButtonElement>(null)
  const archived = contact.archived_at !== null
  const editable = can('contacts.write') && !archived

  useShortcuts(
    {
      e: () => setEditing(true),
      t: () => tagsButton.current?.click(),
      n: () => composer.current?.focus(),
    },
    editable,
  )

  const path = { params: { path: { id: contact.id } } }
  const restore = async () => {
    try {
      settled(await data(api.POST('/contacts/{id}/restore', path)))
      toast(t.restoredToast(contact.display_name))
    } catch (error) {
      toastError(error)
    }
  }
  const archive = async () => {
    try {
      settled(await data(api.POST('/contacts/{id}/archive', path)))
      toast(t.archivedToast(contact.display_name), { undo: () => void restore() })
    } catch (error) {
      toastError(error)
    }
  }
  const takeData = async () => {
    try {
      followJob(await data(api.POST('/contacts/{id}/access', { ...path, body: {} })))
      toast(t.takeDataToast)
    } catch (error) {
      toastError(error)
    }
  }
  const remove = async () => {
    try {
      await api.DELETE('/contacts/{id}', path)
      await navigate({ to: '/contacts' })
      client.removeQueries({ queryKey: ['contacts', contact.id] })
      void client.invalidateQueries({ queryKey: ['contacts'] })
      toast(t.deletedToast(contact.display_name))
    } catch (error) {
      toastError(error)
    }
  }

  // A garage looks for the vehicle first; elsewhere what people own is a detail.
  const garage = useMe().tenant.trade === 'garage'
  const things = <EntityPanel contact={{ id: contact.id, name: contact.display_name }} editable={editable} />
  const subtitle = [contact.job_title, contact.kind === 'person' ? contact.company_name : null].filter(Boolean).join(' · ')
  const exportable = can('company.manage') && can('contacts.export') && !contact.erased
  const erasable = can('company.manage') && can('contacts.delete') && !contact.erased
  const menu = (archived && (can('contacts.write') || can('contacts.delete'))) || editable || erasable || exportable
  return (
    <div className={classes.page}>
      <nav>
        <Link to="/contacts" className={classes.back}>
          <IconArrowLeft size={16} aria-hidden />
          {t.back}
        </Link>
      </nav>
      <header className={classes.head}>
        <Monogram name={contact.display_name} size={48} square={contact.kind === 'company'} />
        <div className={classes.who}>
          <div className={classes.name}>
            <h1>{contact.display_name}</h1>
            <Tag tone={STATUS_TONES[contact.status]}>{t.statuses[contact.status]}</Tag>
            <Tag>{t.kinds[contact.kind]}</Tag>
            {archived && <Tag tone="warn">{t.archived}</Tag>}
          </div>
          <p className="muted small">
            {[
              subtitle,
              t.createdOn(date(contact.created_at)),
              contact.last_activity_at && t.lastActivity(ago(contact.last_activity_at)),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <div className={classes.actions}>
          {editable && (
            <Button variant="default" leftSection={<IconEdit size={16} aria-hidden />} onClick={() => setEditing(true)}>
              {t.edit}
            </Button>
          )}
          {menu && (
            <Menu>
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label={t.moreActions}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {editable && (
                  <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={() => setMerging(true)}>
                    {t.merge.open}
                  </Menu.Item>
                )}
                {editable && (
                  <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={() => void archive()}>
                    {t.archive}
                  </Menu.Item>
                )}
                {archived && !contact.erased && can('contacts.write') && (
                  <Menu.Item leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => void restore()}>
                    {t.restore}
                  </Menu.Item>
                )}
                {archived && can('contacts.delete') && (
                  <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setDeleting(true)}>
                    {t.delete}
                  </Menu.Item>
                )}
                {exportable && (
                  <Menu.Item leftSection={<IconDownload size={16} aria-hidden />} onClick={() => void takeData()}>
                    {t.takeData}
                  </Menu.Item>
                )}
                {erasable && (
                  <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setErasing(true)}>
                    {t.erase}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
      </header>
      {archived && (
        <Banner tone="warn">
          {contact.erased ? t.erasedBanner : t.archivedBanner}{' '}
          {can('contacts.write') && !contact.erased && (
            <button type="button" className={classes.bannerButton} onClick={() => void restore()}>
              {t.restore}
            </button>
          )}
        </Banner>
      )}
      <div className={classes.columns}>
        <div className={classes.side}>
          <Facts
            contact={contact}
            editable={editable}
            save={save}
            settled={settled}
            edit={() => setEditing(true)}
            tagsButton={tagsButton}
          />
          {!garage && things}
          <Suspense fallback={<Card title={t.consents}>{null}</Card>}>
            <ConsentPanel contact={{ id: contact.id, name: contact.display_name }} editable={editable} />
          </Suspense>
        </div>
        <div className={classes.main}>
          {garage && things}
          {can('tasks.read') && (
            <Suspense fallback={<Card title={t.tasks}>{null}</Card>}>
              <TasksPanel
                subject={{ kind: 'contact', id: contact.id, name: contact.display_name }}
                editable={can('tasks.write') && !archived}
              />
            </Suspense>
          )}
          <Suspense fallback={<Card title={t.files}>{null}</Card>}>
            <FilesPanel subject={{ kind: 'contact', id: contact.id }} editable={editable} />
          </Suspense>
          <Notes contactId={contact.id} editable={editable} composer={composer} />
          <History contactId={contact.id} editable={editable} />
        </div>
      </div>
      {editing && <EditDialog contact={contact} save={save} onClose={() => setEditing(false)} />}
      <Suspense>
        {erasing && <EraseDialog contact={{ id: contact.id, name: contact.display_name }} onClose={() => setErasing(false)} />}
        {merging && (
          <MergeWith
            contact={contact}
            onClose={() => setMerging(false)}
            onMerged={kept => void navigate({ to: '/contacts/$id', params: { id: kept } })}
          />
        )}
      </Suspense>
      <Suspense>{conflict && <ConflictDialog conflict={conflict} takeTheirs={takeTheirs} keepMine={keepMine} />}</Suspense>
      <Confirm opened={deleting} onClose={() => setDeleting(false)} title={t.deleteTitle} verb={t.delete} run={remove}>
        {t.deleteBody(contact.display_name)}
      </Confirm>
    </div>
  )
}

function EditDialog({
  contact,
  save,
  onClose,
}: {
  contact: Contact
  save: (patch: object, base?: Contact) => Promise<boolean>
  onClose: () => void
}) {
  // What the person saw when opening: a live update must neither move the fields nor pass for their own reading.
  const [base] = useState(contact)
  const fields = useCustomFields('contact')
  const form = useForm<ContactValues>({
    initial: valuesOf(base, fields),
    submit: async values => {
      try {
        const saved = await save(changesOf(valuesOf(base, fields), values, fields), base)
        onClose()
        if (saved) toast(t.saved)
      } catch (error) {
        if (error instanceof ApiError && error.fields.length) {
          const shown = Object.entries(fieldErrors(error)).map(([pointer, text]) => [shownPointer(pointer, values), text])
          throw new Refused(Object.fromEntries(shown))
        }
        throw error
      }
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.editTitle} size={680}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <Suspense fallback={<Loading lines={8} />}>
          <ContactFields form={form} everything />
        </Suspense>
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** A merge can be taken back for 30 days. */
function UndoMerge({ item }: { item: TimelineItem }) {
  const { undo } = useMerged()
  const [busy, setBusy] = useState(false)
  const merge = item.kind === 'contact.merged' && item.data?.merge_id
  if (typeof merge !== 'string' || Date.now() - Date.parse(item.at) > 30 * 86_400_000) return null
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      loading={busy}
      onClick={() => {
        setBusy(true)
        void undo(merge).finally(() => setBusy(false))
      }}
    >
      {t.merge.undo}
    </Button>
  )
}

function History({ contactId, editable }: { contactId: string; editable: boolean }) {
  const timeline = useInfiniteQuery(timelineQuery(contactId))
  const items = timeline.data?.pages.flatMap(page => page.items) ?? []
  return (
    <Card title={t.history}>
      {timeline.isError && !items.length ? (
        <Failed error={timeline.error} retry={() => void timeline.refetch()} />
      ) : timeline.isPending ? (
        <Loading lines={5} />
      ) : items.length ? (
        <Timeline items={items} action={item => editable && <UndoMerge item={item} />} />
      ) : (
        <p className="muted">{t.historyEmpty}</p>
      )}
      {timeline.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          mt={8}
          loading={timeline.isFetchingNextPage}
          onClick={() => void timeline.fetchNextPage()}
        >
          {ui.more}
        </Button>
      )}
    </Card>
  )
}
