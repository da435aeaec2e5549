// Saving over what someone else saved first: the server refuses the stale version, and the person decides.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Contact, ContactPatch } from '@/api/types'
import { contactQuery } from './queries'

export interface Conflict {
  before: Contact
  theirs: Contact
  patch: ContactPatch
}

export function useContactSave(contact: Contact) {
  const client = useQueryClient()
  const [conflict, setConflict] = useState<Conflict>()
  const key = contactQuery(contact.id).queryKey

  const settled = (saved: Contact) => {
    client.setQueryData(key, saved)
    void client.invalidateQueries({ queryKey: ['contacts', contact.id, 'timeline'] })
    void client.invalidateQueries({ queryKey: ['contacts', 'list'] })
    void client.invalidateQueries({ queryKey: ['contacts', 'count'] })
    void client.invalidateQueries({ queryKey: ['home'] })
    if (saved.tags.some(tag => !contact.tags.some(known => known.id === tag.id)))
      void client.invalidateQueries({ queryKey: ['tags'] })
  }

  const send = async (patch: ContactPatch, base: Contact) => {
    const saved = await data(
      api.PATCH('/contacts/{id}', { params: { path: { id: base.id } }, body: patch, headers: ifMatch(base.version) }),
    )
    settled(saved)
  }

  return {
    conflict,
    /** True when saved; false when the person has to choose first. */
    save: async (patch: ContactPatch, base: Contact = contact): Promise<boolean> => {
      if (!Object.keys(patch).length) return true
      try {
        await send(patch, base)
        return true
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'stale_version') throw error
        const theirs = await data(api.GET('/contacts/{id}', { params: { path: { id: base.id } } }))
        setConflict({ before: base, theirs, patch })
        return false
      }
    },
    takeTheirs: () => {
      if (conflict) settled(conflict.theirs)
      setConflict(undefined)
    },
    keepMine: async () => {
      if (!conflict) return
      await send(conflict.patch, conflict.theirs)
      setConflict(undefined)
    },
    settled,
  }
}

const COMPARED: (keyof Contact)[] = [
  'kind',
  'civility',
  'first_name',
  'last_name',
  'company_name',
  'job_title',
  'emails',
  'phones',
  'addresses',
  'siren',
  'siret',
  'vat_number',
  'customer_kind',
  'language',
  'birthday',
  'website',
  'source',
  'description',
  'owner',
  'tags',
  'companies',
]

/** What differs between two states of a contact, field by field; a custom field is one field. */
export function differences(before: Contact, after: Contact) {
  const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b)
  const builtIn = COMPARED.filter(field => differ(before[field], after[field])).map(field => ({
    field: field as string,
    before: before[field] as unknown,
    after: after[field] as unknown,
  }))
  const keys = [...new Set([...Object.keys(before.custom), ...Object.keys(after.custom)])]
  const custom = keys
    .filter(key => differ(before.custom[key], after.custom[key]))
    .map(key => ({ field: `custom.${key}`, before: before.custom[key], after: after.custom[key] }))
  return [...builtIn, ...custom]
}
