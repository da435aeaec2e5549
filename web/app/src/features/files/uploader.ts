// Sending files, piece by piece: what has arrived survives a lost connection, a closed tab and a restarted server. Lives outside of any
// page, so that going elsewhere in the product stops nothing.
import { useSyncExternalStore } from 'react'
import { api, BASE, data, send } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { FileSubject } from './queries'
import { t } from './text'

const CHUNK = 2 * 1024 * 1024
const LARGEST = 50 * 1024 * 1024
const AT_A_TIME = 2

export interface Sending {
  key: string
  subject: FileSubject
  file: File
  sent: number
  state: 'waiting' | 'sending' | 'paused' | 'finishing' | 'failed'
  error?: unknown
}

interface Work extends Sending {
  stop: AbortController
  upload?: string
  done: (work: Sending) => void
}

let works: Work[] = []
const listeners = new Set<() => void>()

function change(work: Work, part: Partial<Work>) {
  works = works.map(other => (other.key === work.key ? Object.assign(other, part) && { ...other } : other))
  for (const listener of listeners) listener()
}

const current = (key: string) => works.find(work => work.key === key)

function drop(key: string) {
  works = works.filter(work => work.key !== key)
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function useSendings(subject: FileSubject): Sending[] {
  return useSyncExternalStore(subscribe, () => works).filter(
    work => work.subject.kind === subject.kind && work.subject.id === subject.id,
  )
}

export function sendFiles(subject: FileSubject, files: Iterable<File>, done: (work: Sending) => void) {
  for (const file of files) {
    const error =
      file.size === 0
        ? new ApiError(422, { detail: t.emptyFile })
        : file.size > LARGEST
          ? new ApiError(413, { detail: t.tooLarge })
          : undefined
    const state = error ? 'failed' : 'waiting'
    works = [...works, { key: crypto.randomUUID(), subject, file, sent: 0, state, error, stop: new AbortController(), done }]
  }
  for (const listener of listeners) listener()
  startNext()
}

export function cancelSending(key: string) {
  const work = current(key)
  if (!work) return
  work.stop.abort()
  if (work.upload) {
    forget(work)
    void api.DELETE('/files/uploads/{id}', { params: { path: { id: work.upload } } }).catch(() => {})
  }
  drop(key)
  startNext()
}

export function retrySending(key: string) {
  const work = current(key)
  if (!work) return
  change(work, { state: 'waiting', error: undefined, stop: new AbortController() })
  startNext()
}

function startNext() {
  const busy = works.filter(work => work.state !== 'waiting' && work.state !== 'failed').length
  for (const work of works.filter(work => work.state === 'waiting').slice(0, Math.max(0, AT_A_TIME - busy))) void run(work.key)
}

async function run(key: string) {
  try {
    await transfer(key)
    const work = current(key)
    drop(key)
    work?.done(work)
  } catch (error) {
    const work = current(key)
    if (work && !work.stop.signal.aborted) change(work, { state: 'failed', error })
  }
  startNext()
}

async function transfer(key: string) {
  const first = current(key)!
  const { file, stop } = first
  change(first, { state: 'sending' })
  const begun = await begin(first)
  const path = { params: { path: { id: begun.id } } }
  let { offset } = begun
  let waits = 0
  const at = (part: Partial<Work>) => {
    const work = current(key)
    if (!work) throw new DOMException('', 'AbortError')
    change(work, part)
  }
  at({ upload: begun.id, sent: offset })
  const patiently = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const answer = await work()
      waits = 0
      return answer
    } catch (error) {
      if (stop.signal.aborted || !(error instanceof ApiError)) throw error
      const place = (error.problem as { offset?: unknown }).offset
      if (error.status === 409 && typeof place === 'number') offset = place
      else if (error.transient) {
        at({ state: 'paused' })
        await lull(Math.min(30_000, 1000 * 2 ** waits++))
        // Where it is now, as far as the server can be asked at all.
        offset = await data(api.GET('/files/uploads/{id}', path)).then(
          upload => upload.offset,
          again => {
            if (again instanceof ApiError && again.transient) return offset
            throw again
          },
        )
        at({ state: 'sending' })
      } else throw error
      return undefined
    }
  }
  while (offset < file.size) {
    const piece = file.slice(offset, offset + CHUNK)
    const headers = { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }
    const request = () =>
      new Request(`${BASE}/files/uploads/${begun.id}`, { method: 'PATCH', headers, body: piece, signal: stop.signal })
    const answer = await patiently(() => send(request()))
    if (answer) offset = Number(answer.headers.get('Upload-Offset'))
    at({ sent: offset })
  }
  at({ state: 'finishing' })
  const sha256 = await digest(file)
  for (;;) {
    const made = await patiently(() => data(api.POST('/files/uploads/{id}/finish', { ...path, body: { sha256 } })))
    if (made) break
  }
  forget(first)
}

/** Until the time is over or the browser says that the line is back. */
function lull(ms: number) {
  return new Promise<void>(resolve => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
  })
}

const memory = ({ subject, file }: Sending) =>
  `vision.upload.${subject.kind}.${subject.id}.${file.name}.${file.size}.${file.lastModified}`

function forget(work: Sending) {
  localStorage.removeItem(memory(work))
}

/** The same file chosen again after a reload goes on where it was. */
async function begin(work: Work): Promise<{ id: string; offset: number }> {
  const known = work.upload ?? localStorage.getItem(memory(work))
  if (known) {
    const found = await data(api.GET('/files/uploads/{id}', { params: { path: { id: known } } })).catch(error => {
      if (error instanceof ApiError && error.transient) throw error
      return undefined
    })
    if (found) return found
  }
  const made = await data(
    api.POST('/files/uploads', { body: { name: work.file.name, size: work.file.size, subject: work.subject } }),
  )
  localStorage.setItem(memory(work), made.id)
  return made
}

async function digest(file: File): Promise<string | undefined> {
  // Browsers have no digest outside of secure pages.
  if (!crypto.subtle) return undefined
  const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
}
