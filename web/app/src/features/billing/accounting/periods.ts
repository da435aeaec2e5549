// Periods as an accountant names them, in the company's calendar.
import { timeZone } from '@/i18n/format'

export const today = () => new Intl.DateTimeFormat('en-CA', { timeZone: timeZone() }).format(new Date())

export type PeriodKey = 'month' | 'lastMonth' | 'quarter' | 'lastQuarter' | 'year' | 'lastYear'

const iso = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10)

/** First and last day. Months are counted from 0 and may leave their year: the calendar of the browser knows how. */
export function bounds(key: PeriodKey, on = today()): { du: string; au: string } {
  const [year = 0, month = 1] = on.split('-').map(Number)
  const spans: Record<PeriodKey, [number, number]> = {
    month: [month - 1, 1],
    lastMonth: [month - 2, 1],
    quarter: [Math.floor((month - 1) / 3) * 3, 3],
    lastQuarter: [Math.floor((month - 1) / 3) * 3 - 3, 3],
    year: [0, 12],
    lastYear: [-12, 12],
  }
  const [first, length] = spans[key]
  return { du: iso(year, first, 1), au: iso(year, first + length, 0) }
}

/** The name of a period, when it has one. */
export function nameOf(du: string, au: string, on = today()): PeriodKey | undefined {
  const keys: PeriodKey[] = ['month', 'lastMonth', 'quarter', 'lastQuarter', 'year', 'lastYear']
  return keys.find(key => bounds(key, on).du === du && bounds(key, on).au === au)
}
