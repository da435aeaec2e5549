import { expect, it } from 'vitest'
import { setTimeZone } from '@/i18n/format'
import { companyDay, dayText, isLate } from './when'

const evening = new Date('2026-11-22T23:30:00Z')

it('counts days where the company is', () => {
  setTimeZone('Europe/Paris')
  expect(companyDay(0, evening)).toBe('2026-11-23')
  expect(companyDay(1, new Date('2026-10-24T22:30:00Z'))).toBe('2026-10-26')
  setTimeZone('America/Martinique')
  expect(companyDay(0, evening)).toBe('2026-11-22')
  setTimeZone('Europe/Paris')
})

it('names near days and dates far ones', () => {
  expect(dayText('2026-11-23', evening)).toBe('aujourd’hui')
  expect(dayText('2026-11-24', evening)).toBe('demain')
  expect(dayText('2026-11-26', evening)).toBe('jeudi')
  expect(dayText('2026-11-30', evening)).toBe('30/11/2026')
})

it('knows what is late', () => {
  expect(isLate({ status: 'open', due_at: '2026-11-22T10:00:00Z' }, evening.getTime())).toBe(true)
  expect(isLate({ status: 'done', due_at: '2026-11-22T10:00:00Z' }, evening.getTime())).toBe(false)
  expect(isLate({ status: 'open', due_at: null }, evening.getTime())).toBe(false)
})
