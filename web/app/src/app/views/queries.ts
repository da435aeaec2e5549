import { queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { RecordObject } from '../custom/fields'

export const viewsQuery = (object: RecordObject) =>
  queryOptions({
    queryKey: ['views', object],
    queryFn: async () => (await data(api.GET('/views', { params: { query: { object } } }))).items,
    staleTime: 60_000,
  })

/** Begins with the domain that live events name. */
export const viewCountQuery = (object: RecordObject, id: string) =>
  queryOptions({
    queryKey: [object === 'contact' ? 'contacts' : 'entities', 'view-count', id],
    queryFn: ({ signal }) =>
      data(api.GET('/views/{id}/count', { params: { path: { id }, query: { up_to: 1_000_000 } }, signal })),
    staleTime: 60_000,
  })
