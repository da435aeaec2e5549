// What can be done to the ticked contacts. Everything runs as an operation of the server, with progress and a way back.
import { Button, Menu, Select, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, BASE, data, fileName, saveFile, send } from '@/api/client'
import { tagsQuery, usersQuery } from '@/api/queries'
import type { BulkIn, Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import { Dialog } from '@/ui/dialog'
import { IconArchive, IconChevronDown, IconDownload, IconRefresh, IconTag, IconUser, IconX } from '@/ui/icons'
import { toast, toastError } from '@/ui/toast'
import type { ContactsSelected } from './filters'
import classes from './page.module.css'
import { t } from './text'

export type ContactSelection = BulkIn['selection']
type Format = keyof typeof t.exportAs

/** Small exports come back at once, large ones as an operation. */
export async function exportContacts(selection: ContactSelection, format: Format, columns?: string[]) {
  try {
    const response = await send(
      new Request(`${location.origin}${BASE}/contacts/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ selection, format, columns }),
      }),
    )
    if (response.status === 202) return followJob((await response.json()) as Job)
    saveFile(await response.blob(), fileName(response, t.selectedFile(format)))
  } catch (error) {
    toastError(error)
  }
}

export function ExportItems({ run }: { run: (format: Format) => void }) {
  return (Object.keys(t.exportAs) as Format[]).map(format => (
    <Menu.Item key={format} onClick={() => run(format)}>
      {t.exportAs[format]}
    </Menu.Item>
  ))
}

interface Props {
  selection: ContactsSelected
  total: { count: number; capped: boolean } | undefined
  loaded: number
  archived: boolean
  /** Of the view on show. */
  columns: string[] | undefined
}

export function BulkBar({ selection, total, loaded, archived, columns }: Props) {
  const can = useCan()
  const [asking, setAsking] = useState<'add_tags' | 'remove_tags' | 'set_owner'>()
  const count = selection.everything ? (total?.count ?? 0) - selection.marked : selection.marked

  const run = async (action: BulkIn['action']) => {
    setAsking(undefined)
    try {
      followJob(await data(api.POST('/contacts/bulk', { body: { selection: selection.asRequest(), action } })))
      toast(total?.capped && selection.everything ? t.startedAll : t.started(count))
      selection.clear()
    } catch (error) {
      toastError(error)
    }
  }

  const more = total && !selection.everything && selection.marked >= loaded && (total.capped || total.count > selection.marked)
  return (
    <div className={classes.bulk} role="toolbar" aria-label={t.selected(count)}>
      <strong aria-live="polite">
        {selection.everything && !selection.marked ? t.allSelected(total?.count ?? 0, total?.capped ?? false) : t.selected(count)}
      </strong>
      {more && (
        <Button variant="subtle" size="compact-sm" onClick={selection.takeEverything}>
          {t.selectAll(total.count, total.capped)}
        </Button>
      )}
      <span className={classes.push} />
      {can('contacts.write') && (
        <>
          <Menu>
            <Menu.Target>
              <Button
                variant="default"
                size="xs"
                leftSection={<IconTag size={15} aria-hidden />}
                rightSection={<IconChevronDown size={14} aria-hidden />}
              >
                {t.tags}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setAsking('add_tags')}>{t.addTags}</Menu.Item>
              <Menu.Item onClick={() => setAsking('remove_tags')}>{t.removeTags}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconUser size={15} aria-hidden />}
            onClick={() => setAsking('set_owner')}
          >
            {t.owner}
          </Button>
          {archived ? (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconRefresh size={15} aria-hidden />}
              onClick={() => void run({ type: 'restore' })}
            >
              {t.restore}
            </Button>
          ) : (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconArchive size={15} aria-hidden />}
              onClick={() => void run({ type: 'archive' })}
            >
              {t.archive}
            </Button>
          )}
        </>
      )}
      {can('contacts.export') && (
        <Menu>
          <Menu.Target>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconDownload size={15} aria-hidden />}
              rightSection={<IconChevronDown size={14} aria-hidden />}
            >
              {t.export}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <ExportItems run={format => void exportContacts(selection.asRequest(), format, columns)} />
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant="subtle" color="gray" size="xs" leftSection={<IconX size={15} aria-hidden />} onClick={selection.clear}>
        {t.clearSelection}
      </Button>
      {(asking === 'add_tags' || asking === 'remove_tags') && (
        <TagsDialog
          adding={asking === 'add_tags'}
          onClose={() => setAsking(undefined)}
          run={tags => run({ type: asking, tags })}
        />
      )}
      {asking === 'set_owner' && (
        <OwnerDialog onClose={() => setAsking(undefined)} run={owner_id => run({ type: 'set_owner', owner_id })} />
      )}
    </div>
  )
}

function TagsDialog({ adding, onClose, run }: { adding: boolean; onClose: () => void; run: (tags: string[]) => Promise<void> }) {
  const { data: known = [] } = useQuery(tagsQuery)
  const [tags, setTags] = useState<string[]>([])
  return (
    <Dialog opened onClose={onClose} title={adding ? t.addTags : t.removeTags}>
      <TagsInput
        label={adding ? t.tagsToAdd : t.tagsToRemove}
        description={adding ? t.tagsHint : undefined}
        data={known.map(tag => tag.name)}
        value={tags}
        onChange={setTags}
        data-autofocus
        acceptValueOnBlur
      />
      <Button disabled={!tags.length} onClick={() => void run(tags)}>
        {t.apply}
      </Button>
    </Dialog>
  )
}

function OwnerDialog({ onClose, run }: { onClose: () => void; run: (owner: string | null) => Promise<void> }) {
  const can = useCan()
  const { data: users = [] } = useQuery({ ...usersQuery, enabled: can('team.read') })
  const [owner, setOwner] = useState<string | null>(null)
  return (
    <Dialog opened onClose={onClose} title={t.setOwner}>
      <Select
        label={t.owner}
        data={[
          { value: 'none', label: t.nobody },
          ...users.filter(user => user.status === 'active').map(user => ({ value: user.id, label: user.full_name })),
        ]}
        value={owner}
        onChange={setOwner}
        searchable
        data-autofocus
      />
      <Button disabled={!owner} onClick={() => void run(owner === 'none' ? null : owner)}>
        {t.apply}
      </Button>
    </Dialog>
  )
}
