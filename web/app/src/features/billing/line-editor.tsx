// One line of a draft: what, how much, at what price, under which VAT. Typing looks the catalogue up.

import type { DraggableProvided } from '@hello-pangea/dnd'
import { ActionIcon, Autocomplete, Menu, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useRef } from 'react'
import type { CatalogItem } from '@/api/types'
import { useCan } from '@/app/me'
import { decimal, money } from '@/i18n/format'
import { IconDots, IconGrip, IconX } from '@/ui/icons'
import { Tag } from '@/ui/tag'
import classes from './billing.module.css'
import type { LineForm } from './lines'
import { withCents } from './money'
import { catalogQuery } from './queries'
import { t } from './text'

interface Props {
  line: LineForm
  place: number
  vats: { value: string; label: string }[]
  withVat: boolean
  /** What the line comes to, as the server says. */
  total?: number
  error?: string
  /** True: the line may be an option. */
  options?: boolean
  drag: { item: DraggableProvided; dragging: boolean }
  onChange: (change: Partial<LineForm>) => void
  onItem: (item: CatalogItem) => void
  onRemove: () => void
  onMove: (by: -1 | 1) => void
  onEnter: () => void
}

export function LineEditor({ line, place, vats, withVat, total, error, options, drag, ...on }: Props) {
  const { onChange, onItem, onRemove, onMove, onEnter } = on
  const can = useCan()
  const [asked] = useDebouncedValue(line.label, 150)
  const found = useInfiniteQuery({ ...catalogQuery({ q: asked || undefined }, 8), enabled: can('catalog.read') && !line.item_id })
  // The list tells of the choice first, and then that the text has changed.
  const picked = useRef<CatalogItem>(undefined)
  const items = found.data?.pages[0]?.items ?? []
  const text = (key: 'quantity' | 'unit_price' | 'discount') => ({
    value: line[key],
    onChange: (event: { currentTarget: { value: string } }) => onChange({ [key]: event.currentTarget.value }),
  })
  const keys = (event: KeyboardEvent) => {
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault()
      onMove(event.key === 'ArrowUp' ? -1 : 1)
    } else if (event.key === 'Enter' && event.target instanceof HTMLInputElement && !event.defaultPrevented) {
      event.preventDefault()
      onEnter()
    }
  }
  const name = line.label || t.line(place)
  return (
    <li
      ref={drag.item.innerRef}
      {...drag.item.draggableProps}
      className={classes.line}
      data-dragging={drag.dragging || undefined}
      aria-label={t.line(place)}
      onKeyDown={keys}
    >
      {line.section !== '' && (
        <TextInput
          className={classes.section}
          aria-label={`${t.section} : ${name}`}
          placeholder={t.section}
          value={line.section}
          onChange={event => onChange({ section: event.currentTarget.value || ' ' })}
        />
      )}
      <div className={classes.lineGrid}>
        <button
          type="button"
          {...drag.item.dragHandleProps}
          className={classes.handle}
          aria-label={t.drag(name)}
          title={t.dragHint}
        >
          <IconGrip size={16} aria-hidden />
        </button>
        <Autocomplete
          className={classes.lineLabel}
          label={t.label}
          placeholder={t.labelHint}
          data-line-label={line.key}
          maxLength={300}
          value={line.label}
          onChange={label => {
            const item = picked.current
            picked.current = undefined
            if (item) onItem(item)
            else onChange({ label, item_id: null })
          }}
          onOptionSubmit={value => {
            picked.current = items.find(known => known.name === value)
          }}
          data={line.item_id ? [] : [...new Set(items.map(item => item.name))]}
          filter={({ options }) => options}
          renderOption={({ option }) => {
            const item = items.find(known => known.name === option.value)
            return (
              <span className={classes.option}>
                <span>{option.value}</span>
                {item && (
                  <span className="muted small numeric">
                    {decimal(withCents(item.price))} € {item.price_includes_vat ? t.withVat : t.withoutVat}
                  </span>
                )}
              </span>
            )
          }}
          error={error}
        />
        <TextInput className={classes.number} label={t.quantity} inputMode="decimal" {...text('quantity')} />
        <NativeSelect
          label={t.unit}
          data={Object.entries(t.units).map(([value, label]) => ({ value, label }))}
          value={line.unit}
          onChange={event => onChange({ unit: event.currentTarget.value })}
        />
        <TextInput
          className={classes.number}
          label={withVat ? t.unitPriceVat : t.unitPrice}
          inputMode="decimal"
          placeholder="0,00"
          {...text('unit_price')}
        />
        <TextInput className={classes.number} label={t.discount} inputMode="decimal" {...text('discount')} />
        <NativeSelect
          label={t.vat}
          data={vats}
          value={line.vat}
          onChange={event => onChange({ vat: event.currentTarget.value })}
        />
        <div className={classes.lineTotal}>
          <span className="field-label">{withVat ? t.lineTotalVat : t.lineTotal}</span>
          <output className="numeric">{total === undefined ? '–' : money(total)}</output>
          {line.optional && <Tag>{t.optional}</Tag>}
        </div>
        <div className={classes.lineVerbs}>
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={`${t.lineMore} : ${name}`} title={t.lineMore}>
                <IconDots size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onMove(-1)}>{t.moveUp}</Menu.Item>
              <Menu.Item onClick={() => onMove(1)}>{t.moveDown}</Menu.Item>
              {options && (
                <Menu.Item onClick={() => onChange({ optional: !line.optional })}>
                  {line.optional ? t.notOptional : t.makeOptional}
                </Menu.Item>
              )}
              {line.section === '' && <Menu.Item onClick={() => onChange({ section: ' ' })}>{t.section}</Menu.Item>}
              {line.description === '' && <Menu.Item onClick={() => onChange({ description: ' ' })}>{t.description}</Menu.Item>}
              <Menu.Divider />
              <Menu.RadioGroup
                value={line.nature}
                onChange={nature => onChange({ nature: nature === 'goods' ? 'goods' : 'service' })}
              >
                <Menu.RadioItem value="service">{t.natures.service}</Menu.RadioItem>
                <Menu.RadioItem value="goods">{t.natures.goods}</Menu.RadioItem>
              </Menu.RadioGroup>
            </Menu.Dropdown>
          </Menu>
          <ActionIcon aria-label={t.removeLine(name)} title={t.removeLine(name)} onClick={onRemove}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </div>
      </div>
      {line.description !== '' && (
        <Textarea
          aria-label={`${t.description} : ${name}`}
          placeholder={t.description}
          autosize
          minRows={1}
          maxRows={8}
          value={line.description}
          onChange={event => onChange({ description: event.currentTarget.value || ' ' })}
        />
      )}
    </li>
  )
}
