// One event stream a tab. A message names a domain; whatever is shown of that domain is fetched again.
import type { QueryClient } from '@tanstack/react-query'
import { BASE, refreshSession } from './client'

interface LiveChange {
  domain: string
  id?: string
  kind: string
}

/** Domains whose change shows elsewhere than in their own lists. */
const ALSO: Record<string, string[]> = {
  contacts: ['home', 'tags', 'duplicates'],
  // A field that is deleted or converted changes what records hold.
  'custom-fields': ['contacts', 'entities'],
  tags: ['contacts'],
  imports: ['home', 'jobs', 'contacts', 'entities', 'tasks', 'tags', 'duplicates'],
  jobs: ['contacts'],
  entities: ['contacts'],
  tasks: ['home', 'contacts'],
  orders: ['contacts', 'invoices', 'home'],
  files: ['contacts', 'entities', 'home'],
  company: ['tenant', 'me', 'users', 'roles', 'invitations', 'api_keys', 'sessions', 'home'],
}

export const touchedBy = (domain: string) => [domain, ...(ALSO[domain] ?? []), 'audit']

/** A bulk job sends hundreds of messages: gather them before asking again. */
const GATHER_MS = 250

export function startLive(client: QueryClient): () => void {
  let source: EventSource | undefined
  let reopening: ReturnType<typeof setTimeout> | undefined
  let flushing: ReturnType<typeof setTimeout> | undefined
  let wait = 1000
  const touched = new Set<string>()

  const flush = () => {
    flushing = undefined
    // The server itself lost sight of what happened, after its database came back for instance.
    if (touched.has('all')) void client.invalidateQueries()
    else for (const domain of touched) void client.invalidateQueries({ queryKey: [domain] })
    touched.clear()
  }

  const open = () => {
    const openedAt = Date.now()
    source = new EventSource(`${BASE}/live`)
    source.onopen = () => {
      // Whatever changed while the line was down is unknown: everything on screen is asked for again.
      if (wait > 1000) void client.invalidateQueries()
      wait = 1000
    }
    source.addEventListener('change', event => {
      const change = JSON.parse((event as MessageEvent<string>).data) as LiveChange
      for (const domain of touchedBy(change.domain)) touched.add(domain)
      flushing ??= setTimeout(flush, GATHER_MS)
    })
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return
      // The browser gives up on an HTTP error, most often an expired cookie.
      wait = Math.min(wait * 2, 60_000)
      reopening = setTimeout(async () => {
        if (await refreshSession(openedAt)) open()
        else reopening = setTimeout(open, 60_000)
      }, wait)
    }
  }

  open()
  return () => {
    source?.close()
    clearTimeout(reopening)
    clearTimeout(flushing)
  }
}
