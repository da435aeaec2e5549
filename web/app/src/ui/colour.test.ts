import { expect, it } from 'vitest'
import { contrast, hexColour } from './colour'

it('measures contrast as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#ffffff', '#1f5fbf')).toBeGreaterThan(4.5)
})

it('reads colours as people write them', () => {
  expect(hexColour(' #ABC ')).toBe('#aabbcc')
  expect(hexColour('#1F5FBF')).toBe('#1f5fbf')
  expect(hexColour('red')).toBeUndefined()
})
