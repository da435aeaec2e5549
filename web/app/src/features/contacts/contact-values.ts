// A contact as a form holds it: no nulls, rows that may still be empty. Only what changed leaves for the server.
import type { Contact, ContactIn, CustomField } from '@/api/types'
import type { CustomValues } from '@/app/custom/fields'
import { sent, shown } from '@/app/custom/inputs'

export interface ContactValues {
  kind: 'person' | 'company'
  civility: string
  first_name: string
  last_name: string
  company_name: string
  job_title: string
  emails: { email: string; label: string }[]
  phones: { phone: string; label: string }[]
  addresses: { label: string; line1: string; line2: string; postal_code: string; city: string; country: string }[]
  siren: string
  siret: string
  vat_number: string
  naf: string
  customer_kind: string
  language: string
  birthday: string
  website: string
  source: string
  description: string
  owner_id: string
  tags: string[]
  /** Of the tenant's own fields, as their controls hold them. */
  custom: CustomValues
}

export const EMPTY: ContactValues = {
  kind: 'person',
  civility: '',
  first_name: '',
  last_name: '',
  company_name: '',
  job_title: '',
  emails: [{ email: '', label: '' }],
  phones: [{ phone: '', label: '' }],
  addresses: [],
  siren: '',
  siret: '',
  vat_number: '',
  naf: '',
  customer_kind: '',
  language: '',
  birthday: '',
  website: '',
  source: '',
  description: '',
  owner_id: '',
  tags: [],
  custom: {},
}

export function valuesOf(contact: Contact, fields: CustomField[]): ContactValues {
  const text = (value: string | null | undefined) => value ?? ''
  return {
    kind: contact.kind,
    civility: text(contact.civility),
    first_name: text(contact.first_name),
    last_name: text(contact.last_name),
    company_name: text(contact.company_name),
    job_title: text(contact.job_title),
    emails: contact.emails.map(row => ({ email: row.email, label: text(row.label) })),
    phones: contact.phones.map(row => ({ phone: row.display, label: text(row.label) })),
    addresses: contact.addresses.map(row => ({
      label: text(row.label),
      line1: text(row.line1),
      line2: text(row.line2),
      postal_code: text(row.postal_code),
      city: text(row.city),
      country: text(row.country),
    })),
    siren: text(contact.siren),
    siret: text(contact.siret),
    vat_number: text(contact.vat_number),
    naf: text(contact.naf),
    customer_kind: text(contact.customer_kind),
    language: text(contact.language),
    birthday: text(contact.birthday),
    website: text(contact.website),
    source: text(contact.source),
    description: text(contact.description),
    owner_id: text(contact.owner?.id),
    tags: contact.tags.map(tag => tag.name),
    custom: Object.fromEntries(fields.map(field => [field.key, shown(field, contact.custom[field.key])])),
  }
}

const orNull = (value: string) => value.trim() || null
const compact = (value: string) => value.replace(/\s/g, '').toUpperCase() || null

/** The request as the API reads it. Rows left empty are dropped; a 422 pointer then counts the rows that remain. */
export function requestOf(
  values: ContactValues,
  fields: CustomField[],
): Required<Pick<ContactIn, 'emails' | 'phones' | 'addresses'>> & ContactIn {
  return {
    kind: values.kind,
    civility: orNull(values.civility),
    first_name: orNull(values.first_name),
    last_name: orNull(values.last_name),
    company_name: orNull(values.company_name),
    job_title: orNull(values.job_title),
    emails: values.emails.filter(row => row.email.trim()).map(row => ({ email: row.email.trim(), label: orNull(row.label) })),
    phones: values.phones.filter(row => row.phone.trim()).map(row => ({ phone: row.phone.trim(), label: orNull(row.label) })),
    addresses: values.addresses
      .filter(row => row.line1 || row.line2 || row.postal_code || row.city)
      .map(row => ({
        label: orNull(row.label),
        line1: orNull(row.line1),
        line2: orNull(row.line2),
        postal_code: orNull(row.postal_code),
        city: orNull(row.city),
        country: orNull(row.country) ?? 'FR',
      })),
    siren: compact(values.siren),
    siret: compact(values.siret),
    vat_number: compact(values.vat_number),
    naf: compact(values.naf),
    ...(values.customer_kind ? { customer_kind: values.customer_kind as NonNullable<ContactIn['customer_kind']> } : {}),
    ...(values.language ? { language: values.language } : {}),
    birthday: values.birthday || null,
    website: orNull(values.website),
    source: orNull(values.source),
    description: orNull(values.description),
    owner_id: values.owner_id || null,
    tags: values.tags,
    custom: Object.fromEntries(
      fields.filter(field => field.key in values.custom).map(field => [field.key, sent(field, values.custom[field.key])]),
    ),
  }
}

/** A new contact says only what is known: absent members take the server's defaults. */
export function creationOf(values: ContactValues, fields: CustomField[]): ContactIn {
  const { custom, ...request } = requestOf(values, fields)
  const filled = Object.entries(custom ?? {}).filter(([, value]) => value !== null && !(Array.isArray(value) && !value.length))
  const known = Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== null && !(Array.isArray(value) && !value.length)),
  ) as ContactIn
  return filled.length ? { ...known, custom: Object.fromEntries(filled) } : known
}

/** Three-state: a member that did not change is absent, a cleared one is null. */
export function changesOf(before: ContactValues, after: ContactValues, fields: CustomField[]): Partial<ContactIn> {
  const { custom: had, ...was } = requestOf(before, fields) as Record<string, unknown>
  const { custom: has, ...is } = requestOf(after, fields) as Record<string, unknown>
  const custom = differing(had as CustomValues, has as CustomValues)
  return { ...differing(was, is), ...(Object.keys(custom).length && { custom }) } as Partial<ContactIn>
}

const differing = (was: Record<string, unknown>, is: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(is).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(was[key])))

/** The pointer of a row as sent, back to the row as shown: empty rows above it were not sent. */
export function shownPointer(pointer: string, values: ContactValues): string {
  const [, list, index, ...rest] = pointer.split('/')
  if ((list !== 'emails' && list !== 'phones') || index === undefined) return pointer
  const filled = list === 'emails' ? values.emails.map(row => row.email) : values.phones.map(row => row.phone)
  const shown = filled.map((text, at) => ({ text, at })).filter(row => row.text.trim())[Number(index)]
  return shown ? `/${[list, shown.at, ...rest].join('/')}` : pointer
}

export const identified = (values: ContactValues) =>
  Boolean(
    values.first_name.trim() ||
      values.last_name.trim() ||
      values.company_name.trim() ||
      values.emails.some(row => row.email.trim()) ||
      values.phones.some(row => row.phone.trim()),
  )
