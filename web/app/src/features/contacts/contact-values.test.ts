import { describe, expect, it } from 'vitest'
import { changesOf, creationOf, EMPTY, identified, shownPointer } from './contact-values'

describe('a contact in a form', () => {
  it('sends only what is known when creating', () => {
    const values = {
      ...EMPTY,
      first_name: ' Ana ',
      phones: [
        { phone: '', label: '' },
        { phone: '06 12', label: '' },
      ],
    }
    expect(creationOf(values, [])).toEqual({ kind: 'person', first_name: 'Ana', phones: [{ phone: '06 12', label: null }] })
  })
  it('keeps, clears and sets: absent, null and value', () => {
    const before = { ...EMPTY, first_name: 'Ana', city: '', website: 'https://a.fr' }
    expect(changesOf(before, { ...before, website: '', last_name: 'Dupré' }, [])).toEqual({ website: null, last_name: 'Dupré' })
    expect(changesOf(before, { ...before }, [])).toEqual({})
  })
  it('can empty a list', () => {
    const before = { ...EMPTY, emails: [{ email: 'a@b.fr', label: '' }] }
    expect(changesOf(before, { ...before, emails: [] }, [])).toEqual({ emails: [] })
  })
  it('points at the row as shown, empty rows above it included', () => {
    const values = {
      ...EMPTY,
      emails: [
        { email: '', label: '' },
        { email: 'x', label: '' },
      ],
    }
    expect(shownPointer('/emails/0/email', values)).toBe('/emails/1/email')
    expect(shownPointer('/siren', values)).toBe('/siren')
  })
  it('needs something to recognise somebody by', () => {
    expect(identified(EMPTY)).toBe(false)
    expect(identified({ ...EMPTY, emails: [{ email: 'a@b.fr', label: '' }] })).toBe(true)
  })
})
