import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, BASE, data, fileName, saveFile, send } from '@/api/client'
import type { Answer, Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import { toastError } from '@/ui/toast'

export type AccountingSettings = Answer<'/accounting/settings', 'get'>
export type VatLine = Answer<'/accounting/vat', 'get'>['items'][number]
export type AgeingRow = Answer<'/accounting/ageing', 'get'>['items'][number]

interface Period {
  from: string
  to: string
}

export const salesQuery = (period: Period) =>
  infiniteQueryOptions({
    queryKey: ['invoices', 'sales-journal', period],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/accounting/sales-journal', { params: { query: { ...period, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const cashQuery = (period: Period) =>
  infiniteQueryOptions({
    queryKey: ['payments', 'cash-journal', period],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/accounting/cash-journal', { params: { query: { ...period, cursor: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const vatQuery = (period: Period) =>
  queryOptions({
    queryKey: ['payments', 'vat', period],
    queryFn: ({ signal }) => data(api.GET('/accounting/vat', { params: { query: period }, signal })),
    placeholderData: keepPreviousData,
  })

export const ageingQuery = (on: string) =>
  queryOptions({
    queryKey: ['payments', 'ageing', on],
    queryFn: ({ signal }) => data(api.GET('/accounting/ageing', { params: { query: { on } }, signal })),
    placeholderData: keepPreviousData,
  })

export const settingsQuery = queryOptions({
  queryKey: ['accounting-settings'],
  queryFn: ({ signal }) => data(api.GET('/accounting/settings', { signal })),
})

/** A journal as a file: a small one comes back at once, a large one as an operation. */
export async function exportReport(body: { report: string; format?: string } & Period) {
  try {
    const response = await send(
      new Request(`${location.origin}${BASE}/accounting/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    )
    if (response.status === 202) return followJob((await response.json()) as Job)
    saveFile(await response.blob(), fileName(response, `${body.report}.${body.format}`))
  } catch (error) {
    toastError(error)
  }
}
