// The lines of a draft as they stand in the form: text in every field, until the server adds them up.
import type { CatalogItem, Invoice, InvoiceIn } from '@/api/types'
import { field, priceField, typedNumber } from './money'

export type LineIn = NonNullable<InvoiceIn['lines']>[number]

export interface LineForm {
  key: string
  section: string
  item_id: string | null
  label: string
  description: string
  reference: string
  quantity: string
  unit: string
  unit_price: string
  discount: string
  /** A discount in euros, which this form does not change. */
  amount_minor: number | null
  /** `S:20` or the category alone. */
  vat: string
  nature: 'goods' | 'service'
  /** Of a quote: offered beside the rest. */
  optional: boolean
}

let count = 0
const key = () => `line-${++count}`

export const vatKey = (category: string, rate: string) => (category === 'S' ? `S:${rate}` : category)

export const emptyLine = (vat: string): LineForm => ({
  key: key(),
  section: '',
  item_id: null,
  label: '',
  description: '',
  reference: '',
  quantity: '1',
  unit: 'C62',
  unit_price: '',
  discount: '',
  amount_minor: null,
  vat,
  nature: 'service',
  optional: false,
})

export const lineForm = (line: Invoice['lines'][number] & { optional?: boolean }): LineForm => ({
  key: key(),
  section: line.section ?? '',
  item_id: line.item_id ?? null,
  label: line.label,
  description: line.description ?? '',
  reference: line.reference ?? '',
  quantity: field(line.quantity),
  unit: line.unit ?? 'C62',
  unit_price: priceField(line.unit_price),
  discount: field(line.discount?.percent),
  amount_minor: line.discount?.amount_minor ?? null,
  vat: vatKey(line.vat_category ?? 'S', line.vat_rate),
  nature: line.nature ?? 'service',
  optional: line.optional ?? false,
})

/** The line of an item of the catalogue, at the rate that its class has today. */
export function lineOfItem(
  item: CatalogItem,
  rates: { class: string; rate: string }[],
  withVat: boolean,
  fallback: string,
): LineForm {
  const rate = rates.find(known => known.class === item.vat_class)?.rate
  const vat = item.vat_class === 'exempt' || !rates.length ? 'E' : rate ? `S:${rate}` : fallback
  return {
    ...emptyLine(vat),
    item_id: item.id,
    label: item.name,
    description: item.description ?? '',
    reference: item.reference ?? '',
    unit: item.unit,
    // A price in the other taxes than the document's is not converted here: one adds up on the server, and nowhere else.
    unit_price: item.price_includes_vat === withVat ? priceField(item.price) : '',
    nature: item.kind === 'service' || item.category === 'labour' || item.category === 'room_night' ? 'service' : 'goods',
  }
}

const written = (line: LineForm) => Boolean(line.label.trim() || line.description.trim() || line.unit_price.trim())

/** Lines that say something, in order: those that are sent. */
export const writtenLines = (lines: LineForm[]) => lines.filter(written)

/** True when a number of the line cannot be read, or its price is missing: it is not guessed. */
export const unreadable = (line: LineForm) =>
  typedNumber(line.quantity) === undefined ||
  typedNumber(line.unit_price) === undefined ||
  (line.discount.trim() !== '' && typedNumber(line.discount) === undefined)

/** What is sent; a line with nothing in it is left out. Numbers that cannot be read count as nothing here: they are refused before. */
export function sentLines(lines: LineForm[]): LineIn[] {
  return writtenLines(lines).map(line => {
    const [category, rate] = line.vat.split(':')
    return {
      section: line.section.trim() || null,
      item_id: line.item_id,
      label: line.label.trim(),
      description: line.description.trim() || null,
      reference: line.reference.trim() || null,
      quantity: typedNumber(line.quantity || '1') ?? '0',
      unit: line.unit,
      unit_price: typedNumber(line.unit_price || '0') ?? '0',
      discount: line.discount.trim() ? { percent: typedNumber(line.discount) ?? '0' } : { amount_minor: line.amount_minor },
      vat_category: category as LineIn['vat_category'],
      vat_rate: rate ?? '0',
      nature: line.nature,
    }
  })
}
