// The conditions of a list, built group by group, with the number of records that meet them so far.
import { ActionIcon, Button, MultiSelect, SegmentedControl, Select, TagsInput, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, type UseQueryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FilterNode } from '@/api/types'
import type { RecordObject } from '@/app/custom/fields'
import { countries } from '@/ui/country-select'
import { Dialog } from '@/ui/dialog'
import { IconPlus, IconX } from '@/ui/icons'
import { Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import classes from './builder.module.css'
import { t } from './text'
import { childrenOf, emptyValue, type Field, groupOf, inputOf, isComplete, leavesOf, pruned, words } from './tree'

/** Groups inside groups; the server takes five. */
const DEPTH = 4

// biome-ignore lint/suspicious/noExplicitAny: each list has a key of its own for its counts
type CountOptions = UseQueryOptions<{ count: number; capped: boolean }, Error, { count: number; capped: boolean }, any>

export interface DialogProps {
  object: RecordObject
  tree: FilterNode | undefined
  /** What conditions may be about; undefined until the names are here. */
  fields: Field[] | undefined
  /** Counts the list with other conditions. */
  countOf: (tree: FilterNode | undefined) => CountOptions
  onClose: () => void
  apply: (tree: FilterNode | undefined) => void
}

export default function ConditionsDialog({ object, tree: given, fields, countOf, onClose, apply }: DialogProps) {
  const [tree, setTree] = useState<FilterNode>(() => (given ? (groupOf(given) ? given : { all: [given] }) : { all: [{}] }))
  const complete = fields && leavesOf(tree).every(leaf => isComplete(leaf, fields))
  return (
    <Dialog opened onClose={onClose} title={t.title} size={860}>
      <p className="muted">{t.of[object].intro}</p>
      {fields ? (
        <form
          className={classes.form}
          onSubmit={event => {
            event.preventDefault()
            if (complete) apply(pruned(tree, fields))
          }}
        >
          <Group node={tree} set={setTree} fields={fields} depth={1} />
          <Count object={object} tree={pruned(tree, fields)} countOf={countOf} />
          {!complete && <p className="muted">{t.incomplete}</p>}
          <div className={classes.foot}>
            <Button variant="subtle" color="gray" onClick={() => apply(undefined)}>
              {t.clear}
            </Button>
            <span className={classes.push} />
            <Button variant="default" onClick={onClose}>
              {ui.cancel}
            </Button>
            <Button type="submit" disabled={!complete}>
              {t.apply}
            </Button>
          </div>
        </form>
      ) : (
        <Loading lines={4} />
      )}
    </Dialog>
  )
}

/** Asked when the hand rests; an answer that is no longer wanted is given up. */
function Count({ object, tree, countOf }: Pick<DialogProps, 'object' | 'tree' | 'countOf'>) {
  const [asked] = useDebouncedValue(JSON.stringify(tree ?? null), 350)
  const count = useQuery({
    ...countOf((JSON.parse(asked) as FilterNode | null) ?? undefined),
    placeholderData: keepPreviousData,
  })
  return (
    <output className={classes.count} aria-live="polite" data-stale={count.isFetching || undefined}>
      {count.data ? t.of[object].count(count.data.count, count.data.capped) : t.counting}
    </output>
  )
}

interface NodeProps {
  node: FilterNode
  set: (node: FilterNode) => void
  fields: Field[]
}

function Group({ node, set, fields, depth, remove }: NodeProps & { depth: number; remove?: () => void }) {
  const kind = groupOf(node) ?? 'all'
  const children = childrenOf(node)
  const put = (next: FilterNode[], as: 'all' | 'any' = kind) => set(as === 'all' ? { all: next } : { any: next })
  return (
    <fieldset className={classes.group} aria-label={kind === 'all' ? t.all_of : t.any_of}>
      <div className={classes.head}>
        <span>{t.match}</span>
        <SegmentedControl
          size="xs"
          aria-label={t.match}
          data={[
            { value: 'all', label: t.all_of },
            { value: 'any', label: t.any_of },
          ]}
          value={kind}
          onChange={value => put(children, value === 'any' ? 'any' : 'all')}
        />
        {remove && (
          <ActionIcon size={32} aria-label={t.removeGroup} title={t.removeGroup} onClick={remove}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {children.map((child, index) => {
        const change = (next: FilterNode) => put(children.map((other, at) => (at === index ? next : other)))
        const drop = () => put(children.filter((_, at) => at !== index))
        return groupOf(child) ? (
          <Group key={index} node={child} set={change} fields={fields} depth={depth + 1} remove={drop} />
        ) : (
          <Condition key={index} node={child} set={change} fields={fields} remove={drop} />
        )
      })}
      <div className={classes.add}>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => put([...children, {}])}
        >
          {t.addCondition}
        </Button>
        {depth < DEPTH && (
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => put([...children, kind === 'all' ? { any: [{}] } : { all: [{}] }])}
          >
            {t.addGroup}
          </Button>
        )}
      </div>
    </fieldset>
  )
}

function Condition({ node, set, fields, remove }: NodeProps & { remove: () => void }) {
  const field = fields.find(known => known.key === node.field)
  const gone = node.field && !field
  const choose = (key: string) => {
    const next = fields.find(known => known.key === key)
    const op = next?.ops[0]
    if (next && op) set({ field: key, op, value: emptyValue(inputOf(next, op), op) })
  }
  const groups = (Object.keys(t.group) as (keyof typeof t.group)[])
    .map(group => ({
      group: t.group[group],
      items: fields.filter(known => known.group === group).map(known => ({ value: known.key, label: known.label })),
    }))
    .filter(group => group.items.length > 0)
  const changeOp = (op: string) => {
    if (!field) return
    const [before, after] = [inputOf(field, node.op ?? ''), inputOf(field, op)]
    // A value that still fits is kept.
    const fits = before === after && Array.isArray(node.value) === Array.isArray(emptyValue(after, op))
    set({ ...node, op, value: fits ? node.value : emptyValue(after, op) })
  }
  return (
    <div className={classes.condition}>
      <Select
        aria-label={t.field}
        placeholder={t.pick}
        data={groups}
        value={field ? field.key : null}
        onChange={key => key && choose(key)}
        searchable
        allowDeselect={false}
        error={gone ? words(node, fields) : undefined}
      />
      {field && (
        <Select
          aria-label={t.op}
          data={field.ops.map(op => ({ value: op, label: t.opChoices[op] ?? t.ops[op] ?? op }))}
          value={node.op ?? null}
          onChange={op => op && changeOp(op)}
          allowDeselect={false}
        />
      )}
      {field && node.op && <Value field={field} op={node.op} value={node.value} set={value => set({ ...node, value })} />}
      <ActionIcon
        className={classes.remove}
        size={36}
        aria-label={t.removeCondition(node.field ? words(node, fields) : '')}
        onClick={remove}
      >
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </div>
  )
}

interface ValueProps {
  field: Field
  op: string
  value: unknown
  set: (value: unknown) => void
}

function Value({ field, op, value, set }: ValueProps) {
  const name = `${t.value} : ${field.label}`
  const texts = Array.isArray(value) ? value.map(String) : typeof value === 'string' && value ? [value] : []
  switch (inputOf(field, op)) {
    case 'none':
      return null
    case 'text':
      return (
        <TextInput
          aria-label={name}
          maxLength={200}
          value={texts.join(', ')}
          onChange={event => set(event.currentTarget.value)}
        />
      )
    case 'words':
      if (field.key === 'country')
        return <MultiSelect aria-label={name} data={countries()} value={texts} onChange={set} searchable />
      return <TagsInput aria-label={name} value={texts} onChange={set} acceptValueOnBlur maxTags={100} />
    case 'options':
      return <MultiSelect aria-label={name} data={known(field, texts)} value={texts} onChange={set} searchable />
    case 'boolean':
      return (
        <SegmentedControl
          aria-label={name}
          data={[
            { value: 'true', label: t.yes },
            { value: 'false', label: t.no },
          ]}
          value={String(value)}
          onChange={next => set(next === 'true')}
        />
      )
    case 'number':
      if (!Array.isArray(value)) return <Amount label={name} field={field} value={value} set={set} />
      return (
        <div className={classes.pair}>
          <Amount label={`${name}, ${t.fromDay}`} field={field} value={value[0]} set={next => set([next, value[1]])} />
          <Amount label={`${name}, ${t.toDay}`} field={field} value={value[1]} set={next => set([value[0], next])} />
        </div>
      )
    case 'event':
      return <EventValue field={field} value={value as EventPart} set={set} name={name} />
    default:
      return <TimeValue op={op} value={value} set={set} name={name} />
  }
}

/** Options, and what was chosen among those that have gone since. */
const known = (field: Field, chosen: string[]) => [
  ...(field.options ?? []),
  ...chosen.filter(value => !field.options?.some(option => option.value === value)).map(value => ({ value, label: t.gonePart })),
]

/** As people write numbers; amounts in euros. */
function Amount({ label, field, value, set }: { label: string; field: Field; value: unknown; set: (value: unknown) => void }) {
  // An API client may have kept cents as a number.
  const shown =
    typeof value === 'number' && field.custom?.kind === 'money' ? (value / 100).toFixed(2).replace('.', ',') : String(value ?? '')
  return (
    <TextInput
      aria-label={label}
      inputMode="decimal"
      value={shown}
      rightSection={field.custom?.kind === 'money' ? '€' : undefined}
      onChange={event => set(event.currentTarget.value.replace(/[^\d,.\s-]/g, ''))}
    />
  )
}

function TimeValue({ op, value, set, name }: { op: string; value: unknown; set: (value: unknown) => void; name: string }) {
  const units = (labels: Record<string, string>) => Object.entries(labels).map(([unit, label]) => ({ value: unit, label }))
  if (op === 'this' || op === 'previous') {
    return (
      <Select
        aria-label={name}
        data={units(op === 'this' ? t.thisUnit : t.previousUnit)}
        value={String(value)}
        onChange={set}
        allowDeselect={false}
      />
    )
  }
  if (op === 'last' || op === 'older_than' || op === 'next') {
    const span = (value ?? {}) as { count?: number; unit?: string }
    return (
      <div className={classes.pair}>
        <TextInput
          type="number"
          min={1}
          max={9999}
          aria-label={`${name}, ${t.number}`}
          value={span.count || ''}
          onChange={event => set({ ...span, count: Math.trunc(Number(event.currentTarget.value)) })}
        />
        <Select
          aria-label={`${name}, ${t.unitLabel}`}
          data={units(t.units)}
          value={span.unit ?? 'day'}
          onChange={unit => set({ ...span, unit })}
          allowDeselect={false}
        />
      </div>
    )
  }
  const one = (label: string, shown: string, change: (value: string) => void) => (
    <TextInput type="date" aria-label={label} value={shown} onChange={event => change(event.currentTarget.value)} />
  )
  if (op === 'between') {
    const [from = '', to = ''] = Array.isArray(value) ? value.map(String) : []
    return (
      <div className={classes.pair}>
        {one(`${name}, ${t.fromDay}`, from, next => set([next, to]))}
        {one(`${name}, ${t.toDay}`, to, next => set([from, next]))}
      </div>
    )
  }
  return one(name, String(value ?? ''), set)
}

interface EventPart {
  kinds: string[]
  op?: string
  value?: unknown
}

function EventValue({
  field,
  value,
  set,
  name,
}: {
  field: Field
  value: EventPart
  set: (value: unknown) => void
  name: string
}) {
  const periods = ['last', 'older_than', 'this', 'previous', 'from', 'until', 'between']
  const begin = (op: string) =>
    op === 'last' || op === 'older_than'
      ? { count: 30, unit: 'day' }
      : op === 'this' || op === 'previous'
        ? 'month'
        : op === 'between'
          ? ['', '']
          : ''
  return (
    <div className={classes.event}>
      <MultiSelect
        aria-label={name}
        data={field.options}
        value={value.kinds}
        onChange={kinds => set({ ...value, kinds })}
        searchable
      />
      <Select
        aria-label={t.period}
        data={[{ value: '', label: t.anytime }, ...periods.map(op => ({ value: op, label: t.opChoices[op] ?? t.ops[op] ?? op }))]}
        value={value.op ?? ''}
        onChange={op => set(op ? { kinds: value.kinds, op, value: begin(op) } : { kinds: value.kinds })}
        allowDeselect={false}
      />
      {value.op && <TimeValue op={value.op} value={value.value} set={next => set({ ...value, value: next })} name={t.period} />}
    </div>
  )
}
