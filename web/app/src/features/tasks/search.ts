// What the page shows is in its address.
import type { TaskFilter } from './queries'

export const LISTS = ['today', 'overdue', 'upcoming', 'done'] as const
export type ListName = (typeof LISTS)[number]
export const KINDS = ['todo', 'call', 'meeting'] as const

export interface TaskSearch {
  liste?: ListName
  qui?: string
  type?: (typeof KINDS)[number]
  q?: string
  /** Opens one task. */
  tache?: string
  nouveau?: boolean
}

const text = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined)

export function taskSearch(search: Record<string, unknown>): TaskSearch {
  const read: TaskSearch = {
    liste: LISTS.find(known => known === search.liste),
    qui: text(search.qui),
    type: KINDS.find(known => known === search.type),
    q: text(search.q),
    tache: text(search.tache),
    nouveau: search.nouveau === true || search.nouveau === 'true' ? true : undefined,
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as TaskSearch
}

export function filterOf(search: TaskSearch): TaskFilter {
  const list = search.liste ?? 'today'
  return {
    view: list,
    sort: list === 'done' ? '-done' : 'due',
    assignee: search.qui ?? 'me',
    ...(search.type && { kind: search.type }),
    ...(search.q && { q: search.q }),
  }
}
