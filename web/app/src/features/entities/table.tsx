// Rows as one scrolls; on a phone each becomes a card.
import { Checkbox } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, useEffect, useRef, useState } from 'react'
import type { EntityRow } from '@/api/types'
import { type Display, ROW_HEIGHT } from '@/app/display'
import type { Selection } from '@/app/selection'
import { IconSortDown, IconSortUp } from '@/ui/icons'
import { useShortcuts } from '@/ui/shortcuts'
import { Tag } from '@/ui/tag'
import type { Column } from './columns'
import own from './entities.module.css'
import { type EntityFilter, type EntitySort, nextSort, type SortColumn } from './filters'
import { Inspection, KindIcon } from './marks'
import classes from './table.module.css'
import { t } from './text'

const CARD = 76

interface Props {
  rows: EntityRow[]
  display: Display<Column>
  selection: Selection<EntityFilter>
  sort: EntitySort | undefined
  onSort: (sort: EntitySort | undefined) => void
  hasMore: boolean
  loadMore: () => void
  stale: boolean
}

const kindName = (row: EntityRow) => row.kind_name ?? t.kinds[row.kind]

export function EntityTable({ rows, display, selection, sort, onSort, hasMore, loadMore, stale }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const cards = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const height = cards ? CARD : ROW_HEIGHT[display.density]
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
    Enter: () => at && navigate({ to: '/biens/$id', params: { id: at.id } }),
    x: () => at && selection.toggle(at.id),
    Escape: () => selection.clear(),
  })
  const allLoaded = rows.length > 0 && rows.every(row => selection.has(row.id))
  return (
    <div className={classes.frame} data-stale={stale || undefined}>
      <div ref={scroller} className={classes.scroller} tabIndex={0} role="group" aria-label={t.list}>
        <div
          role="table"
          aria-label={t.list}
          aria-rowcount={hasMore ? -1 : rows.length + 1}
          style={
            {
              '--columns': `40px 34px minmax(160px, 1.5fr) ${display.columns.map(column => column.width).join(' ')}`,
            } as CSSProperties
          }
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
              <div role="columnheader" className={own.kindCell}>
                <span className="hidden-text">{t.columns.kind}</span>
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
              const common = {
                row,
                index: item.index,
                atCursor: item.index === cursor,
                selected: selection.has(row.id),
                onToggle: () => selection.toggle(row.id),
                place: { height: item.size, transform: `translateY(${item.start}px)` },
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
  sortable?: SortColumn
  sort: EntitySort | undefined
  onSort: (sort: EntitySort | undefined) => void
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
  row: EntityRow
  place: CSSProperties
  index: number
  atCursor: boolean
  selected: boolean
  onToggle: () => void
}

const Tick = ({ row, selected, onToggle }: Pick<RowProps, 'row' | 'selected' | 'onToggle'>) => (
  <Checkbox size="xs" aria-label={t.selectRow(row.display_name)} checked={selected} onChange={onToggle} />
)

const Name = ({ row }: { row: EntityRow }) => (
  <Link to="/biens/$id" params={{ id: row.id }} className={classes.link} title={row.display_name}>
    {row.display_name}
  </Link>
)

function TableRow({ row, place, index, atCursor, selected, onToggle, columns }: RowProps & { columns: Column[] }) {
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
      <div role="cell" className={own.kindCell} title={kindName(row)}>
        <KindIcon kind={row.kind} size={16} />
        <span className="hidden-text">{kindName(row)}</span>
      </div>
      <div role="cell" className={classes.name}>
        <Name row={row} />
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

function CardRow({ row, place, index, atCursor, selected, onToggle }: RowProps) {
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
      <div role="cell" className={own.cardIcon} title={kindName(row)}>
        <KindIcon kind={row.kind} size={22} />
        <span className="hidden-text">{kindName(row)}</span>
      </div>
      <div role="cell" className={classes.cardBody}>
        <div className={classes.cardTop}>
          <Name row={row} />
          {row.plate && <span className={own.plate}>{row.plate}</span>}
        </div>
        <div className={classes.cardLine}>
          <span className="truncate">{row.contact?.name ?? t.nobody}</span>
          {row.archived && <Tag>{t.archived}</Tag>}
        </div>
        <div className={classes.cardLine}>
          <span className="truncate">{row.mileage !== null ? t.km(row.mileage) : kindName(row)}</span>
          {row.inspection_due && <Inspection due={row.inspection_due} />}
        </div>
      </div>
    </div>
  )
}
