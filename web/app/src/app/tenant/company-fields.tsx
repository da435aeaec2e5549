// The company's identity, asked for while starting and kept in settings. SIREN is checked as it is typed.
import { Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Tenant } from '@/api/types'
import { siren as showSiren, validSiren } from '@/i18n/format'
import type { Form } from '@/ui/form'
import { Fields, Wide } from '@/ui/page'
import { words } from '../record-words/text'
import { t } from '../text'

const EDITED = [
  'name',
  'legal_name',
  'legal_form',
  'siren',
  'siret',
  'vat_number',
  'address_line1',
  'address_line2',
  'postal_code',
  'city',
  'country',
  'phone',
  'email',
  'website',
  'trade',
  'time_zone',
] as const satisfies (keyof Tenant)[]

export type CompanyValues = Record<(typeof EDITED)[number], string>

export function companyValues(tenant: Tenant): CompanyValues {
  return Object.fromEntries(EDITED.map(key => [key, tenant[key] ?? ''])) as CompanyValues
}

/** Only what changed goes out: absent keeps, null clears. */
export function companyPatch(values: CompanyValues, tenant: Tenant): Record<string, string | null> {
  const changed = EDITED.filter(key => values[key].trim() !== (tenant[key] ?? ''))
  return Object.fromEntries(changed.map(key => [key, compact(key, values[key]) || null]))
}

const compact = (key: string, value: string) =>
  /^(siren|siret|vat_number)$/.test(key) ? value.replace(/\s/g, '').toUpperCase() : value.trim()

const choices = (labels: Record<string, string>) => Object.entries(labels).map(([value, label]) => ({ value, label }))

export function CompanyFields({ form, full }: { form: Form<CompanyValues>; full?: boolean }) {
  const text = t.company
  const select = (key: 'legal_form' | 'trade' | 'time_zone') => ({
    value: form.values[key] || null,
    onChange: (value: string | null) => form.set({ [key]: value ?? '' }),
    error: form.errors[`/${key}`],
  })
  const forms = choices(text.legalForms)
  const current = form.values.legal_form
  if (current && !text.legalForms[current]) forms.push({ value: current, label: current })
  return (
    <Fields>
      <TextInput label={text.name} required maxLength={200} autoComplete="organization" {...form.text('name')} />
      <Select
        label={text.trade}
        data={(['garage', 'hotel', 'restaurant', 'other'] as const).map(value => ({ value, label: words.values[value]! }))}
        allowDeselect={false}
        {...select('trade')}
      />
      <SirenField form={form} />
      <Select
        label={text.legalForm}
        data={forms}
        clearable
        searchable
        clearButtonProps={{ 'aria-label': t.timeline.empty }}
        {...select('legal_form')}
      />
      {full && <TextInput label={text.legalName} maxLength={200} {...form.text('legal_name')} />}
      {full && <TextInput label={text.siret} inputMode="numeric" maxLength={18} {...form.text('siret')} />}
      {full && <TextInput label={text.vat} maxLength={20} {...form.text('vat_number')} />}
      <Wide>
        <TextInput label={text.address} autoComplete="street-address" maxLength={200} {...form.text('address_line1')} />
      </Wide>
      {full && (
        <Wide>
          <TextInput label={text.address2} maxLength={200} {...form.text('address_line2')} />
        </Wide>
      )}
      <TextInput label={text.postalCode} autoComplete="postal-code" maxLength={20} {...form.text('postal_code')} />
      <TextInput label={text.city} autoComplete="address-level2" maxLength={120} {...form.text('city')} />
      {full && <TextInput label={text.phone} type="tel" autoComplete="tel" maxLength={40} {...form.text('phone')} />}
      {full && <TextInput label={text.email} type="email" autoComplete="email" maxLength={254} {...form.text('email')} />}
      {full && <TextInput label={text.website} type="url" autoComplete="url" maxLength={300} {...form.text('website')} />}
      <Select label={text.timeZone} data={choices(text.zones)} allowDeselect={false} {...select('time_zone')} />
    </Fields>
  )
}

function SirenField({ form }: { form: Form<CompanyValues> }) {
  const digits = form.values.siren.replace(/\s/g, '')
  const complete = /^\d{9}$/.test(digits)
  const plausible = complete && validSiren(digits)
  const [asked] = useDebouncedValue(digits, 250)
  const check = useQuery({
    queryKey: ['siren', asked],
    queryFn: () => data(api.GET('/siren/{siren}', { params: { path: { siren: asked } } })),
    enabled: plausible && asked === digits,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const bound = form.text('siren')
  const wrong =
    digits.length > 0 && (complete ? !plausible || check.data?.valid === false : digits.length > 9 || /\D/.test(digits))
  const vat = plausible ? check.data?.vat_number : undefined
  return (
    <TextInput
      label={t.company.siren}
      inputMode="numeric"
      maxLength={13}
      description={vat ? t.company.sirenGood(vat) : t.company.sirenHint}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      {...bound}
      onBlur={() => plausible && form.set({ siren: showSiren(digits) })}
      error={bound.error ?? (wrong ? t.company.sirenBad : undefined)}
    />
  )
}
