// One control per kind of custom field. A form holds the values as text, as people type them; the server reads them.
import { MultiSelect, NativeSelect, Select, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { CustomField } from '@/api/types'
import { localInput, zonedInstant } from '@/i18n/format'
import { Fields, Wide } from '@/ui/page'
import { t } from '../text'
import { type CustomValues, groupsOf } from './fields'
import classes from './inputs.module.css'

/** A stored value as its control shows it. */
export function shown(field: CustomField, value: unknown): unknown {
  if (value === null || value === undefined) return field.kind === 'choices' ? [] : ''
  if (field.kind === 'choices') return value
  if (field.kind === 'boolean') return value ? 'true' : 'false'
  if (field.kind === 'money') return (Number(value) / 100).toFixed(2).replace('.', t.custom.decimal)
  if (field.kind === 'number') return String(value).replace('.', t.custom.decimal)
  if (field.kind === 'date_time') return localInput(String(value))
  return value
}

/** What a control holds, as it is sent. */
export function sent(field: CustomField, value: unknown): unknown {
  if (value === '' || value === undefined) return null
  if (field.kind === 'date_time' && typeof value === 'string' && !value.endsWith('Z')) return zonedInstant(value)
  return value
}

/** Values as their controls begin with: what is stored, or for a new record the defaults. */
export const begun = (fields: CustomField[], values?: CustomValues): CustomValues =>
  Object.fromEntries(fields.map(field => [field.key, shown(field, values ? values[field.key] : field.default_value)]))

/** What of the values a form sends: those that differ from what it began with. */
export function changed(fields: CustomField[], before: CustomValues, after: CustomValues): CustomValues {
  const text = (value: unknown) => JSON.stringify(value ?? '')
  const touched = fields.filter(field => field.key in after && text(before[field.key]) !== text(after[field.key]))
  return Object.fromEntries(touched.map(field => [field.key, sent(field, after[field.key])]))
}

interface Props {
  fields: CustomField[]
  values: CustomValues
  errors: Record<string, string>
  set: (values: CustomValues) => void
}

export function CustomInputs({ fields, values, errors, set }: Props) {
  return groupsOf(fields).map(([group, members]) => (
    <fieldset key={group} className={classes.group}>
      <legend className="field-label">{group || t.custom.title}</legend>
      <Fields>
        {members.map(field => {
          const control = (
            <CustomInput
              key={field.key}
              field={field}
              value={values[field.key]}
              error={errors[`/custom/${field.key}`]}
              set={value => set({ ...values, [field.key]: value })}
            />
          )
          return field.kind === 'long_text' ? <Wide key={field.key}>{control}</Wide> : control
        })}
      </Fields>
    </fieldset>
  ))
}

interface InputProps {
  field: CustomField
  value: unknown
  error?: string
  set: (value: unknown) => void
}

export function CustomInput({ field, value, error, set }: InputProps) {
  const common = { label: field.label, description: field.help ?? undefined, withAsterisk: field.required, error }
  const text = typeof value === 'string' ? value : ''
  const typed = {
    ...common,
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => set(event.currentTarget.value),
  }
  const options = field.options.map(option => ({ value: option.key, label: option.label }))
  switch (field.kind) {
    case 'long_text':
      return <Textarea {...typed} autosize minRows={2} maxRows={10} maxLength={10_000} />
    case 'boolean':
      return (
        <NativeSelect
          {...typed}
          data={[
            { value: '', label: t.timeline.empty },
            { value: 'true', label: t.timeline.yes },
            { value: 'false', label: t.timeline.no },
          ]}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          data={options}
          value={text || null}
          onChange={next => set(next ?? '')}
          searchable={options.length > 8}
          clearable
          clearButtonProps={{ 'aria-label': t.custom.clear(field.label) }}
        />
      )
    case 'choices':
      return (
        <MultiSelect
          {...common}
          data={options}
          value={Array.isArray(value) ? (value as string[]) : []}
          onChange={set}
          searchable={options.length > 8}
          clearable
          clearButtonProps={{ 'aria-label': t.custom.clear(field.label) }}
        />
      )
    case 'reference':
      return <ReferenceInput {...common} value={text} set={set} field={field} />
    case 'date':
      return <TextInput {...typed} type="date" />
    case 'date_time':
      return <TextInput {...typed} type="datetime-local" />
    case 'number':
    case 'money':
      return (
        <TextInput
          {...typed}
          inputMode="decimal"
          maxLength={24}
          rightSection={field.kind === 'money' ? <span aria-hidden>€</span> : undefined}
        />
      )
    case 'email':
      return <TextInput {...typed} type="email" maxLength={254} />
    case 'phone':
      return <TextInput {...typed} type="tel" maxLength={40} />
    case 'url':
      return <TextInput {...typed} type="url" maxLength={300} />
    default:
      return <TextInput {...typed} maxLength={500} />
  }
}

function ReferenceInput({ field, value, set, ...common }: Omit<InputProps, 'value'> & { value: string; label: string }) {
  const [typed, setTyped] = useState('')
  const [asked] = useDebouncedValue(typed.trim(), 200)
  const current = useQuery({
    queryKey: ['contacts', value],
    queryFn: () => data(api.GET('/contacts/{id}', { params: { path: { id: value } } })),
    enabled: Boolean(value),
  })
  const found = useQuery({
    queryKey: ['contacts', 'reference', asked],
    queryFn: () => data(api.GET('/contacts', { params: { query: { q: asked || undefined, limit: 10 } } })),
    placeholderData: keepPreviousData,
  })
  const options = (found.data?.items ?? []).map(row => ({ value: row.id, label: row.display_name }))
  if (value && current.data && !options.some(option => option.value === value))
    options.unshift({ value, label: current.data.display_name })
  return (
    <Select
      {...common}
      data={options}
      value={value || null}
      onChange={next => set(next ?? '')}
      onSearchChange={setTyped}
      searchable
      clearable
      filter={({ options }) => options}
      nothingFoundMessage={t.custom.nobody}
      clearButtonProps={{ 'aria-label': t.custom.clear(field.label) }}
    />
  )
}
