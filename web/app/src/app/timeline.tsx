// Who did what, when, and what it changed: the same reading on Accueil and on a contact's page.
import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import type { TimelineItem } from '@/api/types'
import { ago, dateTime, dayHeading, time } from '@/i18n/format'
import { Monogram } from '@/ui/monogram'
import { t } from './text'
import classes from './timeline.module.css'

// On Accueil nothing is said of fields: their words come with the first record.
const Changes = lazy(() => import('./values').then(part => ({ default: part.Changes })))

export function actorName(actor: { kind: string; name?: string | null }): string {
  return actor.name ?? t.timeline.actor[actor.kind] ?? t.timeline.actor.user!
}

interface TimelineProps {
  items: TimelineItem[]
  showContact?: boolean
  /** What can be done about a line. */
  action?: (item: TimelineItem) => ReactNode
}

export function Timeline({ items, showContact, action }: TimelineProps) {
  const days: { heading: string; items: TimelineItem[] }[] = []
  for (const item of items) {
    const heading = dayHeading(item.at)
    const last = days.at(-1)
    if (last?.heading === heading) last.items.push(item)
    else days.push({ heading, items: [item] })
  }
  return (
    <div className={classes.timeline}>
      {days.map(day => (
        <section key={day.heading}>
          <h3 className={classes.day}>{day.heading}</h3>
          <ol>
            {day.items.map(item => (
              <Entry key={item.id} item={item} showContact={showContact} action={action?.(item)} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  )
}

function Entry({ item, showContact, action }: { item: TimelineItem; showContact?: boolean; action?: ReactNode }) {
  const name = actorName(item.actor)
  const body = textOf(item)
  let subject: ReactNode = null
  if (showContact && item.contact) {
    subject = (
      <Link to="/contacts/$id" params={{ id: item.contact.id }} className={classes.subject}>
        {item.contact.name}
      </Link>
    )
  }
  return (
    <li className={classes.entry}>
      <Monogram name={name} size={24} />
      <div className={classes.body}>
        <div>
          <strong>{name}</strong> {t.timeline.kinds[item.kind] ?? t.timeline.other}
          <Thing item={item} />
          {subject && <> · {subject}</>}
        </div>
        {!showContact && item.changes.length > 0 && (
          <Suspense>
            <Changes changes={item.changes} object={item.kind.startsWith('entity.') ? 'entity' : 'contact'} />
          </Suspense>
        )}
        {body && <p className={classes.quote}>{body}</p>}
        {action}
      </div>
      <time dateTime={item.at} title={dateTime(item.at)} className="muted small">
        {Date.now() - Date.parse(item.at) < 6 * 3_600_000 ? ago(item.at) : time(item.at)}
      </time>
    </li>
  )
}

/** The thing or the invoice that an event of a contact's timeline is about. */
function Thing({ item }: { item: TimelineItem }) {
  type Named = { id: string; name: string }
  const data = item.data as { entity?: Named; invoice?: Named; order?: Named } | null
  const thing = data?.entity
  if (data?.order)
    return (
      <>
        {' · '}
        <Link to="/devis/$id" params={{ id: data.order.id }} className={classes.subject}>
          {data.order.name}
        </Link>
      </>
    )
  if (data?.invoice)
    return (
      <>
        {' · '}
        <Link to="/factures/$id" params={{ id: data.invoice.id }} className={classes.subject}>
          {data.invoice.name}
        </Link>
      </>
    )
  if (!thing) return null
  return (
    <>
      {' · '}
      <Link to="/biens/$id" params={{ id: thing.id }} className={classes.subject}>
        {thing.name}
      </Link>
    </>
  )
}

function textOf(item: TimelineItem): string | undefined {
  const data = item.data as Record<string, unknown> | null
  if (item.kind.startsWith('consent.')) return consentText(data)
  const found =
    data?.excerpt ?? data?.body ?? data?.filename ?? data?.reason ?? (item.kind === 'contact.merged' ? data?.name : undefined)
  return typeof found === 'string' ? found : undefined
}

/** What a decision is about: through which channels, for which purposes. */
function consentText(data: Record<string, unknown> | null): string | undefined {
  const words = (key: string) => {
    const list = data?.[key]
    return Array.isArray(list) ? list.map(word => t.timeline.consent[String(word)] ?? String(word)).join(', ') : ''
  }
  return [words('channels'), words('purposes')].filter(Boolean).join(' · ') || undefined
}
