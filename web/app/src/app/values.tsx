// How a stored value reads: field names, coded values, dates, lists. Shared by timelines and the audit log.
import type { Change } from '@/api/types'
import { date, dateTime, day } from '@/i18n/format'
import { customField, customText, type RecordObject } from './custom/fields'
import { words } from './record-words/text'
import { t } from './text'
import classes from './values.module.css'

/** Changes of a custom field are named `custom.<key>`. */
const customOf = (field: string, object: RecordObject) =>
  field.startsWith('custom.') ? customField(object, field.slice(7)) : undefined

export const fieldName = (field: string, object: RecordObject = 'contact') =>
  customOf(field, object)?.label ??
  words.fields[field] ??
  words.fields[field.replace(/^\/|\/.*$/g, '')] ??
  field.replace(/^custom\./, '')

export function valueText(value: unknown, field = '', object: RecordObject = 'contact'): string {
  if (value === null || value === undefined || value === '') return t.timeline.empty
  const custom = customOf(field, object)
  if (custom) return customText(custom, value)
  if (typeof value === 'boolean') return value ? t.timeline.yes : t.timeline.no
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') {
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return day(value)
    if (/^\d{4}-\d{2}-\d{2}T/.test(value)) return field.endsWith('_at') ? dateTime(value) : date(value)
    return words.values[value] ?? value
  }
  if (Array.isArray(value)) return value.length ? value.map(item => valueText(item)).join(', ') : t.timeline.empty
  const members = value as Record<string, unknown>
  const named = members.name ?? members.display ?? members.email ?? members.phone
  if (typeof named === 'string') return named
  const parts = Object.entries(members).filter(([key, part]) => part && key !== 'id' && key !== 'label')
  return parts.length ? parts.map(([, part]) => valueText(part)).join(' ') : t.timeline.empty
}

/** Each changed field with what it was and what it is; where neither is said, that it changed. */
export function Changes({ changes, object = 'contact' }: { changes: Change[]; object?: RecordObject }) {
  if (!changes.length) return null
  return (
    <dl className={classes.changes}>
      {changes.map(change => {
        const before = valueText(change.before, change.field, object)
        const after = valueText(change.after, change.field, object)
        const unsaid = (change.before ?? change.after ?? null) === null
        return (
          <div key={change.field}>
            <dt>{fieldName(change.field, object)}</dt>
            <dd>
              {unsaid ? (
                <span className="muted">{t.timeline.unsaid}</span>
              ) : (
                <>
                  <span className="hidden-text">{t.timeline.changed(before, after)}</span>
                  <span aria-hidden>
                    {change.before !== null && change.before !== undefined && <del>{before}</del>} <ins>{after}</ins>
                  </span>
                </>
              )}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
