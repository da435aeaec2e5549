// A company found in a public register fills the form. Whatever goes wrong here never stands in the way of typing it by hand.
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { FoundCompany } from '@/api/types'
import { siren as spaced } from '@/i18n/format'
import type { Form } from '@/ui/form'
import { IconSearch } from '@/ui/icons'
import { Wide } from '@/ui/page'
import { toast } from '@/ui/toast'
import type { ContactValues } from './contact-values'
import { t } from './text'

const askable = (text: string) => {
  const digits = text.replace(/[\s.]/g, '')
  return /^\d+$/.test(digits) ? digits.length === 9 || digits.length === 14 : text.trim().length >= 3
}

/** Why nothing was found, where there is more to say than that nobody answered. */
const FAILURES: Record<number, string> = { 422: t.lookupBadNumber, 429: t.lookupBusy }

export function CompanyLookup({ form, onFound }: { form: Form<ContactValues>; onFound: () => void }) {
  const [typed, setTyped] = useState('')
  const [settled] = useDebouncedValue(typed.trim(), 250)
  const asked = askable(settled) ? settled : ''
  const found = useQuery({
    queryKey: ['company-lookup', asked],
    queryFn: ({ signal }) => data(api.GET('/company-lookup', { params: { query: { q: asked } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
    retry: false,
  })
  // Nobody has chosen a register: the field would promise what it cannot hold.
  if (!found.data && !found.isError) return null
  if (found.data?.register === 'none') return null
  const items = asked && !found.isError ? (found.data?.items ?? []) : []
  const take = (company: FoundCompany) => {
    const address = {
      label: '',
      line1: company.line1 ?? '',
      line2: company.line2 ?? '',
      postal_code: company.postal_code ?? '',
      city: company.city ?? '',
      country: 'FR',
    }
    form.set({
      company_name: company.name,
      siren: company.siren,
      siret: company.siret ?? '',
      vat_number: company.vat_number,
      naf: company.naf ?? '',
      // An address typed before is kept below; the register's comes first.
      addresses: [address, ...form.values.addresses.filter(row => row.line1 && row.line1 !== address.line1)],
    })
    onFound()
    toast(t.lookupFilled(company.name))
  }
  const failure = found.error instanceof ApiError && FAILURES[found.error.status]
  const failed = found.isError ? failure || t.lookupFailed : undefined
  return (
    <Wide>
      <Select
        label={t.lookup}
        description={failed ?? (found.data?.register === 'offline' ? t.lookupOffline : t.lookupHint)}
        leftSection={<IconSearch size={16} aria-hidden />}
        data={items.map(company => ({
          value: company.siren,
          label: [company.name, company.legal_form, company.city, spaced(company.siren), company.active ? null : t.lookupCeased]
            .filter(Boolean)
            .join(' · '),
        }))}
        filter={({ options }) => options}
        searchable
        searchValue={typed}
        onSearchChange={setTyped}
        value={null}
        onChange={siren => {
          const company = items.find(item => item.siren === siren)
          if (company) take(company)
          setTyped('')
        }}
        nothingFoundMessage={found.isFetching ? '…' : failed ? undefined : askable(typed) ? t.lookupNone : t.lookupShort}
      />
    </Wide>
  )
}
