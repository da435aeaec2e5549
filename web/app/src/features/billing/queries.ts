import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { InvoiceIn, InvoiceQuery } from '@/api/types'

export type InvoiceFilter = Omit<InvoiceQuery, 'limit' | 'cursor'>

export const invoicesQuery = (filter: InvoiceFilter) =>
  infiniteQueryOptions({
    queryKey: ['invoices', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/invoices', { params: { query: { ...filter, limit: 50, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const invoiceQuery = (id: string) =>
  queryOptions({
    queryKey: ['invoices', id],
    queryFn: ({ signal }) => data(api.GET('/invoices/{id}', { params: { path: { id } }, signal })),
  })

export const totalsQuery = (body: InvoiceIn) =>
  queryOptions({
    queryKey: ['invoice-totals', body],
    queryFn: ({ signal }) => data(api.POST('/invoice-totals', { body, signal })),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  })

export const paymentsQuery = (invoice: string) =>
  queryOptions({
    queryKey: ['invoices', invoice, 'payments'],
    queryFn: ({ signal }) => data(api.GET('/payments', { params: { query: { invoice_id: invoice, limit: 100 } }, signal })),
  })

export const onlineQuery = (invoice: string) =>
  queryOptions({
    queryKey: ['invoices', invoice, 'online'],
    queryFn: ({ signal }) => data(api.GET('/invoices/{id}/online', { params: { path: { id: invoice } }, signal })),
  })

export const paymentAccountQuery = queryOptions({
  queryKey: ['payment-account'],
  queryFn: ({ signal }) => data(api.GET('/payment-account', { signal })),
})

export const profileQuery = queryOptions({
  queryKey: ['billing-profile'],
  queryFn: ({ signal }) => data(api.GET('/billing-profile', { signal })),
})

export const proofQuery = queryOptions({
  queryKey: ['numbering-proof'],
  queryFn: ({ signal }) => data(api.GET('/numbering-proof', { signal })),
})

export const archivesQuery = queryOptions({
  queryKey: ['fiscal-archives'],
  queryFn: ({ signal }) => data(api.GET('/fiscal-archives', { signal })),
})

export const closingsQuery = (till: string, period: string) =>
  infiniteQueryOptions({
    queryKey: ['closings', till, period],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/closings', { params: { query: { till, period, before: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_before ?? undefined,
  })

export interface CatalogFilter {
  q?: string
  kind?: string
  archived?: boolean
}
export const catalogQuery = (filter: CatalogFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['catalog', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/catalog-items', { params: { query: { ...filter, limit, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

/** An invoice shows in lists, in the till and in the timeline of its customer. */
export function refreshInvoices(client: QueryClient) {
  for (const key of ['invoices', 'numbering-proof', 'closings', 'home']) void client.invalidateQueries({ queryKey: [key] })
  void client.invalidateQueries({ queryKey: ['contacts'] })
}
