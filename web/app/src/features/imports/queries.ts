import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Import } from '@/api/types'
import type { Tone } from '@/ui/tag'

export const moving = (status: Import['status']) => status === 'analysing' || status === 'running' || status === 'undoing'

export const TONES: Record<Import['status'], Tone> = {
  uploaded: 'info',
  analysing: 'info',
  analysed: 'info',
  running: 'info',
  done: 'good',
  cancelled: 'neutral',
  failed: 'bad',
  undoing: 'info',
  undone: 'neutral',
}

export const importsQuery = queryOptions({
  queryKey: ['imports', 'list'],
  queryFn: async () => (await data(api.GET('/imports'))).items,
  refetchInterval: query => (query.state.data?.some(one => moving(one.status)) ? 1500 : false),
})

export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ['imports', id],
    queryFn: () => data(api.GET('/imports/{id}', { params: { path: { id } } })),
    refetchInterval: query => (query.state.data && moving(query.state.data.status) ? 700 : false),
  })

/** The same list that the screen of things holds. */
export const kindsQuery = queryOptions({ queryKey: ['entities', 'kinds'], queryFn: () => data(api.GET('/entity-kinds')) })

export type Outcome = 'created' | 'matched' | 'rejected' | 'warning'

export const rowsQuery = (id: string, outcome: Outcome | undefined) =>
  infiniteQueryOptions({
    queryKey: ['imports', id, 'rows', outcome ?? ''],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/imports/{id}/rows', {
          params: { path: { id }, query: { outcome, limit: 50, cursor: pageParam || undefined } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
