// A view against an address: which of the two speaks, and whether they say the same.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import type { View, ViewIn } from '@/api/types'
import type { RecordObject } from '../custom/fields'
import { NONE, type ViewSearch } from './address'
import { viewsQuery } from './queries'

/** What an address asks a view to keep. */
export interface Kept {
  filter: NonNullable<ViewIn['filter']>
  sort: string | null
  columns: string[] | null
}

/** The same whatever the order of its members. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (!value || typeof value !== 'object') return value
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [key, canonical(member)])
}

export const same = (a: Kept, b: Kept) => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b))

interface Options<S extends ViewSearch> {
  object: RecordObject
  /** What the address says. */
  address: S
  /** Goes to another one. */
  go: (search: S | ((current: S) => S), replace: boolean) => void
  /** What a view shows, as an address would say it. */
  searchOf: (view: View) => S
  kept: (search: S) => Kept
}

/** The view on show, what the list shows with it, and how both change. The functions must be the same from one time to the next. */
export function useView<S extends ViewSearch>({ object, address, go, searchOf, kept }: Options<S>) {
  const saved = useQuery(viewsQuery(object))
  const named = address.vue && address.vue !== NONE ? address.vue : undefined
  const active = named ? saved.data?.find(view => view.id === named) : undefined
  // A view speaks for itself until somebody changes it; then the address says all.
  const search = useMemo<S>(
    () => (active && !address.libre ? { ...searchOf(active), vue: active.id, nouveau: address.nouveau } : address),
    [active, address, searchOf],
  )
  const change = useCallback(
    (next: Partial<S>) => {
      // Opening a dialog changes no view.
      const only = Object.keys(next).every(key => key === 'nouveau')
      go(only ? current => ({ ...current, ...next }) : { ...search, ...next, ...(active && { libre: true }) }, true)
    },
    [go, search, active],
  )
  const open = useCallback((vue: string) => go({ vue } as S, false), [go])
  const fresh = !Object.keys(address).length
  const byDefault = saved.data?.find(view => view.is_default)?.id
  useEffect(() => {
    if (fresh && byDefault) go({ vue: byDefault } as S, true)
  }, [fresh, byDefault, go])
  return {
    views: saved.data ?? [],
    active,
    search,
    dirty: Boolean(active && address.libre && !same(kept(address), kept(searchOf(active)))),
    /** The address names a view that is not there. */
    missing: Boolean(named && saved.data && !active),
    /** Nothing is to be shown before it is known what the view asks for. */
    waiting: Boolean(named && saved.isPending && !address.libre),
    change,
    open,
  }
}
