// The list on show as a file. A small one comes back at once, a large one as an operation.
import { ActionIcon, Menu } from '@mantine/core'
import { BASE, fileName, saveFile, send } from '@/api/client'
import type { Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import { IconDownload } from '@/ui/icons'
import { toastError } from '@/ui/toast'
import type { TaskFilter } from './queries'
import { t } from './text'

type Format = keyof typeof t.exportAs

async function run({ sort: _sort, ...filter }: TaskFilter, format: Format) {
  try {
    const response = await send(
      new Request(`${location.origin}${BASE}/tasks/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ filter, format }),
      }),
    )
    if (response.status === 202) return followJob((await response.json()) as Job)
    saveFile(await response.blob(), fileName(response, `taches.${format}`))
  } catch (error) {
    toastError(error)
  }
}

export function ExportTasks({ filter }: { filter: TaskFilter }) {
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={t.export} title={t.export}>
          <IconDownload size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(t.exportAs) as Format[]).map(format => (
          <Menu.Item key={format} onClick={() => void run(filter, format)}>
            {t.exportAs[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
