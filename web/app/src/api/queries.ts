// Queries that several features share. A key begins with the domain that live events name, so one prefix invalidates all of it.
import { QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from './client'
import { ApiError } from './problem'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => error instanceof ApiError && error.transient && count < 2,
      refetchOnWindowFocus: true,
    },
  },
})

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: () => data(api.GET('/me')), staleTime: 5 * 60_000 })
export const tenantQuery = queryOptions({ queryKey: ['tenant'], queryFn: () => data(api.GET('/tenant')) })
export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: async () => (await data(api.GET('/users'))).items })
export const rolesQuery = queryOptions({ queryKey: ['roles'], queryFn: async () => (await data(api.GET('/roles'))).items })
export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: async () => (await data(api.GET('/invitations'))).items,
})
export const tagsQuery = queryOptions({ queryKey: ['tags'], queryFn: async () => (await data(api.GET('/tags'))).items })
export const jobsQuery = queryOptions({ queryKey: ['jobs'], queryFn: async () => (await data(api.GET('/jobs'))).items })
export const homeQuery = queryOptions({ queryKey: ['home'], queryFn: () => data(api.GET('/home')) })
