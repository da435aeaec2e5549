// The one door to the server: same-origin cookies, CSRF header, idempotency keys, one shared refresh, problem+json → ApiError.
import createClient from 'openapi-fetch'
import { networkError, toApiError } from './problem'
import type { paths } from './types'

export const BASE = '/api/v1'

/** What a visitor without a session may call: a 401 there is an answer, not an expired cookie. */
const OPEN = /^\/api\/v1\/auth\/(?!switch-tenant|logout)/

let whenSignedOut = () => {}
export function onSignedOut(handler: () => void) {
  whenSignedOut = handler
}

export function csrfToken(cookies = document.cookie): string | undefined {
  const found = cookies.split('; ').find(cookie => cookie.startsWith('__Host-vision_csrf=') || cookie.startsWith('vision_csrf='))
  return found && decodeURIComponent(found.slice(found.indexOf('=') + 1))
}

function prepared(request: Request): Request {
  const ready = new Request(request, { credentials: 'same-origin' })
  ready.headers.set('Accept', 'application/json')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const token = csrfToken()
    if (token) ready.headers.set('X-CSRF-Token', token)
  }
  return ready
}

const REFRESHED = 'vision.refreshed_at'
let refreshing: Promise<boolean> | undefined

/** One refresh for all the requests of this tab, and, through the lock, for all tabs: the refresh cookie is good for one use. */
export function refreshSession(failedAt: number): Promise<boolean> {
  refreshing ??= underLock(async () => {
    if (Number(localStorage.getItem(REFRESHED)) > failedAt) return true
    const answer = await fetch(prepared(new Request(`${BASE}/auth/refresh`, { method: 'POST' })))
    if (answer.ok) localStorage.setItem(REFRESHED, String(Date.now()))
    return answer.ok
  })
    .catch(() => false)
    .finally(() => {
      refreshing = undefined
    })
  return refreshing
}

function underLock<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? (navigator.locks.request('vision-refresh', work) as Promise<T>) : work()
}

/** A lost answer is asked for once more: the idempotency key makes the second send harmless. */
async function reach(request: Request): Promise<Response> {
  const spare = request.clone()
  try {
    return await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    const safe = request.method === 'GET' || request.headers.has('Idempotency-Key')
    if (!safe) throw networkError()
    await new Promise(resolve => setTimeout(resolve, 400))
    return fetch(spare).catch(() => {
      throw networkError()
    })
  }
}

export async function send(original: Request): Promise<Response> {
  // Sums are asked for at each pause of typing, and change nothing: their answers are not worth keeping for a day.
  const changes = original.method === 'POST' && !original.url.endsWith('/invoice-totals')
  if (changes && !original.headers.has('Idempotency-Key')) original.headers.set('Idempotency-Key', crypto.randomUUID())
  const startedAt = Date.now()
  let response = await reach(prepared(original.clone()))
  if (response.status === 401 && !OPEN.test(new URL(original.url).pathname)) {
    if (await refreshSession(startedAt)) response = await reach(prepared(original.clone()))
    if (response.status === 401) whenSignedOut()
  }
  if (!response.ok) throw await toApiError(response)
  return response
}

export const api = createClient<paths>({ baseUrl: BASE, fetch: send })

/** `send` throws on every failure, so an answer always has its data. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T
}

/** The version a change was based on, as the API compares it. */
export const ifMatch = (version: number) => ({ 'If-Match': `"${version}"` })

/** Files do not go through JSON: an XMLHttpRequest, since fetch cannot tell how far an upload has come. */
export async function upload<T>(
  method: 'POST' | 'PUT',
  path: string,
  file: Blob,
  onProgress?: (share: number) => void,
): Promise<T> {
  const attempt = () =>
    new Promise<Response>((resolve, reject) => {
      const xhr = new XMLHttpRequest()
      xhr.open(method, BASE + path)
      xhr.setRequestHeader('Accept', 'application/json')
      xhr.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
      const token = csrfToken()
      if (token) xhr.setRequestHeader('X-CSRF-Token', token)
      xhr.upload.onprogress = event => event.lengthComputable && onProgress?.(event.loaded / event.total)
      xhr.onload = () => resolve(new Response(xhr.status === 204 ? null : xhr.responseText, { status: xhr.status }))
      xhr.onerror = () => reject(networkError())
      xhr.send(file)
    })
  const startedAt = Date.now()
  let response = await attempt()
  if (response.status === 401 && (await refreshSession(startedAt))) response = await attempt()
  if (!response.ok) throw await toApiError(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** Hands a fetched file to the browser's downloads. */
export function saveFile(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The name that the server proposes in Content-Disposition. */
export function fileName(response: Response, fallback: string): string {
  const header = response.headers.get('Content-Disposition') ?? ''
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1]
  const plain = /filename="?([^";]+)"?/i.exec(header)?.[1]
  return extended ? decodeURIComponent(extended) : (plain ?? fallback)
}
