// Journals and balances: the totals of the whole period above, the rows below.
import { Button } from '@mantine/core'
import { type UseInfiniteQueryResult, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { day, decimal, money } from '@/i18n/format'
import { IconReceipt } from '@/ui/icons'
import { Empty, Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import billing from '../billing.module.css'
import classes from './accounting.module.css'
import { type AgeingRow, ageingQuery, cashQuery, salesQuery, vatQuery } from './queries'
import { t } from './text'

interface Period {
  from: string
  to: string
}

const amount = `numeric ${billing.amount}`
const wideAmount = `${amount} ${billing.wideOnly}`

function Sums({ items }: { items: [string, string, string?][] }) {
  return (
    <dl className={classes.sums}>
      {items.map(([label, value, detail]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value}
            {detail && <small>{detail}</small>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Shown({
  query,
  empty,
  children,
}: {
  query: { isError: boolean; isPending: boolean; error: unknown; refetch: () => unknown }
  empty?: ReactNode
  children: () => ReactNode
}) {
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />
  if (query.isPending)
    return (
      <div className={classes.scroll}>
        <Loading lines={8} height={44} />
      </div>
    )
  return empty || children()
}

function More({ query }: { query: UseInfiniteQueryResult }) {
  return (
    query.hasNextPage && (
      <Button variant="subtle" m={8} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {ui.more}
      </Button>
    )
  )
}

const nothing = (title: string, hint?: string) => (
  <Empty icon={<IconReceipt size={28} stroke={1.6} aria-hidden />} title={title}>
    {hint}
  </Empty>
)

export function Sales({ period }: { period: Period }) {
  const query = useInfiniteQuery(salesQuery(period))
  const rows = query.data?.pages.flatMap(page => page.items) ?? []
  const totals = query.data?.pages[0]?.totals
  return (
    <Shown query={query} empty={!rows.length && nothing(t.noSales, t.noSalesHint)}>
      {() => (
        <>
          {totals && (
            <Sums
              items={[
                [t.net, money(totals.net_minor), t.documents(totals.count)],
                [t.vat, money(totals.vat_minor)],
                [
                  t.gross,
                  money(totals.gross_minor),
                  totals.credited_minor ? t.ofWhichCredited(money(totals.credited_minor)) : '',
                ],
              ]}
            />
          )}
          <div className={classes.scroll}>
            <table className={billing.table} aria-label={t.tabs.ventes} aria-busy={query.isPlaceholderData}>
              <thead>
                <tr>
                  <th>{t.date}</th>
                  <th>{t.number}</th>
                  <th className={billing.wideOnly}>{t.customer}</th>
                  <th className={billing.wideOnly}>{t.nature}</th>
                  <th className={wideAmount}>{t.net}</th>
                  <th className={wideAmount}>{t.vat}</th>
                  <th className={amount}>{t.gross}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(row => (
                  <tr key={row.id}>
                    <td className="numeric">{day(row.issue_date)}</td>
                    <td>
                      <Link to="/factures/$id" params={{ id: row.id }} className="numeric">
                        {row.number}
                      </Link>
                      <span className={`${billing.phoneOnly} small`}>{row.buyer_name}</span>
                    </td>
                    <td className={`${billing.name} ${billing.wideOnly}`}>{row.buyer_name}</td>
                    <td className={billing.wideOnly}>
                      {row.corrects_number && row.kind === 'credit_note' ? t.creditOf(row.corrects_number) : t.kinds[row.kind]}
                    </td>
                    <td className={wideAmount}>{money(row.net_minor)}</td>
                    <td className={wideAmount}>{money(row.vat_minor)}</td>
                    <td className={amount}>{money(row.gross_minor)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <More query={query} />
          </div>
        </>
      )}
    </Shown>
  )
}

export function Cash({ period }: { period: Period }) {
  const query = useInfiniteQuery(cashQuery(period))
  const rows = query.data?.pages.flatMap(page => page.items) ?? []
  const first = query.data?.pages[0]
  return (
    <Shown query={query} empty={!rows.length && nothing(t.noCash, t.noCashHint)}>
      {() => (
        <>
          {first && (
            <Sums
              items={[
                [t.total, money(first.total_minor), t.entries(first.count)],
                ...first.totals.map((one): [string, string, string] => [
                  t.methods[one.method] ?? one.method,
                  money(one.amount_minor),
                  t.entries(one.count),
                ]),
              ]}
            />
          )}
          <div className={classes.scroll}>
            <table className={billing.table} aria-label={t.tabs.encaissements} aria-busy={query.isPlaceholderData}>
              <thead>
                <tr>
                  <th>{t.valueDate}</th>
                  <th>{t.method}</th>
                  <th className={billing.wideOnly}>{t.customer}</th>
                  <th>{t.invoice}</th>
                  <th className={billing.wideOnly}>{t.reference}</th>
                  <th className={amount}>{t.amount}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(row => (
                  <tr key={row.id}>
                    <td className="numeric">
                      {day(row.received_on)}
                      {row.entered_on !== row.received_on && (
                        <span className={`${billing.block} muted small`}>{t.enteredOn(day(row.entered_on))}</span>
                      )}
                    </td>
                    <td>
                      {t.methods[row.method]} {row.reversal && <Tag>{t.reversal}</Tag>}
                      <span className={`${billing.phoneOnly} small`}>{row.buyer_name}</span>
                    </td>
                    <td className={`${billing.name} ${billing.wideOnly}`}>{row.buyer_name}</td>
                    <td>
                      {row.invoice_id && (
                        <Link to="/factures/$id" params={{ id: row.invoice_id }} className="numeric">
                          {row.invoice_number}
                        </Link>
                      )}
                    </td>
                    <td className={`${billing.name} ${billing.wideOnly}`}>{row.reference}</td>
                    <td className={amount}>{money(row.amount_minor)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <More query={query} />
          </div>
        </>
      )}
    </Shown>
  )
}

export function Vat({ period }: { period: Period }) {
  const query = useQuery(vatQuery(period))
  const report = query.data
  return (
    <Shown query={query} empty={!report?.items.length && nothing(t.noVat)}>
      {() =>
        report && (
          <>
            <p className="muted">
              {report.regime === 'franchise' ? t.vatFranchise : report.on_debits ? t.vatDebits : t.vatReceipts}
            </p>
            <div className={classes.scroll}>
              <table className={billing.table} aria-label={t.tabs.tva} aria-busy={query.isPlaceholderData}>
                <thead>
                  <tr>
                    <th>{t.rate}</th>
                    <th className={wideAmount}>{t.invoicedBase}</th>
                    <th className={wideAmount}>{t.invoicedVat}</th>
                    <th className={wideAmount}>{t.collected}</th>
                    <th className={amount}>{t.dueBase}</th>
                    <th className={amount}>{t.dueVat}</th>
                  </tr>
                </thead>
                <tbody>
                  {report.items.map(line => (
                    <tr key={line.category + line.rate}>
                      <td className="numeric">
                        {line.category === 'S' ? `${decimal(line.rate)} %` : `${t.noVatRate} (${line.category})`}
                      </td>
                      <td className={wideAmount}>{money(line.invoiced_base_minor)}</td>
                      <td className={wideAmount}>{money(line.invoiced_vat_minor)}</td>
                      <td className={wideAmount}>{money(line.collected_minor)}</td>
                      <td className={amount}>{money(line.due_base_minor)}</td>
                      <td className={amount}>{money(line.due_vat_minor)}</td>
                    </tr>
                  ))}
                </tbody>
                <tfoot className={classes.foot}>
                  <tr>
                    <td>{t.total}</td>
                    <td className={wideAmount}>{money(report.invoiced_base_minor)}</td>
                    <td className={wideAmount}>{money(report.invoiced_vat_minor)}</td>
                    <td className={wideAmount}>{money(report.collected_minor)}</td>
                    <td className={amount}>{money(report.due_base_minor)}</td>
                    <td className={amount}>{money(report.due_vat_minor)}</td>
                  </tr>
                </tfoot>
              </table>
            </div>
          </>
        )
      }
    </Shown>
  )
}

const AGES = ['current', 'to_30', 'to_60', 'to_90', 'over_90'] as const
const AGE_NAMES = { current: t.current, to_30: t.to30, to_60: t.to60, to_90: t.to90, over_90: t.over90 }
const aged = (row: AgeingRow, age: (typeof AGES)[number]) => row[`${age}_minor`]

export function Ageing({ on }: { on: string }) {
  const query = useQuery(ageingQuery(on))
  const report = query.data
  return (
    <Shown query={query} empty={!report?.items.length && nothing(t.nobodyOwes)}>
      {() =>
        report && (
          <>
            <Sums
              items={[
                [t.owed, money(report.totals.total_minor), t.openInvoices(report.totals.count)],
                ...AGES.map((age): [string, string] => [AGE_NAMES[age], money(aged(report.totals, age))]),
              ]}
            />
            <div className={classes.scroll}>
              <table className={billing.table} aria-label={t.tabs.balance} aria-busy={query.isPlaceholderData}>
                <thead>
                  <tr>
                    <th>{t.customer}</th>
                    {AGES.map(age => (
                      <th key={age} className={wideAmount}>
                        {AGE_NAMES[age]}
                      </th>
                    ))}
                    <th className={amount}>{t.owed}</th>
                  </tr>
                </thead>
                <tbody>
                  {report.items.map(row => (
                    <tr key={row.contact_id ?? row.name}>
                      <td className={billing.name}>
                        {row.contact_id ? (
                          <Link to="/contacts/$id" params={{ id: row.contact_id }}>
                            {row.name}
                          </Link>
                        ) : (
                          row.name
                        )}
                        <span className={`${billing.block} muted small`}>{t.openInvoices(row.count)}</span>
                      </td>
                      {AGES.map(age => (
                        <td key={age} className={wideAmount}>
                          {aged(row, age) !== 0 && money(aged(row, age))}
                        </td>
                      ))}
                      <td className={amount}>{money(row.total_minor)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {report.customers > report.items.length && (
              <p className="muted">{t.moreCustomers(report.customers - report.items.length)}</p>
            )}
          </>
        )
      }
    </Shown>
  )
}
