import { describe, expect, it } from 'vitest'
import { field, minorField, priceField, typedMinor, typedNumber } from './money'

describe('numbers as people type them', () => {
  it('reads commas, points and spaces, and refuses the rest', () => {
    expect(typedNumber('1 234,5')).toBe('1234.5')
    expect(typedNumber('-0.25')).toBe('-0.25')
    expect(typedNumber('12 %')).toBe('12')
    for (const bad of ['', 'x', '1,2,3', '1e3', '--1', '.5', '1.234,56', '12€50', '1 2'])
      expect(typedNumber(bad), bad).toBeUndefined()
  })
  it('reads euros to the cent without a float', () => {
    expect(typedMinor('0,29')).toBe(29)
    expect(typedMinor('1 000')).toBe(100_000)
    expect(typedMinor('4,5 €')).toBe(450)
    expect(typedMinor('-1,05')).toBe(-105)
    expect(typedMinor('1,234')).toBeUndefined()
  })
  it('writes cents into a field', () => {
    expect(minorField(5)).toBe('0,05')
    expect(minorField(-123450)).toBe('-1234,50')
    expect(field('12.5')).toBe('12,5')
    expect([priceField('12.5'), priceField('7'), priceField('0.123456'), priceField(null)]).toEqual([
      '12,50',
      '7,00',
      '0,123456',
      '',
    ])
  })
})
