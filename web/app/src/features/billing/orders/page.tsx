// Every quote: what is written, what waits for an answer, what was won and lost; and the templates that they begin with.
import { Button, Menu, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { api, data } from '@/api/client'
import { useCan } from '@/app/me'
import { date, day, money } from '@/i18n/format'
import { IconPlus, IconQuote, IconSearch } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from '../billing.module.css'
import { StateMark } from './marks'
import { ordersQuery, refreshOrders } from './queries'
import { type OrderSearch, STATUSES } from './search'
import { t } from './text'

/** Begins a quote, from nothing or from a template, and goes to it. */
export function useNewOrder() {
  const navigate = useNavigate()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const begin = async (template?: string) => {
    if (busy) return
    setBusy(true)
    try {
      const made = template
        ? await data(api.POST('/orders/{id}/duplicate', { params: { path: { id: template } }, body: {} }))
        : await data(api.POST('/orders', { body: {} }))
      refreshOrders(client)
      await navigate({ to: '/devis/$id', params: { id: made.id } })
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return { begin, busy }
}

export function Orders() {
  const search = useSearch({ from: '/shell/devis' })
  const navigate = useNavigate({ from: '/devis' })
  const can = useCan()
  const box = useRef<HTMLInputElement>(null)
  const list = useInfiniteQuery(ordersQuery({ q: search.q, status: search.etat, templates: search.modeles }))
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  const templates = useInfiniteQuery({ ...ordersQuery({ templates: true }, 20), enabled: can('orders.write') })
  const models = templates.data?.pages[0]?.items ?? []
  const { begin, busy } = useNewOrder()
  const change = (next: Partial<OrderSearch>) => void navigate({ search: current => ({ ...current, ...next }), replace: true })
  useShortcuts({ '/': () => box.current?.focus(), n: () => can('orders.write') && void begin() })
  const create = can('orders.write') && (
    <>
      {models.length > 0 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" loading={busy}>
              {t.fromTemplate}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {models.map(model => (
              <Menu.Item key={model.id} onClick={() => void begin(model.id)}>
                {model.template_name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Button leftSection={<IconPlus size={16} aria-hidden />} loading={busy} onClick={() => void begin()}>
        {t.newOrder}
      </Button>
    </>
  )
  const segment = search.modeles ? 'templates' : (search.etat ?? '')
  return (
    <Page title={t.title} actions={create}>
      <div className={classes.filters}>
        <SearchBox
          box={box}
          className={classes.search}
          value={search.q ?? ''}
          onChange={q => change({ q })}
          label={t.search}
          placeholder={t.search}
          clearLabel={t.clearSearch}
        />
        <SegmentedControl
          aria-label={t.statusLabel}
          className={classes.segments}
          data={[
            { value: '', label: t.anyStatus },
            ...STATUSES.map(value => ({ value, label: t.statuses[value] })),
            { value: 'templates', label: t.templates },
          ]}
          value={segment}
          onChange={value =>
            change({ etat: STATUSES.find(known => known === value), modeles: value === 'templates' || undefined })
          }
        />
      </div>
      {list.isError && !rows.length ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div className={classes.card}>
          <Loading lines={8} height={44} />
        </div>
      ) : rows.length ? (
        <div className={classes.card}>
          <table className={classes.table} aria-label={t.list} aria-busy={list.isPlaceholderData}>
            <thead>
              <tr>
                <th>{search.modeles ? t.templateName : t.number}</th>
                <th className={classes.wideOnly}>{t.customer}</th>
                <th className={classes.wideOnly}>{t.subject}</th>
                <th className={classes.wideOnly}>{t.sentAt}</th>
                <th className={classes.wideOnly}>{t.validUntil}</th>
                <th className={classes.amount}>{t.total}</th>
                <th>{t.stateColumn}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={row.id}>
                  <td>
                    <Link to="/devis/$id" params={{ id: row.id }} className="numeric">
                      {row.template_name ?? row.number ?? t.draft}
                      {row.revision > 1 && ` v${row.revision}`}
                    </Link>
                    <span className={`${classes.phoneOnly} small`}>{row.contact?.name}</span>
                  </td>
                  <td className={`${classes.name} ${classes.wideOnly}`}>
                    {row.contact?.name ?? (!row.template_name && <span className="muted">{t.nobody}</span>)}
                  </td>
                  <td className={`${classes.name} ${classes.wideOnly} muted`}>{row.title}</td>
                  <td className={`numeric ${classes.wideOnly}`}>{row.sent_at && date(row.sent_at)}</td>
                  <td className={`numeric ${classes.wideOnly}`}>{row.valid_until && day(row.valid_until)}</td>
                  <td className={`numeric ${classes.amount}`}>{money(row.accepted_minor ?? row.gross_minor)}</td>
                  <td>{row.template_name ? t.template : <StateMark state={row.state} />}</td>
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
      ) : search.q || search.etat ? (
        <Empty
          icon={<IconSearch size={28} stroke={1.6} aria-hidden />}
          title={t.noMatch}
          action={
            <Button variant="default" onClick={() => change({ q: undefined, etat: undefined, modeles: undefined })}>
              {t.clearFilters}
            </Button>
          }
        />
      ) : search.modeles ? (
        <Empty icon={<IconQuote size={28} stroke={1.6} aria-hidden />} title={t.noTemplates}>
          {t.noTemplatesHint}
        </Empty>
      ) : (
        <Empty icon={<IconQuote size={28} stroke={1.6} aria-hidden />} title={t.emptyTitle} action={create}>
          {t.emptyHint}
        </Empty>
      )}
    </Page>
  )
}
