// A view of the contact list and an address of it, each as the other says it.
import type { View } from '@/api/types'
import type { Kept } from '@/app/views/state'
import { timeZone } from '@/i18n/format'
import { type ContactFilter, type ContactSearch, filterOf, requestFilter } from './filters'

/** The calendar day of an instant where the company is. Swedish writes days as the API does. */
const dayOf = (instant: string) => new Intl.DateTimeFormat('sv-SE', { timeZone: timeZone() }).format(new Date(instant))

/** What a view shows, as an address would say it. */
export function searchOf(view: View): ContactSearch {
  const { created_from, created_to, active_since, inactive_since, ...rest } = view.filter as ContactFilter
  const search: ContactSearch = {
    ...rest,
    created_from: created_from && dayOf(created_from),
    // Kept as the instant at which the last day is over.
    created_to: created_to && dayOf(new Date(Date.parse(created_to) - 1).toISOString()),
    active_since: active_since && dayOf(active_since),
    inactive_since: inactive_since && dayOf(inactive_since),
    sort: view.sort ?? undefined,
    colonnes: view.columns ?? undefined,
  }
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== null)) as ContactSearch
}

/** What an address asks a view to keep. */
export const kept = (search: ContactSearch): Kept => ({
  filter: requestFilter(filterOf(search)),
  sort: search.sort ?? null,
  columns: search.colonnes ?? null,
})
