// What a filter tree may say, field by field, and how it reads.
import type { CustomField, FilterNode } from '@/api/types'
import { day, money } from '@/i18n/format'
import { t } from './text'

/** How the value of a condition is typed in. */
export type Input = 'none' | 'text' | 'words' | 'options' | 'number' | 'day' | 'days' | 'span' | 'unit' | 'boolean' | 'event'

export interface Option {
  value: string
  label: string
}

export interface Field {
  key: string
  label: string
  group: keyof typeof t.group
  ops: string[]
  options?: Option[]
  numeric?: boolean
  boolean?: boolean
  custom?: CustomField
}

export const DATES = ['last', 'older_than', 'next', 'this', 'previous', 'on', 'from', 'until', 'between']
export const PAST = DATES.filter(op => op !== 'next')
export const TEXT = ['contains', 'not_contains', 'starts_with']
export const SET = ['is_set', 'is_empty']
export const list = (labels: Record<string, string>): Option[] =>
  Object.entries(labels).map(([value, label]) => ({ value, label }))

const CUSTOM: Record<CustomField['kind'], string[]> = {
  text: ['contains', 'not_contains', 'is', 'is_not', ...SET],
  long_text: ['contains', 'not_contains', ...SET],
  number: ['at_least', 'at_most', 'between', ...SET],
  money: ['at_least', 'at_most', 'between', ...SET],
  date: [...DATES, ...SET],
  date_time: [...DATES, ...SET],
  boolean: ['is', ...SET],
  choice: ['is', 'is_not', ...SET],
  choices: ['any', 'all', 'none', ...SET],
  phone: ['contains', 'is', ...SET],
  email: ['contains', 'not_contains', 'is', ...SET],
  url: ['contains', 'not_contains', ...SET],
  reference: SET,
}

/** The tenant's own fields as conditions know them. */
export const ownFields = (fields: CustomField[]): Field[] =>
  fields.map(field => ({
    key: `custom.${field.key}`,
    label: field.label,
    group: 'custom',
    ops: CUSTOM[field.kind],
    options: field.options.length ? field.options.map(option => ({ value: option.key, label: option.label })) : undefined,
    numeric: field.kind === 'number' || field.kind === 'money',
    boolean: field.kind === 'boolean',
    custom: field,
  }))

export function inputOf(field: Field, op: string): Input {
  if (op === 'is_set' || op === 'is_empty' || field.key === 'task') return 'none'
  if (field.key === 'event') return 'event'
  if (op === 'last' || op === 'older_than' || op === 'next') return 'span'
  if (op === 'this' || op === 'previous') return 'unit'
  if (op === 'on' || op === 'from' || op === 'until') return 'day'
  if (op === 'between') return field.numeric ? 'number' : 'days'
  if (field.numeric) return 'number'
  if (field.boolean) return 'boolean'
  if (field.options) return 'options'
  return op === 'is' || op === 'is_not' || op === 'starts_with' ? 'words' : 'text'
}

/** What a condition begins with when its comparison is chosen. */
export function emptyValue(input: Input, op: string): unknown {
  switch (input) {
    case 'none':
      return undefined
    case 'span':
      return { count: 30, unit: 'day' }
    case 'unit':
      return 'month'
    case 'boolean':
      return true
    case 'words':
    case 'options':
      return []
    case 'event':
      return { kinds: [] }
    case 'days':
      return ['', '']
    case 'number':
      return op === 'between' ? ['', ''] : ''
    default:
      return ''
  }
}

const filled = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every(filled) : typeof value === 'string' ? value.trim() !== '' : value != null

/** True when nothing is missing in a condition. */
export function isComplete(node: FilterNode, fields: Field[]): boolean {
  const field = fields.find(known => known.key === node.field)
  // About what has gone: whole, if useless. It says so beside.
  if (!field) return Boolean(node.field)
  const input = inputOf(field, node.op ?? '')
  const value = node.value as Record<string, unknown> | undefined
  if (input === 'none') return true
  if (input === 'span') return Number(value?.count) >= 1 && Number(value?.count) <= 9999
  if (input === 'event')
    return (
      filled(value?.kinds) &&
      (!value?.op ||
        (typeof value.value === 'object' && value.value
          ? Number((value.value as { count?: number }).count) >= 1 || filled(value.value)
          : filled(value.value)))
    )
  return filled(node.value)
}

