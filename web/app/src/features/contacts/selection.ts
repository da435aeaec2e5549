// Either some rows, or everything that the filter matches but some rows. The second form is never expanded into ids.
import { useCallback, useMemo, useState } from 'react'
import type { BulkIn } from '@/api/types'
import { type ContactFilter, requestFilter } from './filters'

export type ContactSelection = BulkIn['selection']

export function useSelection(filter: ContactFilter) {
  const [everything, setEverything] = useState(false)
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const key = JSON.stringify(filter)
  const [seenKey, setSeenKey] = useState(key)
  // Another filter is another list: what was ticked there may not even show here.
  if (key !== seenKey) {
    setSeenKey(key)
    setEverything(false)
    setMarked(new Set())
  }

  const clear = useCallback(() => {
    setEverything(false)
    setMarked(new Set())
  }, [])
  const toggle = useCallback((id: string) => {
    setMarked(current => {
      const next = new Set(current)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }, [])
  const add = useCallback((ids: string[]) => setMarked(current => new Set([...current, ...ids])), [])

  return useMemo(
    () => ({
      has: (id: string) => everything !== marked.has(id),
      everything,
      /** Rows ticked one by one, or left out of everything. */
      marked: marked.size,
      any: everything || marked.size > 0,
      toggle,
      add,
      clear,
      takeEverything: () => {
        setEverything(true)
        setMarked(new Set())
      },
      asRequest: (): ContactSelection =>
        everything ? { filter: requestFilter(filter), except_ids: [...marked] } : { ids: [...marked] },
    }),
    [everything, marked, filter, toggle, add, clear],
  )
}

export type Selection = ReturnType<typeof useSelection>
