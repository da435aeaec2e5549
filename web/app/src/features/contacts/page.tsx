import { ActionIcon, Button, Menu } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { ButtonLink } from '@/app/button-link'
import { DisplayMenu } from '@/app/display'
import { useCan } from '@/app/me'
import { useSelection } from '@/app/selection'
import { conditionsIn, NONE } from '@/app/views/address'
import { useView } from '@/app/views/state'
import { IconAddressBook, IconDownload, IconImport, IconLink, IconList, IconPlus, IconSearch, IconSelector } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { BulkBar, ExportItems, exportContacts } from './bulk-bar'
import { useColumns } from './columns'
import { FilterChips, FilterPanel } from './filter-panel'
import { type ContactSearch, filterOf, requestFilter, SORTS } from './filters'
import classes from './page.module.css'
import { countQuery, listQuery } from './queries'
import { ContactTable } from './table'
import { t } from './text'
import { kept, searchOf } from './view-state'

const CreateContact = lazy(() => import('./create'))
const ViewBar = lazy(() => import('@/app/views/bar'))
const Conditions = lazy(async () => ({ default: (await import('./conditions')).ContactConditions }))
const Chips = lazy(async () => ({ default: (await import('./conditions')).ContactChips }))

export function Contacts() {
  const address = useSearch({ from: '/shell/contacts' })
  const navigate = useNavigate({ from: '/contacts' })
  const can = useCan()
  const go = useCallback(
    (next: ContactSearch | ((current: ContactSearch) => ContactSearch), replace: boolean) =>
      void navigate({ search: next, replace }),
    [navigate],
  )
  const { views, active, search, dirty, missing, waiting, change, open } = useView({
    object: 'contact',
    address,
    go,
    searchOf,
    kept,
  })
  const [building, setBuilding] = useState(false)
  const display = useColumns(active ? search.colonnes : undefined, active ? colonnes => change({ colonnes }) : undefined)
  const phone = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const box = useRef<HTMLInputElement>(null)

  // A stable object: the selection lives as long as the filter says the same.
  // biome-ignore lint/correctness/useExhaustiveDependencies: compared by content
  const filter = useMemo(() => filterOf(search), [JSON.stringify(filterOf(search))])
  const filtered = Object.keys(filter).length > 0
  // An order by a field that has gone, or that cannot be sorted by any more, is none.
  const sort =
    search.sort?.includes('custom.') && !display.all.some(column => column.sort && search.sort?.endsWith(column.sort))
      ? undefined
      : search.sort
  const list = useInfiniteQuery({ ...listQuery(filter, sort, display.custom), enabled: !waiting })
  const total = useQuery({ ...countQuery(filter), enabled: !waiting }).data
  const rows = useMemo(() => list.data?.pages.flatMap(page => page.items) ?? [], [list.data])
  const selection = useSelection(filter, () => requestFilter(filter))

  const clear = () =>
    change(
      Object.fromEntries(Object.keys(filterOf(search)).flatMap(key => (key === 'q' || key === 'tree' ? [] : [[key, undefined]]))),
    )
  const openCreation = () => can('contacts.write') && void navigate({ search: current => ({ ...current, nouveau: true }) })
  const loadMore = useCallback(() => {
    if (!list.isFetchingNextPage) void list.fetchNextPage()
  }, [list])

  useShortcuts({ '/': () => box.current?.focus(), n: openCreation })

  const actions = (
    <>
      {!phone && <DisplayMenu display={display} />}
      {can('contacts.write') && rows.length > 1 && (
        <ActionIcon
          variant="default"
          size={36}
          aria-label={t.duplicates.open}
          title={t.duplicates.open}
          renderRoot={props => <Link to="/doublons" {...props} />}
        >
          <IconLink size={18} aria-hidden />
        </ActionIcon>
      )}
      {can('contacts.export') && rows.length > 0 && (
        <Menu>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={t.export} title={t.export}>
              <IconDownload size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <ExportItems
              run={format =>
                void exportContacts(
                  { filter: requestFilter(filter), except_ids: [] },
                  format,
                  active ? search.colonnes : undefined,
                )
              }
            />
          </Menu.Dropdown>
        </Menu>
      )}
      {can('contacts.write') &&
        (phone ? (
          <ActionIcon variant="filled" color="vision" size={36} aria-label={t.newContact} onClick={openCreation}>
            <IconPlus size={18} aria-hidden />
          </ActionIcon>
        ) : (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={openCreation}>
            {t.newContact}
          </Button>
        ))}
    </>
  )

  return (
    <Page
      title={t.title}
      aside={total && <span className="numeric">{t.count(total.count, total.capped)}</span>}
      actions={actions}
      fill
    >
      {/* Its place is kept: the list must not jump. */}
      <Suspense fallback={<div className={classes.views} />}>
        <ViewBar
          object="contact"
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
        <FilterPanel search={search} change={change} clear={clear} />
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
            <Chips tree={search.tree} edit={() => setBuilding(true)} change={tree => change({ tree })} />
          </Suspense>
        )}
        <FilterChips search={search} change={change} clear={clear} />
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
        <ContactTable
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
          icon={<IconAddressBook size={28} stroke={1.6} aria-hidden />}
          title={t.firstUse}
          action={
            <>
              {can('contacts.import') && (
                <ButtonLink to="/imports" leftSection={<IconImport size={16} aria-hidden />}>
                  {t.importFile}
                </ButtonLink>
              )}
              {can('contacts.write') && (
                <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={openCreation}>
                  {t.newContact}
                </Button>
              )}
            </>
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
        {search.nouveau && can('contacts.write') && <CreateContact onClose={() => change({ nouveau: undefined })} />}
      </Suspense>
    </Page>
  )
}
