// How a due date reads, and which day it is where the company is.
import type { Task } from '@/api/types'
import { locale } from '@/i18n'
import { day, timeZone } from '@/i18n/format'
import { t } from './text'

/** YYYY-MM-DD where the company is, so many days from today. */
export function companyDay(days = 0, now = new Date()): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: timeZone(), year: 'numeric', month: '2-digit', day: '2-digit' })
  const today = parts.format(now)
  return new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** aujourd’hui, demain, hier, mardi, 24/11/2026 */
export function dayText(value: string, now = new Date()): string {
  const distance = Math.round((Date.parse(value) - Date.parse(companyDay(0, now))) / 86_400_000)
  const lang = locale === 'fr' ? 'fr-FR' : 'en-GB'
  if (Math.abs(distance) <= 1) return new Intl.RelativeTimeFormat(lang, { numeric: 'auto' }).format(distance, 'day')
  if (distance > 1 && distance < 7)
    return new Intl.DateTimeFormat(lang, { weekday: 'long', timeZone: 'UTC' }).format(new Date(`${value}T00:00:00Z`))
  return day(value)
}

export function dueText(task: Pick<Task, 'due_date' | 'due_time'>): string {
  if (!task.due_date) return t.noDay
  const when = dayText(task.due_date)
  return task.due_time ? t.at(when, task.due_time) : when
}

export const isLate = (task: Pick<Task, 'status' | 'due_at'>, now = Date.now()) =>
  task.status === 'open' && task.due_at !== null && Date.parse(task.due_at) <= now
