// Rows as one scrolls, whatever their number: only those on screen are in the page. On a phone each becomes a card.
import { Checkbox } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, useEffect, useRef, useState } from 'react'
import type { ContactRow } from '@/api/types'
import { type Display, ROW_HEIGHT } from '@/app/display'
import { IconBuilding, IconSortDown, IconSortUp } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { useShortcuts } from '@/ui/shortcuts'
import { Tag } from '@/ui/tag'
import { type Column, STATUS_TONES, TagList } from './columns'
import { type ContactSort, type ContactsSelected, nextSort } from './filters'
import classes from './table.module.css'
import { t } from './text'

const CARD_HEIGHT = 76

interface Props {
  rows: ContactRow[]
  display: Display<Column>
  selection: ContactsSelected
  sort: ContactSort | undefined
  onSort: (sort: ContactSort | undefined) => void
  hasMore: boolean
  loadMore: () => void
  stale: boolean
}

export function ContactTable({ rows, display, selection, sort, onSort, hasMore, loadMore, stale }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const cards = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const height = cards ? CARD_HEIGHT : ROW_HEIGHT[display.density]
  const [cursor, setCursor] = useState(-1)

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: index => rows[index]!.id,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height is what the measures depend on
  useEffect(() => virtual.measure(), [height])

  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) loadMore()
  }, [hasMore, last, rows.length, loadMore])

  const move = (step: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + step))
    setCursor(next)
    virtual.scrollToIndex(next)
  }
  const at = rows[cursor]
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => at && navigate({ to: '/contacts/$id', params: { id: at.id } }),
    x: () => at && selection.toggle(at.id),
    Escape: () => selection.clear(),
  })

  const allLoaded = rows.length > 0 && rows.every(row => selection.has(row.id))
  const template = `40px minmax(170px, 2fr) ${display.columns.map(column => column.width).join(' ')}`

  return (
    <div className={classes.frame} data-stale={stale || undefined}>
      <div ref={scroller} className={classes.scroller} tabIndex={0} role="group" aria-label={t.list}>
        <div
          role="table"
          aria-label={t.list}
          aria-rowcount={hasMore ? -1 : rows.length + 1}
          style={{ '--columns': template } as CSSProperties}
          className={cards ? classes.cards : classes.table}
        >
          <div role="rowgroup" className={classes.headGroup}>
            <div role="row" className={classes.head} aria-rowindex={1}>
              <div role="columnheader" className={classes.tick}>
                <Checkbox
                  size="xs"
                  aria-label={t.selectPage}
                  checked={allLoaded}
                  indeterminate={selection.any && !allLoaded}
                  onChange={() => (allLoaded ? selection.clear() : selection.add(rows.map(row => row.id)))}
                />
              </div>
              <Header name={t.columns.name} sortable="name" sort={sort} onSort={onSort} />
              {display.columns.map(column => (
                <Header key={column.key} name={column.name} sortable={column.sort} sort={sort} onSort={onSort} />
              ))}
            </div>
          </div>
          <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {items.map(item => {
              const row = rows[item.index]!
              const place: CSSProperties = { height: item.size, transform: `translateY(${item.start}px)` }
              const common = {
                row,
                place,
                index: item.index,
                selected: selection.has(row.id),
                onToggle: () => selection.toggle(row.id),
                atCursor: item.index === cursor,
              }
              return cards ? (
                <CardRow key={row.id} {...common} />
              ) : (
                <TableRow key={row.id} {...common} columns={display.columns} />
              )
            })}
          </div>
        </div>
      </div>
    </div>
  )
}

interface HeaderProps {
  name: string
  sortable?: Column['sort']
  sort: ContactSort | undefined
  onSort: (sort: ContactSort | undefined) => void
}

function Header({ name, sortable, sort, onSort }: HeaderProps) {
  if (!sortable) return <div role="columnheader">{name}</div>
  const direction = sort === sortable ? 'ascending' : sort === `-${sortable}` ? 'descending' : undefined
  return (
    <div role="columnheader" aria-sort={direction ?? 'none'}>
      <button type="button" className={classes.sort} title={t.sortBy(name)} onClick={() => onSort(nextSort(sort, sortable))}>
        {name}
        {direction === 'ascending' && <IconSortUp size={14} aria-hidden />}
        {direction === 'descending' && <IconSortDown size={14} aria-hidden />}
      </button>
    </div>
  )
}

interface RowProps {
  row: ContactRow
  place: CSSProperties
  index: number
  selected: boolean
  atCursor: boolean
  onToggle: () => void
}

const Tick = ({ row, selected, onToggle }: Pick<RowProps, 'row' | 'selected' | 'onToggle'>) => (
  <Checkbox size="xs" aria-label={t.selectRow(row.display_name)} checked={selected} onChange={onToggle} />
)

function TableRow({ row, place, index, selected, atCursor, onToggle, columns }: RowProps & { columns: Column[] }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-cursor={atCursor || undefined}
      data-selected={selected || undefined}
      className={classes.row}
      style={place}
    >
      <div role="cell" className={classes.tick}>
        <Tick row={row} selected={selected} onToggle={onToggle} />
      </div>
      <div role="cell" className={classes.name}>
        {row.kind === 'company' && <IconBuilding size={15} aria-label={t.kinds.company} />}
        <Link to="/contacts/$id" params={{ id: row.id }} className={classes.link} title={row.display_name}>
          {row.display_name}
        </Link>
        {row.archived && <Tag>{t.archived}</Tag>}
      </div>
      {columns.map(column => {
        const content = column.cell(row)
        return (
          <div role="cell" key={column.key} className={classes.cell} title={typeof content === 'string' ? content : undefined}>
            {content}
          </div>
        )
      })}
    </div>
  )
}

function CardRow({ row, place, index, selected, atCursor, onToggle }: RowProps) {
  const second = [row.kind === 'person' ? row.company_name : null, row.city].filter(Boolean).join(' · ')
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-cursor={atCursor || undefined}
      data-selected={selected || undefined}
      className={classes.card}
      style={place}
    >
      <div role="cell" className={classes.tick}>
        <Tick row={row} selected={selected} onToggle={onToggle} />
      </div>
      <Monogram name={row.display_name} size={36} square={row.kind === 'company'} />
      <div role="cell" className={classes.cardBody}>
        <div className={classes.cardTop}>
          <Link to="/contacts/$id" params={{ id: row.id }} className={classes.link}>
            {row.display_name}
          </Link>
          <Tag tone={row.archived ? 'neutral' : STATUS_TONES[row.status]}>
            {row.archived ? t.archived : t.statuses[row.status]}
          </Tag>
        </div>
        <div className={classes.cardLine}>
          <span className="truncate">{row.phone_display ?? row.email ?? ''}</span>
        </div>
        <div className={classes.cardLine}>
          <span className="truncate">{second}</span>
          <span className={classes.cardTags}>
            <TagList tags={row.tags} most={1} />
          </span>
        </div>
      </div>
    </div>
  )
}
