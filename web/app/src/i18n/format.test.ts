import { describe, expect, it } from 'vitest'
import {
  ago,
  date,
  dateTime,
  day,
  dayHeading,
  dayStart,
  initials,
  money,
  number,
  phone,
  setTimeZone,
  siren,
  validSiren,
} from './format'

describe('French typography', () => {
  it('writes money with narrow spaces and a comma', () => {
    expect(money(123456)).toBe('1\u202f234,56\u00a0€')
    expect(money(-5)).toBe('-0,05\u00a0€')
  })
  it('groups thousands with a narrow no-break space', () => {
    expect(number(1_234_567)).toBe('1\u202f234\u202f567')
  })
  it('groups a SIREN by three and keeps the NIC of a SIRET together', () => {
    expect(siren('552100554')).toBe('552\u202f100\u202f554')
    expect(siren('55210055400013')).toBe('552\u202f100\u202f554\u202f00013')
  })
  it('shows French telephone numbers by pairs and leaves others alone', () => {
    expect(phone('+33628921664')).toBe('06\u202f28\u202f92\u202f16\u202f64')
    expect(phone('06.28.92.16.64')).toBe('06\u202f28\u202f92\u202f16\u202f64')
    expect(phone('+41 22 345 67 89')).toBe('+41 22 345 67 89')
  })
})

describe('instants in the time zone of the company', () => {
  it('follows the zone, overseas included', () => {
    setTimeZone('Europe/Paris')
    expect(dateTime('2026-11-24T13:30:00Z')).toBe('24/11/2026 14:30')
    setTimeZone('Pacific/Noumea')
    expect(dateTime('2026-11-24T13:30:00Z')).toBe('25/11/2026 00:30')
    expect(date('2026-11-24T13:30:00Z')).toBe('25/11/2026')
    setTimeZone('Europe/Paris')
  })
  it('does not move a birthday by a day', () => {
    setTimeZone('Pacific/Tahiti')
    expect(day('1984-02-29')).toBe('29/02/1984')
    setTimeZone('Europe/Paris')
  })
  it('begins a day at the company’s midnight, on days when clocks change too', () => {
    setTimeZone('Europe/Paris')
    expect(dayStart('2026-07-01')).toBe('2026-06-30T22:00:00.000Z')
    expect(dayStart('2026-03-29')).toBe('2026-03-28T23:00:00.000Z')
    expect(dayStart('2026-03-29', 1)).toBe('2026-03-29T22:00:00.000Z')
    setTimeZone('America/Martinique')
    expect(dayStart('2026-07-01')).toBe('2026-07-01T04:00:00.000Z')
    setTimeZone('Europe/Paris')
  })
  it('names today and yesterday as the company lives them', () => {
    const now = new Date('2026-11-24T23:30:00Z') // already the 25th in Paris
    expect(dayHeading('2026-11-24T23:10:00Z', now)).toBe('Aujourd’hui')
    expect(dayHeading('2026-11-24T12:00:00Z', now)).toBe('Hier')
    expect(dayHeading('2026-11-20T12:00:00Z', now)).toBe('Vendredi 20 novembre')
    expect(dayHeading('2025-11-20T12:00:00Z', now)).toBe('20 novembre 2025')
  })
  it('counts short delays and dates long ones', () => {
    const now = Date.parse('2026-11-24T12:00:00Z')
    expect(ago('2026-11-24T11:57:00Z', now)).toBe('il y a 3\u00a0min')
    expect(ago('2026-11-24T12:00:05Z', now)).toBe('maintenant')
    expect(ago('2026-09-01T12:00:00Z', now)).toBe('01/09/2026')
  })
})

describe('SIREN', () => {
  it('accepts a good key, spaced or not', () => {
    expect(validSiren('552 100 554')).toBe(true)
    expect(validSiren('732829320')).toBe(true)
  })
  it('refuses one wrong digit, a wrong length and letters', () => {
    expect(validSiren('552100555')).toBe(false)
    expect(validSiren('55210055')).toBe(false)
    expect(validSiren('55210055A')).toBe(false)
  })
  it('checks a SIRET, and La Poste by its own rule', () => {
    expect(validSiren('73282932000074')).toBe(true)
    expect(validSiren('73282932000075')).toBe(false)
    expect(validSiren('35600000049837')).toBe(true)
  })
})

it('takes initials of people and of companies', () => {
  expect(initials('Ana Dupré')).toBe('AD')
  expect(initials('élise')).toBe('ÉL')
  expect(initials('Garage & Fils')).toBe('GF')
  expect(initials('')).toBe('?')
})
