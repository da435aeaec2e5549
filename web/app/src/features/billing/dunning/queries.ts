import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Answer } from '@/api/types'

export type Reminder = Answer<'/reminders', 'get'>['items'][number]
export type Upcoming = Answer<'/reminders/upcoming', 'get'>[number]
export type Plan = Answer<'/dunning-plans', 'get'>['items'][number]
export type Step = Plan['steps'][number]
export type InvoiceReminders = Answer<'/invoices/{id}/reminders', 'get'>

export const plansQuery = queryOptions({
  queryKey: ['reminders', 'plans'],
  queryFn: async ({ signal }) => (await data(api.GET('/dunning-plans', { signal }))).items,
})

export const upcomingQuery = queryOptions({
  queryKey: ['reminders', 'upcoming'],
  queryFn: ({ signal }) => data(api.GET('/reminders/upcoming', { signal })),
})

export const remindersQuery = (pending: boolean) =>
  infiniteQueryOptions({
    queryKey: ['reminders', 'list', pending],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/reminders', { params: { query: { pending, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })

export const invoiceRemindersQuery = (id: string) =>
  queryOptions({
    // Below the invoices: what is paid, credited or reversed changes it.
    queryKey: ['invoices', id, 'reminders'],
    queryFn: ({ signal }) => data(api.GET('/invoices/{id}/reminders', { params: { path: { id } }, signal })),
  })

export function refreshReminders(client: QueryClient) {
  void client.invalidateQueries({ queryKey: ['reminders'] })
  void client.invalidateQueries({ queryKey: ['invoices'] })
}
