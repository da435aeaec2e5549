import { ActionIcon, Button, Menu } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useRef } from 'react'
import { ButtonLink } from '@/app/button-link'
import { useCan } from '@/app/me'
import { IconAddressBook, IconColumns, IconDownload, IconImport, IconLink, IconPlus, IconSearch, IconSelector } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { BulkBar, ExportItems, exportContacts } from './bulk-bar'
import { useDisplay } from './columns'
import { FilterChips, FilterPanel } from './filter-panel'
import { type ContactSearch, filterOf, requestFilter, SORTS } from './filters'
import classes from './page.module.css'
import { countQuery, listQuery } from './queries'
import { useSelection } from './selection'
import { ContactTable } from './table'
import { t } from './text'

const CreateContact = lazy(() => import('./create'))

export function Contacts() {
  const search = useSearch({ from: '/shell/contacts' })
  const navigate = useNavigate({ from: '/contacts' })
  const can = useCan()
  const display = useDisplay()
  const phone = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false })
  const box = useRef<HTMLInputElement>(null)

  // A stable object: the selection lives as long as the filter says the same.
  // biome-ignore lint/correctness/useExhaustiveDependencies: compared by content
  const filter = useMemo(() => filterOf(search), [JSON.stringify(filterOf(search))])
  const filtered = Object.keys(filter).length > 0
  const list = useInfiniteQuery(listQuery(filter, search.sort, display.custom))
  const total = useQuery(countQuery(filter)).data
  const rows = useMemo(() => list.data?.pages.flatMap(page => page.items) ?? [], [list.data])
  const selection = useSelection(filter)

  const change = useCallback(
    (next: Partial<ContactSearch>) => void navigate({ search: current => ({ ...current, ...next }), replace: true }),
    [navigate],
  )
  const clear = () => void navigate({ search: { q: search.q, sort: search.sort }, replace: true })
  const openCreation = () => can('contacts.write') && void navigate({ search: current => ({ ...current, nouveau: true }) })
  const loadMore = useCallback(() => {
    if (!list.isFetchingNextPage) void list.fetchNextPage()
  }, [list])

  useShortcuts({ '/': () => box.current?.focus(), n: openCreation })

  const actions = (
    <>
      {!phone && (
        <Menu closeOnItemClick={false} width={240} withinPortal={false} classNames={{ dropdown: classes.menu }}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label={t.display} title={t.display}>
              <IconColumns size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t.columnChoice}</Menu.Label>
            {display.all.map(column => (
              <Menu.CheckboxItem
                key={column.key}
                checked={display.keys.includes(column.key)}
                onChange={() => display.toggle(column.key)}
              >
                {column.name}
              </Menu.CheckboxItem>
            ))}
            <Menu.Divider />
            <Menu.Label>{t.density}</Menu.Label>
            <Menu.RadioGroup
              value={display.density}
              onChange={value => display.setDensity(value === 'compact' ? 'compact' : 'comfortable')}
            >
              <Menu.RadioItem value="comfortable">{t.comfortable}</Menu.RadioItem>
              <Menu.RadioItem value="compact">{t.compact}</Menu.RadioItem>
            </Menu.RadioGroup>
          </Menu.Dropdown>
        </Menu>
      )}
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
            <ExportItems run={format => void exportContacts({ filter: requestFilter(filter), except_ids: [] }, format)} />
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
        <FilterChips search={search} change={change} clear={clear} />
      </div>
      {selection.any && <BulkBar selection={selection} total={total} loaded={rows.length} archived={search.archived ?? false} />}
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
          sort={search.sort}
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
            <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
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
        {search.nouveau && can('contacts.write') && <CreateContact onClose={() => change({ nouveau: undefined })} />}
      </Suspense>
    </Page>
  )
}
