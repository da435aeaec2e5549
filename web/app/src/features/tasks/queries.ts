import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { TaskAction, TaskQuery } from '@/api/types'

export type TaskFilter = Omit<TaskQuery, 'limit' | 'cursor'>

export const tasksQuery = (filter: TaskFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['tasks', 'list', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/tasks', { params: { query: { ...filter, limit, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const taskCountQuery = (filter: TaskFilter) =>
  queryOptions({
    queryKey: ['tasks', 'count', filter],
    queryFn: ({ signal }) => data(api.GET('/tasks/count', { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
  })

export const taskQuery = (id: string) =>
  queryOptions({ queryKey: ['tasks', id], queryFn: () => data(api.GET('/tasks/{id}', { params: { path: { id } } })) })

/** Tasks show in lists, on contacts and on Accueil. */
export function refreshTasks(client: QueryClient) {
  for (const key of ['tasks', 'home']) void client.invalidateQueries({ queryKey: [key] })
  void client.invalidateQueries({ queryKey: ['contacts'], predicate: query => query.queryKey.includes('timeline') })
}

export const changeTasks = (ids: string[], action: TaskAction) => data(api.POST('/tasks/bulk', { body: { ids, action } }))
export const undoChange = (id: string) => data(api.POST('/tasks/bulk/{id}/undo', { params: { path: { id } } }))
