// The files of one record, on its page: dropped, chosen or photographed; looked at, renamed, thrown away and brought back.
import { ActionIcon, Button, Menu, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { type DragEvent, lazy, Suspense, useRef, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { StoredFile } from '@/api/types'
import { useCan } from '@/app/me'
import { date } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconDots, IconDownload, IconEdit, IconFile, IconPlus, IconRefresh, IconSelector, IconTrash } from '@/ui/icons'
import { Card, FormActions } from '@/ui/page'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './files.module.css'
import { download, type FileSort, type FileSubject, filesQuery, refreshFiles, usageQuery } from './queries'
import { Sendings } from './sendings'
import { t } from './text'
import { sendFiles, useSendings } from './uploader'

const Preview = lazy(() => import('./preview'))

export function FilesPanel({ subject, editable }: { subject: FileSubject; editable: boolean }) {
  const client = useQueryClient()
  const [trash, setTrash] = useState(false)
  const [sort, setSort] = useState<FileSort>('-created')
  const [over, setOver] = useState(false)
  const [looking, setLooking] = useState<string>()
  const [renaming, setRenaming] = useState<StoredFile>()
  const [purging, setPurging] = useState<StoredFile>()
  const chooser = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const list = useInfiniteQuery(filesQuery(subject, trash, sort))
  const usage = useQuery(usageQuery()).data
  const works = useSendings(subject)
  const files = list.data?.pages.flatMap(page => page.items) ?? []
  const open = files.filter(file => file.status === 'ready' && !file.deleted_at)

  const add = (chosen: Iterable<File>) => {
    setTrash(false)
    sendFiles(subject, chosen, () => refreshFiles(client))
  }
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      refreshFiles(client)
    } catch (error) {
      toastError(error)
    }
  }
  const path = (file: StoredFile) => ({ params: { path: { id: file.id } } })
  const restore = (file: StoredFile) =>
    act(async () => {
      await api.POST('/files/{id}/restore', path(file))
      toast(t.restored(file.name))
    })
  const remove = (file: StoredFile) =>
    act(async () => {
      await api.DELETE('/files/{id}', path(file))
      toast(t.removed(file.name), { undo: () => void restore(file) })
    })
  const dragging = (event: DragEvent) => editable && event.dataTransfer.types.includes('Files')

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way to what the button does
    <div
      className={classes.panel}
      onDragOver={event => {
        if (!dragging(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={event => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={event => {
        if (!dragging(event)) return
        event.preventDefault()
        setOver(false)
        add(event.dataTransfer.files)
      }}
    >
      <Card
        title={trash ? t.trashTitle : t.title}
        actions={
          <>
            {!trash && files.length > 1 && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button variant="subtle" size="compact-sm" leftSection={<IconSelector size={14} aria-hidden />}>
                    {t.sort}
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {(Object.keys(t.sorts) as FileSort[]).map(key => (
                    <Menu.Item
                      key={key}
                      aria-current={key === sort}
                      fw={key === sort ? 600 : undefined}
                      onClick={() => setSort(key)}
                    >
                      {t.sorts[key]}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            )}
            <Button variant="subtle" size="compact-sm" onClick={() => setTrash(!trash)}>
              {trash ? t.backToFiles : t.trash}
            </Button>
          </>
        }
      >
        <Sendings works={works} />
        {list.isError && !files.length ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : list.isPending ? (
          <Loading lines={2} height={60} />
        ) : files.length ? (
          <ul className={classes.grid} aria-label={t.list}>
            {files.map(file => (
              <FileTile
                key={file.id}
                file={file}
                editable={editable}
                onOpen={() => (file.previews ? setLooking(file.id) : void download(file).catch(toastError))}
                onRename={() => setRenaming(file)}
                onRemove={() => void remove(file)}
                onRestore={() => void restore(file)}
                onPurge={() => setPurging(file)}
              />
            ))}
          </ul>
        ) : (
          <p className="muted">{trash ? t.trashEmpty : editable ? t.empty : t.emptyRead}</p>
        )}
        {list.hasNextPage && (
          <Button variant="subtle" size="compact-sm" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {ui.more}
          </Button>
        )}
        <div className={classes.adds}>
          {editable && !trash && (
            <>
              <Button
                variant="subtle"
                size="compact-sm"
                leftSection={<IconPlus size={14} aria-hidden />}
                onClick={() => chooser.current?.click()}
              >
                {t.add}
              </Button>
              <Button className={classes.camera} variant="subtle" size="compact-sm" onClick={() => camera.current?.click()}>
                {t.photo}
              </Button>
              {[chooser, camera].map(input => (
                <input
                  key={input === camera ? 'camera' : 'chooser'}
                  ref={input}
                  type="file"
                  hidden
                  multiple={input === chooser}
                  accept={input === camera ? 'image/*' : undefined}
                  capture={input === camera ? 'environment' : undefined}
                  onChange={event => {
                    add([...(event.target.files ?? [])])
                    event.target.value = ''
                  }}
                />
              ))}
              <span className="muted small">{t.limits}</span>
            </>
          )}
          {trash && usage && (
            <span className="muted small">
              {usage.limit_bytes === null
                ? t.usageFree(t.size(usage.bytes))
                : t.usage(t.size(usage.bytes), t.size(usage.limit_bytes))}
            </span>
          )}
        </div>
      </Card>
      {over && <div className={classes.over}>{t.drop}</div>}
      <Suspense>{looking && <Preview files={open} start={looking} onClose={() => setLooking(undefined)} />}</Suspense>
      {renaming && <Rename file={renaming} onClose={() => setRenaming(undefined)} onDone={() => refreshFiles(client)} />}
      {purging && (
        <Confirm
          opened
          onClose={() => setPurging(undefined)}
          title={t.purgeTitle}
          verb={t.purge}
          run={() =>
            act(async () => {
              await api.POST('/files/{id}/purge', path(purging))
              toast(t.purged(purging.name))
            })
          }
        >
          {t.purgeText(purging.name)}
        </Confirm>
      )}
    </div>
  )
}

interface TileProps {
  file: StoredFile
  editable: boolean
  onOpen: () => void
  onRename: () => void
  onRemove: () => void
  onRestore: () => void
  onPurge: () => void
}

function FileTile({ file, editable, onOpen, onRename, onRemove, onRestore, onPurge }: TileProps) {
  const can = useCan()
  const ready = file.status === 'ready' && !file.deleted_at
  const hint =
    file.status === 'quarantined' ? t.quarantinedHint(file.threat ?? '') : file.status === 'checking' ? t.checkingHint : undefined
  return (
    <li className={classes.file}>
      <button
        type="button"
        className={classes.face}
        disabled={!ready}
        onClick={onOpen}
        aria-label={t.open(file.name)}
        title={hint}
      >
        {file.thumbnail_url ? (
          <img src={file.thumbnail_url} alt="" loading="lazy" />
        ) : (
          <span className={classes.kind}>
            <IconFile size={28} stroke={1.5} aria-hidden />
            {/\.(\w{1,5})$/.exec(file.name)?.[1]}
          </span>
        )}
      </button>
      <div className={classes.line}>
        <span className="truncate" title={file.name}>
          {file.name}
        </span>
        {(ready || editable) && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t.actions(file.name)}>
                <IconDots size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {ready && (
                <Menu.Item
                  leftSection={<IconDownload size={16} aria-hidden />}
                  onClick={() => void download(file).catch(toastError)}
                >
                  {t.download}
                </Menu.Item>
              )}
              {editable && !file.deleted_at && (
                <>
                  <Menu.Item leftSection={<IconEdit size={16} aria-hidden />} onClick={onRename}>
                    {t.rename}
                  </Menu.Item>
                  <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={onRemove}>
                    {t.remove}
                  </Menu.Item>
                </>
              )}
              {editable && file.deleted_at && (
                <Menu.Item leftSection={<IconRefresh size={16} aria-hidden />} onClick={onRestore}>
                  {t.restore}
                </Menu.Item>
              )}
              {file.deleted_at && can('contacts.delete') && (
                <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={onPurge}>
                  {t.purge}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {file.status === 'checking' && <Tag>{t.checking}</Tag>}
      {file.status === 'quarantined' && (
        <>
          <Tag tone="bad">{t.quarantined}</Tag>
          <span className="muted small">{hint}</span>
        </>
      )}
      <span className="muted small numeric">
        {file.purge_at ? t.trashUntil(date(file.purge_at)) : `${t.size(file.size)} · ${date(file.created_at)}`}
      </span>
    </li>
  )
}

function Rename({ file, onClose, onDone }: { file: StoredFile; onClose: () => void; onDone: () => void }) {
  const form = useForm({
    initial: { name: file.name },
    submit: async values => {
      const path = { params: { path: { id: file.id }, header: ifMatch(file.version) } }
      await data(api.PATCH('/files/{id}', { ...path, body: values }))
      onDone()
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.renameTitle}>
      <form onSubmit={form.submit} noValidate>
        <FormBanner form={form} />
        <TextInput label={t.name} required maxLength={200} data-autofocus {...form.text('name')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.save}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
