// The fields of a contact, the same for creating and for editing.
import { ActionIcon, Autocomplete, Button, SegmentedControl, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { tagsQuery, usersQuery } from '@/api/queries'
import { useCustomFields } from '@/app/custom/fields'
import { CustomInputs } from '@/app/custom/inputs'
import { useCan } from '@/app/me'
import { words } from '@/app/record-words/text'
import { validSiren } from '@/i18n/format'
import { CountrySelect } from '@/ui/country-select'
import type { Form } from '@/ui/form'
import { IconPlus, IconX } from '@/ui/icons'
import { Fields, Wide } from '@/ui/page'
import { CompanyLookup } from './company-lookup'
import type { ContactValues } from './contact-values'
import classes from './form.module.css'
import { t } from './text'

type ContactForm = Form<ContactValues>
type RowsKey = 'emails' | 'phones' | 'addresses'

const choices = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))
const CUSTOMER_KINDS = ['B2C', 'B2B_FR', 'B2B_EU', 'B2B_NON_EU', 'B2G'] as const

export function ContactFields({ form, everything }: { form: ContactForm; everything?: boolean }) {
  const [all, setAll] = useState(everything ?? false)
  const { values } = form
  const company = values.kind === 'company'
  const custom = useCustomFields('contact', values.kind)
  return (
    <div className={classes.form}>
      <SegmentedControl
        aria-label={t.kind}
        value={values.kind}
        onChange={kind => form.set({ kind: kind as ContactValues['kind'] })}
        data={[
          { value: 'person', label: t.kinds.person },
          { value: 'company', label: t.kinds.company },
        ]}
      />
      {company ? (
        <Fields>
          <CompanyLookup form={form} onFound={() => setAll(true)} />
          <Wide>
            <TextInput label={t.companyName} data-autofocus maxLength={200} {...form.text('company_name')} />
          </Wide>
          <SirenInput form={form} name="siren" />
          {all && <SirenInput form={form} name="siret" />}
        </Fields>
      ) : (
        <Fields>
          <TextInput label={t.firstName} data-autofocus maxLength={120} {...form.text('first_name')} />
          <TextInput label={t.lastName} maxLength={120} {...form.text('last_name')} />
          <TextInput label={t.employer} maxLength={200} {...form.text('company_name')} />
          <TextInput label={t.jobTitle} maxLength={120} {...form.text('job_title')} />
        </Fields>
      )}
      <ReachRows form={form} list="emails" title={t.emails} add={t.addEmail} blank={{ email: '', label: '' }} />
      <ReachRows form={form} list="phones" title={t.phones} add={t.addPhone} blank={{ phone: '', label: '' }} />
      {all && <Addresses form={form} />}
      <Fields>
        <OwnerSelect form={form} />
        <TagsField form={form} />
      </Fields>
      {all && <Details form={form} company={company} />}
      <CustomInputs
        fields={all ? custom : custom.filter(field => field.required)}
        values={values.custom}
        errors={form.errors}
        set={next => form.set({ custom: next })}
      />
      {!everything && (
        <Button variant="subtle" size="compact-sm" className={classes.start} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t.lessFields : t.moreFields}
        </Button>
      )}
    </div>
  )
}

function Details({ form, company }: { form: ContactForm; company: boolean }) {
  const { values } = form
  return (
    <Fields>
      {!company && (
        <Select
          label={t.civility}
          data={choices(t.civilities)}
          value={values.civility || null}
          onChange={value => form.set({ civility: value ?? '' })}
          error={form.errors['/civility']}
          clearable
          clearButtonProps={{ 'aria-label': t.remove(t.civility) }}
        />
      )}
      {!company && <TextInput type="date" label={t.birthday} {...form.text('birthday')} />}
      <Select
        label={t.customerKind}
        data={CUSTOMER_KINDS.map(value => ({ value, label: words.values[value]! }))}
        value={values.customer_kind || null}
        onChange={value => form.set({ customer_kind: value ?? '' })}
        error={form.errors['/customer_kind']}
      />
      <Select
        label={t.language}
        data={choices(t.languages)}
        value={values.language || null}
        onChange={value => form.set({ language: value ?? '' })}
        error={form.errors['/language']}
      />
      <TextInput label={t.vatNumber} maxLength={20} {...form.text('vat_number')} />
      {company && <TextInput label={t.naf} maxLength={6} {...form.text('naf')} />}
      <TextInput label={t.website} type="url" maxLength={300} {...form.text('website')} />
      <TextInput label={t.source} maxLength={120} {...form.text('source')} />
      <Wide>
        <Textarea label={t.description} autosize minRows={2} maxRows={8} maxLength={5000} {...form.text('description')} />
      </Wide>
    </Fields>
  )
}

function SirenInput({ form, name }: { form: ContactForm; name: 'siren' | 'siret' }) {
  const bound = form.text(name)
  const digits = bound.value.replace(/\s/g, '')
  const wrong = digits.length >= (name === 'siren' ? 9 : 14) && !validSiren(digits)
  return (
    <TextInput
      label={t[name]}
      inputMode="numeric"
      maxLength={20}
      {...bound}
      error={bound.error ?? (wrong ? t.sirenBad : undefined)}
    />
  )
}