export const groupOf = (node: FilterNode) => (node.any ? ('any' as const) : node.all ? ('all' as const) : undefined)
export const childrenOf = (node: FilterNode): FilterNode[] => node.any ?? node.all ?? []

export function leavesOf(node: FilterNode | undefined): FilterNode[] {
  if (!node) return []
  return groupOf(node) ? childrenOf(node).flatMap(leavesOf) : [node]
}

/** The tree without unfinished conditions and empty groups. */
export function pruned(node: FilterNode, fields: Field[]): FilterNode | undefined {
  const group = groupOf(node)
  if (!group) return isComplete(node, fields) ? node : undefined
  const children = childrenOf(node).flatMap(child => pruned(child, fields) ?? [])
  return children.length ? { [group]: children } : undefined
}

/** The top of a tree as its parts: what must all hold, or one part where any may. */
export const partsOf = (tree: FilterNode): FilterNode[] => (tree.all ? tree.all : [tree])

function timeWords(op: string | undefined, value: unknown): string {
  const { count = 0, unit: name = 'day' } = (value && typeof value === 'object' ? value : {}) as { count?: number; unit?: string }
  const unit = (count === 1 ? t.unit : t.units)[name] ?? ''
  switch (op) {
    case 'last':
      return t.last(count, name)
    case 'older_than':
      return t.older(count, unit)
    case 'next':
      return t.next(count, unit)
    case 'this':
      return t.thisUnit[String(value)] ?? ''
    case 'previous':
      return t.previousUnit[String(value)] ?? ''
    case 'between':
      return `${t.ops.between} ${(Array.isArray(value) ? value : []).map(dayText).join(t.and)}`
    default:
      return `${t.ops[op ?? '']} ${dayText(value)}`
  }
}

/** A condition or a group, as one reads it. */
export function words(node: FilterNode, fields: Field[], inside = false): string {
  const group = groupOf(node)
  if (group) {
    const parts = childrenOf(node).map(child => words(child, fields, true))
    const text = parts.join(group === 'all' ? t.and : t.or)
    return inside && parts.length > 1 ? `(${text})` : text
  }
  const field = fields.find(known => known.key === node.field)
  const op = node.op ?? ''
  const label = field?.label ?? `${node.field?.replace(/^custom\./, '')} (${t.gonePart})`
  const option = (value: unknown) =>
    field?.options?.find(one => one.value === value)?.label ?? (field?.options ? t.gonePart : String(value))
  const values = (value: unknown) => (Array.isArray(value) ? value : [value]).map(option).join(t.or)
  if (node.field === 'task') return op === 'has' ? t.hasTask : t.hasNoTask
  if (node.field === 'event') {
    const value = node.value as { kinds?: string[]; op?: string; value?: unknown } | undefined
    const kinds = (value?.kinds ?? []).map(option).join(t.or)
    return `${label} ${t.ops[op]} : ${kinds}${value?.op ? ` ${timeWords(value.op, value.value)}` : ''}`
  }
  const input = field ? inputOf(field, op) : 'none'
  switch (input) {
    case 'none':
      return `${label} ${t.ops[op] ?? op}`
    case 'span':
    case 'unit':
    case 'day':
    case 'days':
      return `${label} ${timeWords(op, node.value)}`
    case 'boolean':
      return `${label} : ${node.value ? t.yes : t.no}`
    case 'number': {
      const shown = (value: unknown) =>
        field?.custom?.kind === 'money' && typeof value === 'number'
          ? money(value)
          : field?.custom
            ? numberText(field.custom, value)
            : String(value)
      return `${label} ${t.ops[op]} ${Array.isArray(node.value) ? node.value.map(shown).join(t.and) : shown(node.value)}`
    }
    default:
      return `${label} ${t.ops[op]} ${values(node.value)}`
  }
}

const numberText = (field: CustomField, value: unknown) =>
  field.kind === 'number' ? String(value).replace('.', ',') : `${value} €`

/** While it is being typed a day is none yet. */
const dayText = (value: unknown) => (/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? day(String(value)) : '…')
