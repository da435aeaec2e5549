import { queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'

export const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: async () => (await data(api.GET('/views'))).items,
  staleTime: 60_000,
})

export const viewCountQuery = (id: string) =>
  queryOptions({
    queryKey: ['contacts', 'view-count', id],
    queryFn: ({ signal }) =>
      data(api.GET('/views/{id}/count', { params: { path: { id }, query: { up_to: 1_000_000 } }, signal })),
    staleTime: 60_000,
  })