export function OwnerSelect({ form }: { form: ContactForm }) {
  const can = useCan()
  const { data: users = [] } = useQuery({ ...usersQuery, enabled: can('team.read') })
  if (!can('team.read')) return null
  return (
    <Select
      label={t.owner}
      placeholder={t.nobody}
      data={users
        .filter(user => user.status === 'active' || user.id === form.values.owner_id)
        .map(user => ({ value: user.id, label: user.full_name }))}
      value={form.values.owner_id || null}
      onChange={value => form.set({ owner_id: value ?? '' })}
      error={form.errors['/owner_id']}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t.remove(t.owner) }}
    />
  )
}

function TagsField({ form }: { form: ContactForm }) {
  const { data: tags = [] } = useQuery(tagsQuery)
  return (
    <TagsInput
      label={t.tags}
      data={tags.map(tag => tag.name)}
      value={form.values.tags}
      onChange={value => form.set({ tags: value })}
      error={form.errors['/tags']}
      maxTags={50}
      acceptValueOnBlur
    />
  )
}

function useRows<K extends RowsKey>(form: ContactForm, list: K) {
  type Row = ContactValues[K][number]
  const rows = form.values[list] as Row[]
  const put = (next: Row[]) => form.set({ [list]: next } as unknown as Partial<ContactValues>)
  return {
    rows,
    change: (index: number, part: Partial<Row>) => put(rows.map((row, at) => (at === index ? { ...row, ...part } : row))),
    remove: (index: number) => put(rows.filter((_, at) => at !== index)),
    add: (row: Row) => put([...rows, row]),
  }
}

function RowsHead({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={classes.rows}>
      <legend className="field-label">{title}</legend>
      {children}
    </fieldset>
  )
}

interface ReachProps {
  form: ContactForm
  list: 'emails' | 'phones'
  title: string
  add: string
  blank: { email: string; label: string } | { phone: string; label: string }
}

function ReachRows({ form, list, title, add, blank }: ReachProps) {
  const field = list === 'emails' ? 'email' : 'phone'
  const { rows, change, remove, add: append } = useRows(form, list)
  return (
    <RowsHead title={title}>
      {rows.map((row, index) => {
        const value = (row as Record<string, string>)[field] ?? ''
        const ordinal = rows.length > 1 ? ` ${index + 1}` : ''
        return (
          <div key={index} className={classes.row}>
            <TextInput
              aria-label={(list === 'emails' ? t.email : t.phone) + ordinal}
              type={list === 'emails' ? 'email' : 'tel'}
              maxLength={254}
              value={value}
              onChange={event => change(index, { [field]: event.currentTarget.value })}
              error={form.errors[`/${list}/${index}/${field}`] ?? form.errors[`/${list}/${index}`]}
            />
            <Autocomplete
              aria-label={`${t.label}${ordinal}`}
              placeholder={t.label}
              data={t.labels}
              maxLength={60}
              value={row.label}
              onChange={label => change(index, { label })}
            />
            <ActionIcon size={36} aria-label={t.remove(value || title)} onClick={() => remove(index)}>
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </div>
        )
      })}
      <Button
        variant="subtle"
        size="compact-sm"
        className={classes.start}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => append(blank as never)}
      >
        {add}
      </Button>
    </RowsHead>
  )
}

function Addresses({ form }: { form: ContactForm }) {
  const { rows, change, remove, add } = useRows(form, 'addresses')
  return (
    <RowsHead title={t.addresses}>
      {rows.map((row, index) => {
        const error = (key: string) => form.errors[`/addresses/${index}/${key}`]
        const bind = (key: 'line1' | 'line2' | 'postal_code' | 'city' | 'label') => ({
          value: row[key],
          maxLength: 200,
          onChange: (event: { currentTarget: { value: string } }) => change(index, { [key]: event.currentTarget.value }),
          error: error(key),
        })
        return (
          <div key={index} className={classes.address}>
            <Fields>
              <Wide>
                <TextInput label={t.line1} {...bind('line1')} />
              </Wide>
              <TextInput label={t.line2} {...bind('line2')} />
              <TextInput label={t.label} {...bind('label')} />
              <TextInput label={t.postalCode} {...bind('postal_code')} />
              <TextInput label={t.city} {...bind('city')} />
              <CountrySelect
                label={t.country}
                value={row.country}
                onChange={country => change(index, { country })}
                error={error('country')}
              />
            </Fields>
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => remove(index)}>
              {t.remove(t.line1.toLowerCase())}
            </Button>
          </div>
        )
      })}
      <Button
        variant="subtle"
        size="compact-sm"
        className={classes.start}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => add({ label: '', line1: '', line2: '', postal_code: '', city: '', country: 'FR' })}
      >
        {t.addAddress}
      </Button>
    </RowsHead>
  )
}
