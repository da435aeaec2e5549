import { describe, expect, it } from 'vitest'
import { fieldErrors, problemText } from '@/ui/problem-text'
import { csrfToken } from './client'
import { touchedBy } from './live'
import { ApiError, networkError, toApiError } from './problem'

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })

describe('answers that are not 2xx', () => {
  it('keeps code, request id and fields of a problem', async () => {
    const error = await toApiError(
      answer(422, {
        type: 'urn:vision:problem:validation',
        request_id: '01J',
        errors: [{ pointer: '/emails/0/email', code: 'invalid', detail: 'x' }],
      }),
    )
    expect(error).toMatchObject({ code: 'validation', status: 422, requestId: '01J', transient: false })
    expect(fieldErrors(error)).toEqual({ '/emails/0/email': 'Cette adresse e-mail n’est pas valide.' })
  })
  it('lets the status speak when a proxy answers with a page', async () => {
    expect(await toApiError(answer(502, '<html>'))).toMatchObject({ code: 'unavailable', transient: true })
    expect(await toApiError(answer(418, ''))).toMatchObject({ code: 'internal' })
  })
  it('says when to try again', async () => {
    const error = await toApiError(answer(429, { type: 'urn:vision:problem:rate_limited' }, { 'Retry-After': '120' }))
    expect(problemText(error)).toBe('Trop de tentatives. Recommencez dans 2 min.')
  })
  it('has words for a code that this version does not know', () => {
    expect(problemText(new ApiError(409, { type: 'urn:vision:problem:brand_new' }))).toBe(
      'Cette action n’est pas possible dans l’état actuel.',
    )
    expect(problemText(new TypeError('boom'))).toBe('Une erreur est survenue de notre côté.')
    expect(problemText(networkError())).toContain('Le serveur ne répond pas')
  })
  it('falls back on the server’s own sentence for an unknown field code', () => {
    const error = new ApiError(422, { errors: [{ pointer: '/x', code: 'odd', detail: 'Trop étrange.' }] })
    expect(fieldErrors(error)).toEqual({ '/x': 'Trop étrange.' })
  })
})

it('finds the CSRF cookie among others', () => {
  expect(csrfToken('a=1; __Host-vision_csrf=abc%2B1; b=2')).toBe('abc+1')
  expect(csrfToken('a=1')).toBeUndefined()
})

it('refreshes the home page when a contact changes', () => {
  expect(touchedBy('contacts')).toContain('home')
  expect(touchedBy('unheard_of')).toEqual(['unheard_of', 'audit'])
})
