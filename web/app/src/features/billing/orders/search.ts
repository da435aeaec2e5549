// What the address of the list of quotes may say.
export const STATUSES = ['draft', 'open', 'accepted', 'refused', 'expired', 'cancelled'] as const
export interface OrderSearch {
  q?: string
  etat?: (typeof STATUSES)[number]
  modeles?: boolean
}

export function orderSearch(search: Record<string, unknown>): OrderSearch {
  return {
    q: typeof search.q === 'string' && search.q ? search.q : undefined,
    etat: STATUSES.find(known => known === search.etat),
    modeles: search.modeles === true || undefined,
  }
}
