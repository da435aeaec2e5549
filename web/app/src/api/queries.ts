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

declare global {
  interface Window {
    /** Answers that index.html asked for before the application was there. Each is used once. */
    visionEarly?: Record<string, Promise<Response | undefined> | undefined>
  }
}

/** The early answer if it is a good one; every other case goes the usual way, refresh included. */
async function early<T>(path: string, usual: () => Promise<T>): Promise<T> {
  const asked = typeof window === 'undefined' ? undefined : window.visionEarly?.[path]
  if (!asked) return usual()
  delete window.visionEarly![path]
  const answer = await asked
  return answer?.ok ? ((await answer.json()) as T) : usual()
}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => early('/me', () => data(api.GET('/me'))),
  staleTime: 5 * 60_000,
})
export const tenantQuery = queryOptions({ queryKey: ['tenant'], queryFn: () => data(api.GET('/tenant')) })
export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: async () => (await data(api.GET('/users'))).items })
export const rolesQuery = queryOptions({ queryKey: ['roles'], queryFn: async () => (await data(api.GET('/roles'))).items })
export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: async () => (await data(api.GET('/invitations'))).items,
})
export const tagsQuery = queryOptions({ queryKey: ['tags'], queryFn: async () => (await data(api.GET('/tags'))).items })
export const jobsQuery = queryOptions({ queryKey: ['jobs'], queryFn: async () => (await data(api.GET('/jobs'))).items })
export const homeQuery = queryOptions({ queryKey: ['home'], queryFn: () => early('/home', () => data(api.GET('/home'))) })
