// What can be done to the ticked things. Everything runs as an operation of the server, with progress and a way back.
import { Button, Menu } from '@mantine/core'
import { api, data } from '@/api/client'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import type { Selection } from '@/app/selection'
import { IconArchive, IconChevronDown, IconDownload, IconRefresh, IconX } from '@/ui/icons'
import { toast, toastError } from '@/ui/toast'
import { exportEntities, type Format } from './export'
import type { EntityFilter } from './filters'
import classes from './page.module.css'
import { t } from './text'

interface Props {
  selection: Selection<EntityFilter>
  total: { count: number; capped: boolean } | undefined
  loaded: number
  archived: boolean
  /** Of the view on show. */
  columns: string[] | undefined
}

export function BulkBar({ selection, total, loaded, archived, columns }: Props) {
  const can = useCan()
  const count = selection.everything ? (total?.count ?? 0) - selection.marked : selection.marked
  const run = async (type: 'archive' | 'restore') => {
    try {
      followJob(await data(api.POST('/entities/bulk', { body: { selection: selection.asRequest(), action: { type } } })))
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
        <Button
          variant="default"
          size="xs"
          leftSection={archived ? <IconRefresh size={15} aria-hidden /> : <IconArchive size={15} aria-hidden />}
          onClick={() => void run(archived ? 'restore' : 'archive')}
        >
          {archived ? t.restore : t.archive}
        </Button>
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
            {(Object.keys(t.exportAs) as Format[]).map(format => (
              <Menu.Item key={format} onClick={() => void exportEntities({ selection: selection.asRequest() }, format, columns)}>
                {t.exportAs[format]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant="subtle" color="gray" size="xs" leftSection={<IconX size={15} aria-hidden />} onClick={selection.clear}>
        {t.clearSelection}
      </Button>
    </div>
  )
}
