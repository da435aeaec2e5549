import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { FileQuery, StoredFile } from '@/api/types'
import { saveLink } from './save-link'

export interface FileSubject {
  kind: 'contact' | 'entity'
  id: string
}

export type FileSort = '-created' | 'name' | '-size'

export const filesQuery = (subject: FileSubject, trash: boolean, sort: FileSort) => {
  const query: FileQuery = { subject_kind: subject.kind, subject_id: subject.id, trash, sort, limit: 24 }
  return infiniteQueryOptions({
    queryKey: ['files', 'list', query],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/files', { params: { query: { ...query, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // The links of thumbnails last some minutes.
    staleTime: 60_000,
    // A check takes a second or two; nobody should have to ask for the page again.
    refetchInterval: current =>
      current.state.data?.pages.some(page => page.items.some(file => file.status === 'checking')) ? 2000 : false,
  })
}

export const usageQuery = () => queryOptions({ queryKey: ['files', 'usage'], queryFn: () => data(api.GET('/files/usage')) })

export const linksQuery = (id: string) =>
  queryOptions({
    queryKey: ['files', id, 'links'],
    queryFn: () => data(api.GET('/files/{id}/links', { params: { path: { id } } })),
    staleTime: 120_000,
    gcTime: 120_000,
  })

export function refreshFiles(client: QueryClient) {
  void client.invalidateQueries({ queryKey: ['files'] })
  for (const key of ['contacts', 'entities']) {
    void client.invalidateQueries({ queryKey: [key], predicate: query => query.queryKey.includes('timeline') })
  }
}

export async function download(file: StoredFile) {
  const links = await data(api.GET('/files/{id}/links', { params: { path: { id: file.id } } }))
  saveLink(links.download)
}
