import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { ConsentChannel, ConsentPurpose } from '@/api/types'

export const CHANNELS: ConsentChannel[] = ['email', 'sms', 'whatsapp', 'call']
export const PURPOSES: ConsentPurpose[] = ['offers', 'reminders', 'surveys']

export const consentsQuery = (id: string) =>
  queryOptions({
    queryKey: ['contacts', id, 'consents'],
    queryFn: async () => (await data(api.GET('/contacts/{id}/consents', { params: { path: { id } } }))).items,
  })

export const consentHistoryQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['contacts', id, 'consents', 'history'],
    queryFn: ({ pageParam }) =>
      data(api.GET('/contacts/{id}/consents/history', { params: { path: { id }, query: { cursor: pageParam || undefined } } })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })

export const wordingsQuery = queryOptions({
  queryKey: ['consent-wordings'],
  queryFn: async () => (await data(api.GET('/consent-wordings'))).items,
})

export const oppositionsQuery = queryOptions({
  queryKey: ['oppositions'],
  queryFn: async () => (await data(api.GET('/oppositions'))).items,
})

export function refreshConsents(client: QueryClient, id: string) {
  void client.invalidateQueries({ queryKey: ['contacts', id] })
  for (const key of ['consent-wordings', 'oppositions']) void client.invalidateQueries({ queryKey: [key] })
}
