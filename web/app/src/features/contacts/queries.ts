import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { type ContactFilter, type ContactSort, queryFilter } from './filters'

export const PAGE = 100

export const listQuery = (filter: ContactFilter, sort?: ContactSort, custom: string[] = []) =>
  infiniteQueryOptions({
    queryKey: ['contacts', 'list', filter, sort ?? '', custom],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET('/contacts', {
          params: {
            query: {
              ...queryFilter(filter),
              sort,
              limit: PAGE,
              cursor: pageParam || undefined,
              custom: custom.join(',') || undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    // The old rows stay while the next answer comes: typing must not make the list blink.
    placeholderData: keepPreviousData,
  })

export const countQuery = (filter: ContactFilter) =>
  queryOptions({
    queryKey: ['contacts', 'count', filter],
    // A segment is counted to its end; a plain list only says that it is long.
    queryFn: ({ signal }) =>
      data(
        api.GET('/contacts/count', {
          params: { query: { ...queryFilter(filter), ...(filter.tree && { up_to: 1_000_000 }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })

export const contactQuery = (id: string) =>
  queryOptions({ queryKey: ['contacts', id], queryFn: () => data(api.GET('/contacts/{id}', { params: { path: { id } } })) })

export const notesQuery = (id: string) =>
  queryOptions({
    queryKey: ['contacts', id, 'notes'],
    queryFn: async () => (await data(api.GET('/contacts/{id}/notes', { params: { path: { id } } }))).items,
  })

export const timelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['contacts', id, 'timeline'],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/contacts/{id}/timeline', { params: { path: { id }, query: { limit: 30, cursor: pageParam || undefined } } }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
