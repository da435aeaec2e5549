import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { type EntityFilter, type EntitySort, queryFilter } from './filters'

export const listQuery = (filter: EntityFilter, sort?: EntitySort, custom: string[] = []) =>
  infiniteQueryOptions({
    queryKey: ['entities', 'list', filter, sort ?? '', custom],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET('/entities', {
          params: {
            query: {
              ...queryFilter(filter),
              sort,
              limit: 100,
              cursor: pageParam || undefined,
              custom: custom.join(',') || undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const countQuery = (filter: EntityFilter) =>
  queryOptions({
    queryKey: ['entities', 'count', filter],
    // A segment is counted to its end; a plain list only says that it is long.
    queryFn: ({ signal }) =>
      data(
        api.GET('/entities/count', {
          params: { query: { ...queryFilter(filter), ...(filter.tree && { up_to: 1_000_000 }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })

export const kindsQuery = queryOptions({ queryKey: ['entities', 'kinds'], queryFn: () => data(api.GET('/entity-kinds')) })

const path = (id: string) => ({ params: { path: { id } } })

export const entityQuery = (id: string) =>
  queryOptions({ queryKey: ['entities', id], queryFn: () => data(api.GET('/entities/{id}', path(id))) })

export const ownersQuery = (id: string) =>
  queryOptions({
    queryKey: ['entities', id, 'owners'],
    queryFn: async () => (await data(api.GET('/entities/{id}/owners', path(id)))).items,
  })

export const readingsQuery = (id: string) =>
  queryOptions({
    queryKey: ['entities', id, 'readings'],
    queryFn: async () => (await data(api.GET('/entities/{id}/readings', path(id)))).items,
  })

export const timelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['entities', id, 'timeline'],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/entities/{id}/timeline', { params: { path: { id }, query: { limit: 30, cursor: pageParam || undefined } } }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
