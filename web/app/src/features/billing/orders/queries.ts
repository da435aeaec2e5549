import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { OrderIn, OrderQuery } from '@/api/types'

export type OrderFilter = Omit<OrderQuery, 'limit' | 'cursor'>

export const ordersQuery = (filter: OrderFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['orders', 'list', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/orders', { params: { query: { ...filter, limit, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const orderQuery = (id: string) =>
  queryOptions({
    queryKey: ['orders', id],
    queryFn: ({ signal }) => data(api.GET('/orders/{id}', { params: { path: { id } }, signal })),
  })

export const orderTotalsQuery = (body: OrderIn) =>
  queryOptions({
    queryKey: ['order-totals', body],
    queryFn: ({ signal }) => data(api.POST('/order-totals', { body, signal })),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  })

export const orderSettingsQuery = queryOptions({
  queryKey: ['order-settings'],
  queryFn: ({ signal }) => data(api.GET('/order-settings', { signal })),
})

/** A quote shows in lists, in the timeline of its customer, and in its invoices. */
export function refreshOrders(client: QueryClient) {
  for (const key of ['orders', 'invoices', 'contacts', 'home']) void client.invalidateQueries({ queryKey: [key] })
}
