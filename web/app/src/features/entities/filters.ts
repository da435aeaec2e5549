// What the list shows is in its address, as for contacts.
import type { EntityQuery, FilterNode } from '@/api/types'
import { json, type ViewSearch } from '@/app/views/address'

export type EntityFilter = Omit<EntityQuery, 'sort' | 'limit' | 'cursor' | 'custom' | 'tree'> & { tree?: FilterNode }
export const SORTS = [
  'name',
  '-name',
  'plate',
  '-plate',
  'inspection',
  '-inspection',
  '-updated',
  'updated',
  '-created',
  'created',
] as const
export type EntitySort = NonNullable<EntityQuery['sort']>
/** What a column can be sorted by. */
export type SortColumn = 'name' | 'plate' | 'inspection' | 'updated' | `custom.${string}`
export const KINDS = ['vehicle', 'animal', 'equipment', 'property', 'patient', 'custom'] as const

export interface EntitySearch extends EntityFilter, Omit<ViewSearch, 'tree' | 'sort'> {
  sort?: EntitySort
}

const text = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined)
const yes = (value: unknown) => (value === true || value === 'true' || value === '1' ? true : undefined)

/** Reads an address, ignoring whatever does not belong. */
export function entitySearch(search: Record<string, unknown>): EntitySearch {
  const day = text(search.inspection_before)
  const read: EntitySearch = {
    q: text(search.q),
    kind: KINDS.find(kind => kind === search.kind),
    kind_id: text(search.kind_id),
    contact: text(search.contact),
    inspection_before: day && /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : undefined,
    archived: yes(search.archived),
    sort:
      SORTS.find(sort => sort === search.sort) ?? (/^-?custom\.\w+$/.test(String(search.sort)) ? String(search.sort) : undefined),
    // What it means is the server's to judge.
    tree: json(search.tree) as FilterNode | undefined,
    nouveau: yes(search.nouveau),
    vue: text(search.vue),
    libre: yes(search.libre),
    colonnes: json(search.colonnes) as string[] | undefined,
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as EntitySearch
}

export function filterOf(search: EntitySearch): EntityFilter {
  const { sort: _sort, nouveau: _nouveau, vue: _vue, libre: _libre, colonnes: _colonnes, ...filter } = search
  return filter
}

/** For an address: a tree travels as text. */
export const queryFilter = ({ tree, ...rest }: EntityFilter) => ({ ...rest, ...(tree && { tree: JSON.stringify(tree) }) })

/** A click on a column: one way, the other way, then the server's own order. */
export function nextSort(current: EntitySort | undefined, column: SortColumn): EntitySort | undefined {
  const [first, second]: EntitySort[] = column === 'updated' ? ['-updated', 'updated'] : [column, `-${column}`]
  if (current === first) return second
  return current === second ? undefined : first
}
