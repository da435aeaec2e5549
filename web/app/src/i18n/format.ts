// Numbers, money, dates and French identifiers as people read them. Instants are shown in the tenant's time zone.
import { locale } from './index'

const LANG = locale === 'fr' ? 'fr-FR' : 'en-GB'
const NARROW = '\u202f'
let zone = 'Europe/Paris'

export function setTimeZone(next: string) {
  if (next === zone) return
  zone = next
  made.clear()
}

export const timeZone = () => zone

const made = new Map<string, Intl.DateTimeFormat>()
function dates(options: Intl.DateTimeFormatOptions, tz: string | undefined = zone): Intl.DateTimeFormat {
  const key = JSON.stringify(options) + tz
  let format = made.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat(LANG, { ...options, timeZone: tz })
    made.set(key, format)
  }
  return format
}

const integers = new Intl.NumberFormat(LANG)
export const number = (n: number) => integers.format(n)

/** A decimal number as the server keeps it ("1234.5"), without going through a float where digits would be lost. */
export function decimal(text: string): string {
  const [whole = '0', fraction] = text.split('.')
  const grouped = integers.format(BigInt(whole))
  const sign = whole === '-0' ? '-' : ''
  return sign + grouped + (fraction ? (LANG === 'fr-FR' ? ',' : '.') + fraction : '')
}

/** Money arrives in minor units; never divided before this point. */
export function money(minor: number, currency = 'EUR'): string {
  return new Intl.NumberFormat(LANG, { style: 'currency', currency }).format(minor / 100)
}

/** 24/11/2026 */
export const date = (instant: string) => dates({ day: '2-digit', month: '2-digit', year: 'numeric' }).format(new Date(instant))

/** 24/11/2026 14:30 */
export function dateTime(instant: string): string {
  return `${date(instant)} ${time(instant)}`
}

/** 14:30 */
export const time = (instant: string) => dates({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(instant))

/** A calendar day without a time zone (birthday, due date): YYYY-MM-DD → 24/11/2026 */
export function day(value: string): string {
  return dates({ day: '2-digit', month: '2-digit', year: 'numeric' }, 'UTC').format(new Date(`${value}T00:00:00Z`))
}

/** The instant at which a calendar day begins where the company is; `days` later when given. */
export function dayStart(value: string, days = 0): string {
  const midnight = Date.parse(`${value}T00:00:00Z`) + days * 86_400_000
  // The offset at the answer may differ from the one at the guess on a day when clocks change: ask twice.
  const first = midnight - offset(midnight)
  return new Date(midnight - offset(first)).toISOString()
}

/** 2026-11-24T14:30 on the company's clock, as the instant it is. In an hour that does not exist, the clock has moved on. */
export function zonedInstant(local: string): string {
  const wall = Date.parse(`${local.slice(0, 16)}:00Z`)
  const first = wall - offset(wall)
  return new Date(wall - offset(first)).toISOString()
}

/** An instant as a control for date and time shows it: the company's clock. */
export function localInput(instant: string): string {
  const at = Date.parse(instant)
  return new Date(at + offset(at)).toISOString().slice(0, 16)
}

/** How far the company's clock is ahead of UTC at an instant, in milliseconds. */
function offset(at: number): number {
  const parts = dates({
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
    .formatToParts(at)
    .map(part => [part.type, Number(part.value)] as const)
  const wall = Object.fromEntries(parts) as Record<string, number>
  return Date.UTC(wall.year!, wall.month! - 1, wall.day!, wall.hour!, wall.minute!, wall.second!) - at
}

const dayKey = (at: Date) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)

/** The day heading of a timeline: aujourd’hui, hier, mardi 24 novembre, 24 novembre 2025. */
export function dayHeading(instant: string, now = new Date()): string {
  const at = new Date(instant)
  const key = dayKey(at)
  const relative = new Intl.RelativeTimeFormat(LANG, { numeric: 'auto' })
  if (key === dayKey(now)) return capital(relative.format(0, 'day'))
  if (key === dayKey(new Date(now.getTime() - 86_400_000))) return capital(relative.format(-1, 'day'))
  const sameYear = key.slice(0, 4) === dayKey(now).slice(0, 4)
  return capital(
    sameYear
      ? dates({ weekday: 'long', day: 'numeric', month: 'long' }).format(at)
      : dates({ day: 'numeric', month: 'long', year: 'numeric' }).format(at),
  )
}

/** il y a 3 min, il y a 2 h, il y a 5 j; beyond a month the date says more. */
export function ago(instant: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000)
  const relative = new Intl.RelativeTimeFormat(LANG, { numeric: 'auto', style: 'short' })
  if (seconds < 60) return relative.format(0, 'second')
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour')
  if (seconds < 30 * 86_400) return relative.format(-Math.floor(seconds / 86_400), 'day')
  return date(instant)
}

/** 552100554 → 552 100 554; a SIRET keeps its last five digits together. */
export function siren(value: string): string {
  const digits = value.replace(/\D/g, '')
  const groups = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6, 9), digits.slice(9)]
  return groups.filter(Boolean).join(NARROW)
}

/** Luhn's check of a SIREN or SIRET, so that a typing slip shows before the form is sent. La Poste's SIRETs sum to a multiple of 5 instead. */
export function validSiren(value: string): boolean {
  const digits = value.replace(/\s/g, '')
  if (!/^(\d{9}|\d{14})$/.test(digits)) return false
  if (digits.length === 14 && digits.startsWith('356000000')) return [...digits].reduce((sum, d) => sum + Number(d), 0) % 5 === 0
  const sum = [...digits].reverse().reduce((total, d, i) => {
    const n = Number(d) * (i % 2 ? 2 : 1)
    return total + (n > 9 ? n - 9 : n)
  }, 0)
  return sum % 10 === 0
}

/** +33612345678 → 06 12 34 56 78; other countries keep their prefix. The server formats properly; this only serves values it has not seen. */
export function phone(value: string): string {
  const compact = value.replace(/[\s.\-()]/g, '')
  const national = compact.startsWith('+33') ? `0${compact.slice(3)}` : compact
  if (/^0\d{9}$/.test(national)) return national.match(/../g)!.join(NARROW)
  return value
}

export const capital = (text: string) => text.charAt(0).toLocaleUpperCase(LANG) + text.slice(1)

/** Two letters for a monogram: Ana Dupré → AD, Garage Dupré & Fils → GD. */
export function initials(name: string): string {
  const words = name
    .normalize('NFC')
    .split(/[\s\-’']+/)
    .filter(word => /^\p{L}|^\d/u.test(word))
  const letters = words.length > 1 ? [words[0]!, words[1]!].map(w => [...w][0]!) : [...(words[0] ?? '?')].slice(0, 2)
  return letters.join('').toLocaleUpperCase(LANG)
}
