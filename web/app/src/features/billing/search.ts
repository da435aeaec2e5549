// What the address of the list of invoices may say.
export const STATUSES = ['draft', 'due', 'overdue', 'paid'] as const
export interface InvoiceSearch {
  q?: string
  etat?: (typeof STATUSES)[number]
}

export function invoiceSearch(search: Record<string, unknown>): InvoiceSearch {
  return {
    q: typeof search.q === 'string' && search.q ? search.q : undefined,
    etat: STATUSES.find(known => known === search.etat),
  }
}
