// Either some rows, or everything that the filter matches but some rows. The second form is never expanded into ids.
import { useCallback, useMemo, useState } from 'react'

/** As a request says it. */
export type SelectionIn<F> = { ids: string[] } | { filter: F; except_ids: string[] }

/** Of a list that `filter` narrows; `asked` is the filter as requests have it. */
export function useSelection<F>(filter: unknown, asked: () => F) {
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

  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is compared by content
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
      asRequest: (): SelectionIn<F> => (everything ? { filter: asked(), except_ids: [...marked] } : { ids: [...marked] }),
    }),
    [everything, marked, key, toggle, add, clear],
  )
}

export type Selection<F> = ReturnType<typeof useSelection<F>>
