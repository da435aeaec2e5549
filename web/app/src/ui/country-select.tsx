import { Select } from '@mantine/core'
import { locale } from '@/i18n'

/** France and its overseas territories, its neighbours, and where its visitors most often come from. */
const CODES =
  'FR GP MQ GF RE YT PM BL MF NC PF WF MC AD BE CH LU DE IT ES PT GB IE NL AT DK SE NO FI PL CZ SK HU RO BG GR HR SI EE LV LT MT CY MA DZ TN SN CI CM TR US CA BR CN JP IN AU'.split(
    ' ',
  )

const names = new Intl.DisplayNames([locale], { type: 'region' })

export const countryName = (code: string) => {
  try {
    return names.of(code) ?? code
  } catch {
    return code
  }
}

export const countries = () => CODES.map(code => ({ value: code, label: countryName(code) }))

export function CountrySelect({
  label,
  value,
  onChange,
  error,
}: {
  label: string
  value: string
  onChange: (code: string) => void
  error?: string
}) {
  const codes = value && !CODES.includes(value) ? [value, ...CODES] : CODES
  return (
    <Select
      label={label}
      data={codes.map(code => ({ value: code, label: countryName(code) }))}
      value={value || 'FR'}
      onChange={code => onChange(code ?? 'FR')}
      searchable
      allowDeselect={false}
      error={error}
    />
  )
}
