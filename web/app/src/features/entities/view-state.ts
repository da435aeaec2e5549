// A view of this list and an address of it, each as the other says it.
import type { View } from '@/api/types'
import type { Kept } from '@/app/views/state'
import { type EntityFilter, type EntitySearch, filterOf } from './filters'

export function searchOf(view: View): EntitySearch {
  const search: EntitySearch = {
    ...(view.filter as EntityFilter),
    sort: view.sort ?? undefined,
    colonnes: view.columns ?? undefined,
  }
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== null)) as EntitySearch
}

export const kept = (search: EntitySearch): Kept => ({
  filter: filterOf(search),
  sort: search.sort ?? null,
  columns: search.colonnes ?? null,
})
