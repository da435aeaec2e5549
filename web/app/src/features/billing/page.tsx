// Every invoice: what is drafted, what is owed, what is late, what is paid.
import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { api, data } from '@/api/client'
import { useCan } from '@/app/me'
import { day, money } from '@/i18n/format'
import { IconPlus, IconReceipt, IconSearch } from '@/ui/icons'
import { Page } from '@/ui/page'
import { SearchBox } from '@/ui/search-box'
import { useShortcuts } from '@/ui/shortcuts'
import { Empty, Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { StatusMark } from './marks'
import { invoicesQuery, refreshInvoices } from './queries'
import { type InvoiceSearch, STATUSES } from './search'
import { t } from './text'

/** Begins a draft and goes to it. */
export function useNewInvoice() {
  const navigate = useNavigate()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const begin = async (contact?: string) => {
    if (busy) return
    setBusy(true)
    try {
      const made = await data(api.POST('/invoices', { body: contact ? { contact_id: contact } : {} }))
      refreshInvoices(client)
      await navigate({ to: '/factures/$id', params: { id: made.id } })
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return { begin, busy }
}

export function Invoices() {
  const search = useSearch({ from: '/shell/factures' })
  const navigate = useNavigate({ from: '/factures' })
  const can = useCan()
  const box = useRef<HTMLInputElement>(null)
  const list = useInfiniteQuery(invoicesQuery({ q: search.q, status: search.etat }))
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  const { begin, busy } = useNewInvoice()
  const change = (next: Partial<InvoiceSearch>) => void navigate({ search: current => ({ ...current, ...next }), replace: true })
  useShortcuts({ '/': () => box.current?.focus(), n: () => can('invoices.write') && void begin() })
  const create = can('invoices.write') && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} loading={busy} onClick={() => void begin()}>
      {t.newInvoice}
    </Button>
  )
  return (
    <Page
      title={t.title}
      actions={
        <>
          <Link to="/catalogue" className={classes.beside}>
            {t.catalog}
          </Link>
          <Link to="/caisse" className={classes.beside}>
            {t.till}
          </Link>
          <Link to="/relances" className={classes.beside}>
            {t.reminders}
          </Link>
          <Link to="/recurrentes" className={classes.beside}>
            {t.recurring}
          </Link>
          <Link to="/comptabilite" className={classes.beside}>
            {t.accounting}
          </Link>
          {create}
        </>
      }
    >
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
          data={[{ value: '', label: t.anyStatus }, ...STATUSES.map(value => ({ value, label: t.statuses[value] }))]}
          value={search.etat ?? ''}
          onChange={value => change({ etat: STATUSES.find(known => known === value) })}
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
                <th>{t.number}</th>
                <th className={classes.wideOnly}>{t.customer}</th>
                <th className={classes.wideOnly}>{t.subject}</th>
                <th className={classes.wideOnly}>{t.issueDate}</th>
                <th className={classes.wideOnly}>{t.dueDate}</th>
                <th className={classes.amount}>{t.total}</th>
                <th className={`${classes.amount} ${classes.wideOnly}`}>{t.left}</th>
                <th>{t.statusColumn}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={row.id}>
                  <td>
                    <Link to="/factures/$id" params={{ id: row.id }} className="numeric">
                      {row.number ?? (row.kind === 'credit_note' ? t.kinds.credit_note : t.draft)}
                    </Link>
                    <span className={`${classes.phoneOnly} small`}>{row.buyer_name ?? row.contact?.name}</span>
                  </td>
                  <td className={`${classes.name} ${classes.wideOnly}`}>
                    {row.buyer_name ?? row.contact?.name ?? <span className="muted">{t.nobody}</span>}
                  </td>
                  <td className={`${classes.name} ${classes.wideOnly} muted`}>{row.title}</td>
                  <td className={`numeric ${classes.wideOnly}`}>{row.issue_date && day(row.issue_date)}</td>
                  <td className={`numeric ${classes.wideOnly}`}>
                    {row.kind !== 'credit_note' && row.due_date && day(row.due_date)}
                  </td>
                  <td className={`numeric ${classes.amount}`}>
                    {money(row.kind === 'credit_note' ? -row.gross_minor : row.gross_minor)}
                  </td>
                  <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{row.due_minor > 0 && money(row.due_minor)}</td>
                  <td>
                    <StatusMark status={row.status} />
                  </td>
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
            <Button variant="default" onClick={() => change({ q: undefined, etat: undefined })}>
              {t.clearFilters}
            </Button>
          }
        />
      ) : (
        <Empty icon={<IconReceipt size={28} stroke={1.6} aria-hidden />} title={t.emptyTitle} action={create}>
          {t.emptyHint}
        </Empty>
      )}
    </Page>
  )
}
