// Things as a file: a small one comes back at once, a large one as an operation.
import { BASE, fileName, saveFile, send } from '@/api/client'
import type { Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import type { SelectionIn } from '@/app/selection'
import { toastError } from '@/ui/toast'
import type { EntityFilter } from './filters'
import type { t } from './text'

export type Format = keyof typeof t.exportAs

export async function exportEntities(
  what: { filter: EntityFilter } | { selection: SelectionIn<EntityFilter> },
  format: Format,
  columns: string[] | undefined,
) {
  try {
    const response = await send(
      new Request(`${location.origin}${BASE}/entities/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...what, format, columns }),
      }),
    )
    if (response.status === 202) return followJob((await response.json()) as Job)
    saveFile(await response.blob(), fileName(response, `biens.${format}`))
  } catch (error) {
    toastError(error)
  }
}
