// What contacts own: a list whose name follows the company's trade.
import { ActionIcon, Button, Checkbox, Menu, Popover, Select, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { DisplayMenu } from '@/app/display'
import { useCan, useMe } from '@/app/me'
import { useSelection } from '@/app/selection'
import { conditionsIn, NONE } from '@/app/views/address'
import { useView } from '@/app/views/state'
import { day } from '@/i18n/format'
import { IconBox, IconCar, IconDownload, IconFilter, IconList, IconPlus, IconSearch, IconSelector, IconX } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { BulkBar } from './bulk-bar'
import { useColumns } from './columns'
import { exportEntities, type Format } from './export'
import { type EntityFilter, type EntitySearch, filterOf, SORTS } from './filters'
import classes from './page.module.css'
import { countQuery, kindsQuery, listQuery } from './queries'
import { EntityTable } from './table'
import { t } from './text'
import { kept, searchOf } from './view-state'

const CreateEntity = lazy(() => import('./form'))
const ViewBar = lazy(() => import('@/app/views/bar'))
const Conditions = lazy(async () => ({ default: (await import('./conditions')).EntityConditions }))
const TreeChips = lazy(async () => ({ default: (await import('./conditions')).EntityChips }))

export function Entities() {
  const address = useSearch({ from: '/shell/biens' })
  const navigate = useNavigate({ from: '/biens' })
  const can = useCan()
  const me = useMe()
  const phone = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const garage = me.tenant.trade === 'garage'
  const go = useCallback(
    (next: EntitySearch | ((current: EntitySearch) => EntitySearch), replace: boolean) =>
      void navigate({ search: next, replace }),
    [navigate],
  )
  const { views, active, search, dirty, missing, waiting, change, open } = useView({
    object: 'entity',
    address,
    go,
    searchOf,
    kept,
  })
  const [building, setBuilding] = useState(false)
  const display = useColumns(active ? search.colonnes : undefined, active ? colonnes => change({ colonnes }) : undefined)
  const filter = filterOf(search)
  const filtered = Object.keys(filter).length > 0
  const selection = useSelection(filter, () => filter)
  // An order by a field that has gone, or that cannot be sorted by any more, is none.
  const sort =
    search.sort?.includes('custom.') && !display.all.some(column => column.sort && search.sort?.endsWith(column.sort))
      ? undefined
      : search.sort
  const list = useInfiniteQuery({ ...listQuery(filter, sort, display.custom), enabled: !waiting })
  const total = useQuery({ ...countQuery(filter), enabled: !waiting }).data
  const rows = useMemo(() => list.data?.pages.flatMap(page => page.items) ?? [], [list.data])

  const add = () => can('contacts.write') && change({ nouveau: true })
  const loadMore = useCallback(() => {
    if (!list.isFetchingNextPage) void list.fetchNextPage()
  }, [list])
  const box = useRef<HTMLInputElement>(null)
  useShortcuts({ '/': () => box.current?.focus(), n: add })

  const addLabel = garage ? t.add.vehicle : t.add.thing
  const Icon = garage ? IconCar : IconBox
  const actions = (
    <>
      {!phone && <DisplayMenu display={display} />}
      {can('contacts.export') && rows.length > 0 && (
        <Menu>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={t.export} title={t.export}>
              <IconDownload size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {(Object.keys(t.exportAs) as Format[]).map(format => (
              <Menu.Item
                key={format}
                onClick={() => void exportEntities({ filter }, format, active ? search.colonnes : undefined)}
              >
                {t.exportAs[format]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {can('contacts.write') &&
        (phone ? (
          <ActionIcon variant="filled" color="vision" size={36} aria-label={addLabel} onClick={add}>
            <IconPlus size={18} aria-hidden />
          </ActionIcon>
        ) : (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
            {addLabel}
          </Button>
        ))}
    </>
  )
  return (
    <Page
      title={t.titles[me.tenant.trade]}
      aside={total && <span className="numeric">{t.count(total.count, total.capped)}</span>}
      actions={actions}
      fill
    >
      {/* Its place is kept: the list must not jump. */}
      <Suspense fallback={<div className={classes.views} />}>
        <ViewBar
          object="entity"
          views={views}
          active={active}
          kept={kept(search)}
          dirty={dirty}
          missing={missing}
          filtered={filtered}
          columns={display.keys}
          open={open}
          openConditions={() => setBuilding(true)}
        />
      </Suspense>
      <div className={classes.tools}>
        <SearchBox
          box={box}
          className={classes.search}
          label={t.searchLabel}
          placeholder={t.search}
          clearLabel={t.clearSearch}
          value={search.q ?? ''}
          onChange={q => change({ q })}
        />
        <Filters search={search} change={change} />
        {phone ? (
          <ActionIcon
            variant="default"
            size={36}
            aria-label={t.conditions}
            title={t.conditions}
            onClick={() => setBuilding(true)}
          >
            <IconList size={18} aria-hidden />
          </ActionIcon>
        ) : (
          <Button variant="default" onClick={() => setBuilding(true)}>
            {search.tree ? t.conditionsActive(conditionsIn(search.tree)) : t.conditions}
          </Button>
        )}
        {phone && (
          <Menu>
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={t.sort} title={t.sort}>
                <IconSelector size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {SORTS.map(sort => (
                <Menu.Item key={sort} aria-current={search.sort === sort || undefined} onClick={() => change({ sort })}>
                  {t.sorts[sort]}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
        {search.tree && (
          <Suspense>
            <TreeChips tree={search.tree} edit={() => setBuilding(true)} change={tree => change({ tree })} />
          </Suspense>
        )}
        <Chips search={search} change={change} />
      </div>
      {selection.any && (
        <BulkBar
          selection={selection}
          total={total}
          loaded={rows.length}
          archived={search.archived ?? false}
          columns={active ? search.colonnes : undefined}
        />
      )}
      {list.isError && !rows.length ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div className={classes.waiting}>
          <Loading lines={14} />
        </div>
      ) : rows.length ? (
        <EntityTable
          rows={rows}
          display={display}
          selection={selection}
          sort={sort}
          onSort={sort => change({ sort })}
          hasMore={list.hasNextPage}
          loadMore={loadMore}
          stale={list.isPlaceholderData}
        />
      ) : filtered ? (
        <Empty
          icon={<IconSearch size={28} stroke={1.6} aria-hidden />}
          title={t.noMatch}
          action={
            <Button variant="default" onClick={() => open(NONE)}>
              {t.clearFilters}
            </Button>
          }
        >
          {t.noMatchHint}
        </Empty>
      ) : (
        <Empty
          icon={<Icon size={28} stroke={1.6} aria-hidden />}
          title={t.firstUse}
          action={
            can('contacts.write') && (
              <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
                {addLabel}
              </Button>
            )
          }
        >
          {t.firstUseHint}
        </Empty>
      )}
      <Suspense>
        {building && (
          <Conditions
            filter={filter}
            onClose={() => setBuilding(false)}
            apply={tree => {
              setBuilding(false)
              change({ tree })
            }}
          />
        )}
        {search.nouveau && can('contacts.write') && <CreateEntity onClose={() => change({ nouveau: undefined })} />}
      </Suspense>
    </Page>
  )
}

interface FilterProps {
  search: EntitySearch
  change: (next: Partial<EntitySearch>) => void
}

const chipKeys = (search: EntitySearch) =>
  (Object.keys(filterOf(search)) as (keyof EntityFilter)[]).filter(key => key !== 'q' && key !== 'tree')
const none = { kind: undefined, kind_id: undefined, contact: undefined, inspection_before: undefined, archived: undefined }

function Filters({ search, change }: FilterProps) {
  const [opened, setOpened] = useState(false)
  const { data: kinds } = useQuery({ ...kindsQuery, enabled: opened })
  const active = chipKeys(search).length
  const choices = [
    ...(kinds?.builtin ?? []).map(({ kind }) => ({ value: kind as string, label: t.kinds[kind] })),
    ...(kinds?.own ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ]
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={340} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />} onClick={() => setOpened(!opened)}>
          {active ? t.filtersActive(active) : t.filters}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.filters} aria-label={t.filters}>
        <Select
          label={t.filter.kind}
          placeholder={t.any}
          data={choices}
          value={search.kind_id ?? search.kind ?? null}
          onChange={value => {
            const kind = kinds?.builtin.find(known => known.kind === value)?.kind
            change({ kind, kind_id: value && !kind ? value : undefined })
          }}
          clearable
          clearButtonProps={{ 'aria-label': t.removeFilter(t.filter.kind) }}
          comboboxProps={{ withinPortal: false }}
        />
        <TextInput
          type="date"
          label={t.filter.inspection_before}
          value={search.inspection_before ?? ''}
          onChange={event => change({ inspection_before: event.currentTarget.value || undefined })}
        />
        <Checkbox
          label={t.nobody}
          checked={search.contact === 'none'}
          onChange={event => change({ contact: event.currentTarget.checked ? 'none' : undefined })}
        />
        <Checkbox
          label={t.filter.archived}
          checked={search.archived ?? false}
          onChange={event => change({ archived: event.currentTarget.checked || undefined })}
        />
        {active > 0 && (
          <Button variant="subtle" size="compact-sm" onClick={() => change(none)}>
            {t.clearFilters}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function Chips({ search, change }: FilterProps) {
  const keys = chipKeys(search)
  const { data: kinds } = useQuery({ ...kindsQuery, enabled: Boolean(search.kind_id) })
  const rows = useInfiniteQuery({ ...listQuery(filterOf(search), search.sort), enabled: Boolean(search.contact) }).data
  if (!keys.length) return null
  const words = (key: keyof EntityFilter) => {
    if (key === 'archived') return t.filter.archived
    if (key === 'contact' && search.contact === 'none') return t.nobody
    const value =
      key === 'kind' && search.kind
        ? t.kinds[search.kind]
        : key === 'kind_id'
          ? kinds?.own.find(kind => kind.id === search.kind_id)?.name
          : key === 'contact'
            ? rows?.pages[0]?.items[0]?.contact?.name
            : day(String(search.inspection_before))
    return `${t.filter[key as keyof typeof t.filter]} : ${value ?? '…'}`
  }
  return (
    <div className={classes.chips}>
      {keys.map(key => (
        <button
          key={key}
          type="button"
          className={classes.chip}
          aria-label={t.removeFilter(words(key))}
          onClick={() => change({ [key]: undefined })}
        >
          <span className="truncate">{words(key)}</span>
          <IconX size={14} aria-hidden />
        </button>
      ))}
      <button type="button" className={classes.clear} onClick={() => change(none)}>
        {t.clearFilters}
      </button>
    </div>
  )
}
