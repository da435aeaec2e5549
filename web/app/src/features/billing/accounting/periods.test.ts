import { describe, expect, it } from 'vitest'
import { bounds, nameOf } from './periods'

describe('periods', () => {
  it('follows the calendar over the end of a year and of February', () => {
    expect(bounds('month', '2028-02-10')).toEqual({ du: '2028-02-01', au: '2028-02-29' })
    expect(bounds('lastMonth', '2026-01-31')).toEqual({ du: '2025-12-01', au: '2025-12-31' })
    expect(bounds('lastQuarter', '2026-02-01')).toEqual({ du: '2025-10-01', au: '2025-12-31' })
    expect(bounds('lastYear', '2026-11-28')).toEqual({ du: '2025-01-01', au: '2025-12-31' })
    expect(nameOf('2026-10-01', '2026-12-31', '2026-11-28')).toBe('quarter')
    expect(nameOf('2026-10-02', '2026-12-31', '2026-11-28')).toBeUndefined()
  })
})
