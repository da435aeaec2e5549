// What a failure is called in the reader's language. The server sends stable codes; the words are ours.
import { ApiError, type FieldProblem } from '@/api/problem'
import { locale } from '@/i18n'
import { t } from './text'

export function problemText(error: unknown): string {
  if (!(error instanceof ApiError)) return t.problems.internal!
  if (error.code === 'rate_limited' && error.retryAfter) return t.rateLimitedFor(error.retryAfter)
  // A conflict's detail says what stands in the way (the last owner, a role in use); the code alone would not. It is written in French.
  if (error.code === 'conflict' && error.problem.detail && locale === 'fr') return error.problem.detail
  return t.problems[error.code] ?? t.problems[fallbackCode(error.status)]!
}

const fallbackCode = (status: number) =>
  status === 409 ? 'conflict' : status === 422 ? 'validation' : status === 404 ? 'not_found' : 'internal'

/** "invalid" at /emails/0/email is an invalid e-mail: the pointer says of what. */
export function fieldText(field: FieldProblem): string {
  const name = field.pointer.split('/').findLast(part => part && !/^\d+$/.test(part)) ?? ''
  return (
    t.fields[`${field.code}_${name}`] ??
    t.fields[field.code] ??
    (locale === 'fr' && field.detail ? field.detail : t.fieldFallback)
  )
}

/** Pointer → sentence, the shape that forms keep. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {}
  return Object.fromEntries(error.fields.map(field => [field.pointer, fieldText(field)]))
}
