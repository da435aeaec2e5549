// What the company sells, with its prices.
import { Button, Select } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useRef, useState } from 'react'
import { api } from '@/api/client'
import type { CatalogItem } from '@/api/types'
import { useCan } from '@/app/me'
import { decimal } from '@/i18n/format'
import { Confirm } from '@/ui/dialog'
import { IconBox, IconPlus, IconSearch } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { withCents } from './money'
import { catalogQuery } from './queries'
import { t } from './text'

const ItemDialog = lazy(() => import('./item-dialog'))

export function Catalog() {
  const can = useCan()
  const client = useQueryClient()
  const box = useRef<HTMLInputElement>(null)
  const [q, setQ] = useState<string>()
  const [kind, setKind] = useState('')
  const [archived, setArchived] = useState(false)
  const [editing, setEditing] = useState<CatalogItem | 'new'>()
  const [removing, setRemoving] = useState<CatalogItem>()
  const editable = can('catalog.write')
  const list = useInfiniteQuery(catalogQuery({ q, kind: kind || undefined, archived: archived || undefined }))
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  useShortcuts({ '/': () => box.current?.focus(), n: () => editable && setEditing('new') })
  const refresh = () => void client.invalidateQueries({ queryKey: ['catalog'] })
  const setState = async (item: CatalogItem, to: 'archive' | 'restore') => {
    try {
      await api.POST(to === 'archive' ? '/catalog-items/{id}/archive' : '/catalog-items/{id}/restore', {
        params: { path: { id: item.id } },
      })
      refresh()
      toast(to === 'archive' ? t.archivedToast : t.restoredToast, {
        undo: () => setState(item, to === 'archive' ? 'restore' : 'archive'),
      })
    } catch (error) {
      toastError(error)
    }
  }
  const remove = async (item: CatalogItem) => {
    try {
      await api.DELETE('/catalog-items/{id}', { params: { path: { id: item.id } } })
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  const create = editable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
      {t.newItem}
    </Button>
  )
  return (
    <Page title={t.catalog} actions={create}>
      <div className={classes.filters}>
        <SearchBox
          box={box}
          className={classes.search}
          value={q ?? ''}
          onChange={setQ}
          label={t.catalogSearch}
          placeholder={t.catalogSearch}
          clearLabel={t.clearSearch}
        />
        <Select
          aria-label={t.catalogKind}
          allowDeselect={false}
          data={[{ value: '', label: t.anyKind }, ...Object.entries(t.itemKinds).map(([value, label]) => ({ value, label }))]}
          value={kind}
          onChange={value => setKind(value ?? '')}
        />
        <Button variant="default" onClick={() => setArchived(!archived)}>
          {archived ? t.activeItems : t.archivedItems}
        </Button>
      </div>
      {list.isError && !rows.length ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div className={classes.card}>
          <Loading lines={8} height={44} />
        </div>
      ) : rows.length ? (
        <div className={classes.card}>
          <table className={classes.table} aria-label={t.catalog} aria-busy={list.isPlaceholderData}>
            <thead>
              <tr>
                <th>{t.itemName}</th>
                <th className={classes.wideOnly}>{t.itemReference}</th>
                <th className={classes.wideOnly}>{t.itemCategory}</th>
                <th className={classes.wideOnly}>{t.itemVat}</th>
                <th className={classes.amount}>{t.itemPrice}</th>
                {editable && (
                  <th>
                    <span className="hidden-text">{t.more}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={row.id}>
                  <td className={classes.name}>
                    {editable && !row.archived_at ? (
                      <button type="button" className={classes.asLink} onClick={() => setEditing(row)}>
                        {row.name}
                      </button>
                    ) : (
                      row.name
                    )}
                    <span className={`${classes.block} muted small`}>
                      {t.itemKinds[row.kind]}
                      {row.components.length > 0 &&
                        ` : ${row.components.map(part => `${decimal(part.quantity)} × ${part.name}`).join(', ')}`}
                    </span>
                  </td>
                  <td className={`mono ${classes.wideOnly}`}>{row.reference}</td>
                  <td className={classes.wideOnly}>{t.categories[row.category]}</td>
                  <td className={classes.wideOnly}>{t.vatClasses[row.vat_class]}</td>
                  <td className={`numeric ${classes.amount}`}>
                    {decimal(withCents(row.price))} €{' '}
                    <span className="muted small">{row.price_includes_vat ? t.withVat : t.withoutVat}</span>
                  </td>
                  {editable && (
                    <td className={classes.amount}>
                      {row.archived_at ? (
                        <>
                          <Button size="compact-sm" variant="default" onClick={() => void setState(row, 'restore')}>
                            {t.restore}
                          </Button>{' '}
                          <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setRemoving(row)}>
                            {t.remove}
                          </Button>
                        </>
                      ) : (
                        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void setState(row, 'archive')}>
                          {t.archive}
                        </Button>
                      )}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
          {list.hasNextPage && (
            <Button variant="subtle" m={8} loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {ui.more}
            </Button>
          )}
        </div>
      ) : q || kind || archived ? (
        <Empty icon={<IconSearch size={28} stroke={1.6} aria-hidden />} title={t.catalogNone} />
      ) : (
        <Empty icon={<IconBox size={28} stroke={1.6} aria-hidden />} title={t.catalogEmpty} action={create}>
          {t.catalogEmptyHint}
        </Empty>
      )}
      <Suspense>
        {editing && (
          <ItemDialog
            item={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(undefined)}
            done={() => {
              refresh()
              setEditing(undefined)
            }}
          />
        )}
      </Suspense>
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title={t.removeItemTitle(removing.name)}
          verb={t.remove}
          run={() => remove(removing)}
        >
          {t.removeItemBody}
        </Confirm>
      )}
    </Page>
  )
}
