import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Answer, InvoiceIn } from '@/api/types'

export type Recurring = Answer<'/recurring-invoices', 'get'>['items'][number]
export type RecurringDetail = Answer<'/recurring-invoices/{id}', 'get'>
export type Content = Pick<InvoiceIn, 'title' | 'prices_include_vat' | 'discount' | 'lines' | 'intro' | 'outro'>

export const recurringQuery = infiniteQueryOptions({
  queryKey: ['recurring', 'list'],
  queryFn: ({ pageParam, signal }) =>
    data(api.GET('/recurring-invoices', { params: { query: { cursor: pageParam || undefined } }, signal })),
  initialPageParam: '',
  getNextPageParam: page => page.next_cursor ?? undefined,
})

export const recurringDetailQuery = (id: string) =>
  queryOptions({
    queryKey: ['recurring', id],
    queryFn: ({ signal }) => data(api.GET('/recurring-invoices/{id}', { params: { path: { id } }, signal })),
  })

export function refreshRecurring(client: QueryClient) {
  void client.invalidateQueries({ queryKey: ['recurring'] })
}
