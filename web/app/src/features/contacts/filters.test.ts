import { describe, expect, it } from 'vitest'
import { conditionsIn } from '@/app/views/address'
import { chipsOf, contactSearch, filterOf, nextSort, queryFilter } from './filters'

describe('filters and address', () => {
  it('reads back what it wrote', () => {
    const search = {
      q: '06 12',
      tag: 't1',
      owner: 'none',
      status: 'client',
      city: 'Saint-Étienne',
      created_from: '2026-01-01',
      archived: 'true',
      sort: '-activity',
    }
    const read = contactSearch(search)
    const written = Object.fromEntries(new URLSearchParams(Object.entries(read).map(([key, value]) => [key, String(value)])))
    expect(contactSearch(written)).toEqual(read)
    expect(read).toMatchObject({ q: '06 12', archived: true, sort: '-activity' })
  })
  it('carries conditions and columns as JSON', () => {
    const tree = { all: [{ field: 'city', op: 'is', value: ['Lyon'] }] }
    const read = contactSearch({
      tree: JSON.stringify(tree),
      colonnes: '["city"]',
      sort: '-custom.taille',
      vue: 'v1',
      libre: 'true',
    })
    expect(read).toEqual({ tree, colonnes: ['city'], sort: '-custom.taille', vue: 'v1', libre: true })
    expect(queryFilter(filterOf(read))).toEqual({ tree: JSON.stringify(tree) })
    expect(contactSearch({ tree: '{"all":', colonnes: 'x', sort: "custom.'; --" })).toEqual({})
    expect(conditionsIn({ any: [tree, { all: [] }, { field: 'x' }] })).toBe(2)
  })
  it('ignores what does not belong instead of failing', () => {
    expect(
      contactSearch({ status: 'perdu', kind: '', sort: 'salary', created_from: 'hier', archived: 'false', q: '   ', utm: 'x' }),
    ).toEqual({})
  })
  it('separates filters from presentation', () => {
    const search = contactSearch({ q: 'ana', status: 'client', sort: 'city', nouveau: 'true' })
    expect(filterOf(search)).toEqual({ q: 'ana', status: 'client' })
    expect(chipsOf(search)).toEqual(['status'])
  })
  it('cycles a column: dates begin with the newest', () => {
    expect(nextSort(undefined, 'name')).toBe('name')
    expect(nextSort('name', 'name')).toBe('-name')
    expect(nextSort('-name', 'name')).toBeUndefined()
    expect(nextSort('name', 'activity')).toBe('-activity')
    expect(nextSort('-activity', 'activity')).toBe('activity')
  })
})
