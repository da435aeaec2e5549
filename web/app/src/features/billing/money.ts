// Numbers as people type them: a comma or a point, spaces in between. What is sent is text with a point; nothing is computed here.

/** `1 234,5` → `1234.5`; undefined when it is no number. */
export function typedNumber(text: string): string | undefined {
  const plain = text
    .trim()
    .replace(/\s*[€%]$/, '')
    .replace(/(?<=\d)[\s\u00a0\u202f](?=\d{3}(\D|$))/g, '')
    .replace(',', '.')
  return /^-?\d+(\.\d+)?$/.test(plain) ? plain : undefined
}

/** Euros as typed → cents; undefined when it is no amount of whole cents. */
export function typedMinor(text: string): number | undefined {
  const plain = typedNumber(text)
  const parts = plain?.match(/^(-?)(\d+)(?:\.(\d{1,2}))?$/)
  if (!parts) return undefined
  const minor = Number(parts[2]) * 100 + Number((parts[3] ?? '').padEnd(2, '0'))
  return Number.isSafeInteger(minor) ? (parts[1] ? -minor : minor) : undefined
}

/** Cents → what stands in a field, `1234,50`. */
export function minorField(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, '0')
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)},${digits.slice(-2)}`
}

/** A price with its cents: `12.5` → `12.50`; more decimals stay. */
export function withCents(text: string): string {
  const [whole, part = ''] = text.split('.')
  return `${whole}.${part.padEnd(2, '0')}`
}

/** The same in a field. */
export const priceField = (text: string | null | undefined) => (text ? field(withCents(text)) : '')

/** `12.5` → `12,5` */
export const field = (text: string | null | undefined) => (text ?? '').replace('.', ',')
