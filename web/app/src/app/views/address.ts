// What the address of a list with views says. Small, because the router reads it before anything else is there.
import type { FilterNode } from '@/api/types'

/** The word of an address for "no view". */
export const NONE = 'tous'

/** What the address of a list with views says beside its filters. */
export interface ViewSearch {
  tree?: FilterNode
  sort?: string
  /** Opens the creation dialog. */
  nouveau?: boolean
  /** The view on show; `tous` is none, whatever one's own default. */
  vue?: string
  /** The address says all by itself: the view was changed and not kept. */
  libre?: boolean
  /** Columns, where a view was changed. */
  colonnes?: string[]
}

/** An object or a list, as it is or as an address writes it. */
export function json(value: unknown): object | undefined {
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return read && typeof read === 'object' ? read : undefined
  } catch {
    return undefined
  }
}

/** How many conditions a tree has. */
export const conditionsIn = (tree: FilterNode): number =>
  tree.all || tree.any ? [...(tree.all ?? []), ...(tree.any ?? [])].reduce((sum, node) => sum + conditionsIn(node), 0) : 1
