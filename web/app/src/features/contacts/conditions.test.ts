import { describe, expect, it } from 'vitest'
import type { CustomField } from '@/api/types'
import { same } from '@/app/views/state'
import { inputOf, isComplete, pruned, words } from '@/app/views/tree'
import { fieldsOf } from './condition-fields'
import type { ContactSearch } from './filters'
import { kept } from './view-state'

const custom = (kind: CustomField['kind'], label: string): CustomField => ({
  id: label,
  object: 'contact',
  applies_to: 'all',
  key: label.toLowerCase(),
  label,
  kind,
  options: [],
  required: false,
  default_value: null,
  help: null,
  group_name: null,
  index: { state: 'none', done: 0, total: 0 },
  version: 1,
})
const fields = fieldsOf({
  fields: [custom('number', 'Taille'), custom('money', 'Budget'), custom('boolean', 'Fidèle')],
  tags: [{ value: 't1', label: 'VIP' }],
  members: [{ value: 'u1', label: 'Ana' }],
  kinds: [],
})

describe('conditions', () => {
  it('read as a sentence', () => {
    const read = (field: string, op: string, value?: unknown) => words({ field, op, value }, fields)
    expect(read('tag', 'any', ['t1', 'gone'])).toBe('Étiquette parmi VIP ou supprimé')
    expect(read('owner', 'is', ['me', 'u1'])).toBe('Responsable est moi ou Ana')
    expect(read('created', 'last', { count: 30, unit: 'day' })).toBe('Créé au cours des 30 derniers jours')
    expect(read('activity', 'older_than', { count: 1, unit: 'year' })).toBe('Dernière activité il y a plus de 1 an')
    expect(read('created', 'this', 'month')).toBe('Créé ce mois-ci')
    expect(read('created', 'between', ['2026-01-01', ''])).toBe('Créé entre 01/01/2026 et …')
    expect(read('custom.taille', 'at_least', '12.5')).toBe('Taille au moins 12,5')
    expect(read('custom.nope', 'is', 'x')).toBe('nope (supprimé) est')
    expect(read('event', 'has_not', { kinds: ['note.added'], op: 'last', value: { count: 6, unit: 'month' } })).toBe(
      'Historique n’a pas : Note ajoutée au cours des 6 derniers mois',
    )
    expect(
      words(
        {
          all: [
            { field: 'email', op: 'is_set' },
            {
              any: [
                { field: 'task', op: 'has' },
                { field: 'phone', op: 'is_empty' },
              ],
            },
          ],
        },
        fields,
      ),
    ).toBe('E-mail est renseigné et (A une tâche ouverte ou Téléphone n’est pas renseigné)')
  })
  it('are sent when they are whole', () => {
    const tree = { all: [{ field: 'city', op: 'is', value: [] }, { any: [{}] }, { field: 'email', op: 'is_set' }] }
    expect(pruned(tree, fields)).toEqual({ all: [{ field: 'email', op: 'is_set' }] })
    expect(pruned({ all: [{}] }, fields)).toBeUndefined()
    expect(isComplete({ field: 'created', op: 'last', value: { count: 0, unit: 'day' } }, fields)).toBe(false)
    expect(isComplete({ field: 'event', op: 'has', value: { kinds: ['note.added'], op: 'from', value: '' } }, fields)).toBe(false)
  })
  it('have an input for every comparison', () => {
    for (const field of fields) for (const op of field.ops) expect(inputOf(field, op), `${field.key} ${op}`).toBeTruthy()
  })
})

describe('a view against an address', () => {
  it('is the same whatever the order of what it says', () => {
    const tree = { all: [{ field: 'city', op: 'is', value: ['Lyon'] }] }
    const other = { all: [{ value: ['Lyon'], op: 'is', field: 'city' }] }
    const equal = (a: ContactSearch, b: ContactSearch) => same(kept(a), kept(b))
    expect(equal({ status: 'client', tree, vue: 'a' }, { tree: other, status: 'client', libre: true })).toBe(true)
    expect(equal({ tree }, { tree, sort: 'city' })).toBe(false)
  })
})
