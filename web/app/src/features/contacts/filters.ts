// What the list shows is in its address: a filtered list can be bookmarked, sent to a colleague, gone back to.

import type { ContactQuery, FilterNode } from '@/api/types'
import type { Selection } from '@/app/selection'
import { json, type ViewSearch } from '@/app/views/address'
import { dayStart } from '@/i18n/format'

export type ContactFilter = Omit<ContactQuery, 'sort' | 'limit' | 'cursor' | 'custom' | 'tree'> & { tree?: FilterNode }
export type ContactSort = NonNullable<ContactQuery['sort']>

export interface ContactSearch extends ContactFilter, Omit<ViewSearch, 'tree' | 'sort'> {
  sort?: ContactSort
}

export const SORTS = ['name', '-name', 'created', '-created', 'activity', '-activity', 'city', '-city'] as const

const text = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined)
const day = (value: unknown) => (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined)
const yes = (value: unknown) => (value === true || value === 'true' || value === '1' ? true : undefined)
function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find(known => known === value)
}

/** Reads an address, ignoring whatever does not belong: an old or mistyped link still opens the list. */
export function contactSearch(search: Record<string, unknown>): ContactSearch {
  const read: ContactSearch = {
    q: text(search.q),
    tag: text(search.tag),
    owner: text(search.owner),
    kind: oneOf(search.kind, ['person', 'company']),
    status: oneOf(search.status, ['prospect', 'client', 'dormant']),
    city: text(search.city),
    source: text(search.source),
    created_from: day(search.created_from),
    created_to: day(search.created_to),
    active_since: day(search.active_since),
    inactive_since: day(search.inactive_since),
    archived: yes(search.archived),
    // What it means is the server's to judge.
    tree: json(search.tree) as FilterNode | undefined,
    sort: oneOf(search.sort, SORTS) ?? (/^-?custom\.\w+$/.test(String(search.sort)) ? String(search.sort) : undefined),
    nouveau: yes(search.nouveau),
    vue: text(search.vue),
    libre: yes(search.libre),
    colonnes: json(search.colonnes) as string[] | undefined,
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as ContactSearch
}

export function filterOf(search: ContactSearch): ContactFilter {
  const { sort: _sort, nouveau: _nouveau, vue: _vue, libre: _libre, colonnes: _colonnes, ...filter } = search
  return filter
}

/** For an address: a tree travels as text. */
export function queryFilter(filter: ContactFilter) {
  const { tree, ...rest } = requestFilter(filter)
  return { ...rest, ...(tree && { tree: JSON.stringify(tree) }) }
}

export type ContactsSelected = Selection<ContactFilter>

/** As the API reads it: people choose days, the API compares instants. "Until the 3rd" includes the 3rd. */
export function requestFilter(filter: ContactFilter): ContactFilter {
  const { created_from, created_to, active_since, inactive_since, ...rest } = filter
  return {
    ...rest,
    ...(created_from && { created_from: dayStart(created_from) }),
    ...(created_to && { created_to: dayStart(created_to, 1) }),
    ...(active_since && { active_since: dayStart(active_since) }),
    ...(inactive_since && { inactive_since: dayStart(inactive_since) }),
  }
}

/** The filters that show as removable chips; the search box speaks for itself. */
export function chipsOf(search: ContactSearch): (keyof ContactFilter)[] {
  return (Object.keys(filterOf(search)) as (keyof ContactFilter)[]).filter(key => key !== 'q' && key !== 'tree')
}

/** A click on a column: ascending, then descending, then the server's own order. Dates begin with the newest. */
export function nextSort(
  current: ContactSort | undefined,
  column: 'name' | 'created' | 'activity' | 'city' | `custom.${string}`,
): ContactSort | undefined {
  const [first, second]: ContactSort[] =
    column === 'created' || column === 'activity' ? [`-${column}`, column] : [column, `-${column}`]
  if (current === first) return second
  if (current === second) return undefined
  return first
}
