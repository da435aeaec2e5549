// One invoice: its editor while it is a draft, what was issued afterwards.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { api, data, send } from '@/api/client'
import type { Invoice } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, day, decimal, money } from '@/i18n/format'
import { IconDots, IconDownload, IconMail } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { Banner, Failed, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { DraftEditor } from './editor'
import { StatusMark } from './marks'
import { withCents } from './money'
import { Online, OnlineNotices } from './online'
import { Payments } from './payments'
import { invoiceQuery, onlineQuery, refreshInvoices } from './queries'
import { t } from './text'

const CreditDialog = lazy(() => import('./credit-dialog'))
const LinkDialog = lazy(() => import('./link-dialog'))
const RemindersPanel = lazy(() => import('./dunning/panel').then(part => ({ default: part.RemindersPanel })))
const RecurringForm = lazy(() => import('./recurring/form'))
const PaymentDialog = lazy(() => import('./payment-dialog'))
const SendDialog = lazy(() => import('./send-dialog'))

export function InvoicePage() {
  const { id } = useParams({ from: '/shell/factures/$id' })
  const query = useQuery(invoiceQuery(id))
  const [stale, setStale] = useState(false)
  if (query.isError && !query.data) return <Failed page error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading lines={10} />
  const invoice = query.data
  const name = invoice.number ?? (invoice.contact ? t.draftOf(invoice.contact.name) : t.draft)
  return (
    <Page
      title={name}
      aside={
        <span className={classes.aside}>
          <span>{t.kinds[invoice.kind]}</span>
          <StatusMark status={invoice.status} />
          {invoice.disputed && (
            <span className={classes.mark} data-tone="bad">
              {t.disputed}
            </span>
          )}
        </span>
      }
      actions={
        <>
          <Button component={Link} to="/factures" variant="default">
            {t.back}
          </Button>
          {invoice.number && <IssuedVerbs invoice={invoice} />}
        </>
      }
    >
      {stale && !invoice.number && <Banner tone="warn">{t.stale}</Banner>}
      {invoice.number ? (
        <Issued invoice={invoice} />
      ) : (
        <DraftEditor
          key={invoice.id}
          invoice={invoice}
          stale={async () => {
            setStale(true)
            return (await query.refetch()).data ?? invoice
          }}
        />
      )}
    </Page>
  )
}

/** What comes again of an invoice: everything that is not of its day. */
const contentOf = ({ title, intro, outro, prices_include_vat, discount, lines }: Invoice) => ({
  title,
  intro,
  outro,
  prices_include_vat,
  discount,
  lines,
})

function IssuedVerbs({ invoice }: { invoice: Invoice }) {
  const can = useCan()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState<'credit' | 'pay' | 'send' | 'link' | 'recurring'>()
  const base = `/api/v1/invoices/${invoice.id}`
  const duplicate = async () => {
    try {
      const copy = await data(api.POST('/invoices/{id}/duplicate', { params: { path: { id: invoice.id } } }))
      refreshInvoices(client)
      toast(t.duplicated)
      await navigate({ to: '/factures/$id', params: { id: copy.id } })
    } catch (error) {
      toastError(error)
    }
  }
  // The window is opened while the click still counts; what is printed comes into it.
  const print = async () => {
    const sheet = window.open('', '_blank')
    try {
      const answer = await send(new Request(`${location.origin}${base}/print`, { method: 'POST' }))
      const address = URL.createObjectURL(await answer.blob())
      if (sheet) sheet.location.href = address
      else location.assign(address)
      setTimeout(() => URL.revokeObjectURL(address), 60_000)
      refreshInvoices(client)
    } catch (error) {
      sheet?.close()
      toastError(error)
    }
  }
  const creditable = invoice.kind !== 'credit_note' && invoice.credited_minor < invoice.gross_minor
  return (
    <>
      <Button
        component="a"
        href={`${base}/pdf`}
        target="_blank"
        rel="noopener"
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        {t.pdf}
      </Button>
      {can('invoices.write') && (
        <Button variant="default" leftSection={<IconMail size={16} aria-hidden />} onClick={() => setAsking('send')}>
          {t.send}
        </Button>
      )}
      {can('payments.write') && invoice.due_minor > 0 && <Button onClick={() => setAsking('pay')}>{t.record}</Button>}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t.more} title={t.more}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {can('invoices.write') && invoice.due_minor > 0 && (
            <Menu.Item onClick={() => setAsking('link')}>{t.linkTitle}</Menu.Item>
          )}
          {can('invoices.write') && creditable && <Menu.Item onClick={() => setAsking('credit')}>{t.credit}</Menu.Item>}
          {can('invoices.write') && <Menu.Item onClick={() => void duplicate()}>{t.duplicate}</Menu.Item>}
          {can('invoices.write') && invoice.kind === 'invoice' && (
            <Menu.Item onClick={() => setAsking('recurring')}>{t.makeRecurring}</Menu.Item>
          )}
          <Menu.Item onClick={() => void print()}>{invoice.prints > 0 ? t.reprint : t.print}</Menu.Item>
          <Menu.Item component="a" href={`${base}/xml`} download="factur-x.xml">
            {t.xml}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {asking === 'credit' && <CreditDialog invoice={invoice} onClose={() => setAsking(undefined)} />}
        {asking === 'send' && <SendDialog invoice={invoice} onClose={() => setAsking(undefined)} />}
        {asking === 'link' && <LinkDialog invoice={invoice} onClose={() => setAsking(undefined)} />}
        {asking === 'recurring' && (
          <RecurringForm
            from={{ contact: invoice.contact ?? null, content: contentOf(invoice) }}
            onClose={() => setAsking(undefined)}
          />
        )}
        {asking === 'pay' && <PaymentDialog invoice={invoice} onClose={() => setAsking(undefined)} />}
      </Suspense>
    </>
  )
}

function Issued({ invoice }: { invoice: Invoice }) {
  const can = useCan()
  const sign = invoice.kind === 'credit_note' ? -1 : 1
  const online = useQuery(onlineQuery(invoice.id)).data
  return (
    <>
      {online && invoice.kind !== 'credit_note' && <OnlineNotices invoice={invoice} online={online} />}
      <div className={classes.issued}>
        <div className={classes.column}>
          <Card title={t.lines} flush>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th>{t.label}</th>
                  <th className={classes.amount}>{t.quantity}</th>
                  <th className={`${classes.amount} ${classes.wideOnly}`}>
                    {invoice.prices_include_vat ? t.unitPriceVat : t.unitPrice}
                  </th>
                  <th className={`${classes.amount} ${classes.wideOnly}`}>{t.vat}</th>
                  <th className={classes.amount}>{invoice.prices_include_vat ? t.lineTotalVat : t.lineTotal}</th>
                </tr>
              </thead>
              <tbody>
                {invoice.lines.map((line, index) => (
                  <tr key={index}>
                    <td className={classes.name}>
                      {line.section && <strong className={classes.block}>{line.section}</strong>}
                      {line.label}
                      {line.description && <span className={`${classes.block} muted small`}>{line.description}</span>}
                    </td>
                    <td className={`numeric ${classes.amount}`}>
                      {decimal(line.quantity)} {t.units[line.unit ?? 'C62']}
                    </td>
                    <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{decimal(withCents(line.unit_price))}</td>
                    <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>
                      {line.vat_category === 'S' ? `${decimal(line.vat_rate)} %` : t.vatCategories[line.vat_category ?? 'E']}
                    </td>
                    <td className={`numeric ${classes.amount}`}>
                      {money(invoice.prices_include_vat ? line.gross_minor : line.net_minor)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Card>
          {invoice.kind !== 'credit_note' && <Payments invoice={invoice} editable={can('payments.write')} />}
          <Online invoice={invoice} />
          <Suspense>{invoice.kind !== 'credit_note' && <RemindersPanel invoice={invoice} />}</Suspense>
        </div>
        <div className={classes.column}>
          <Card title={t.totals}>
            <dl className={classes.sums}>
              <Sum name={t.totalNet} minor={sign * invoice.net_minor} />
              {invoice.vat
                .filter(vat => vat.category === 'S')
                .map(vat => (
                  <Sum key={vat.rate} name={t.vatAt(decimal(vat.rate))} minor={sign * vat.vat_minor} />
                ))}
              <Sum name={t.totalGross} minor={sign * invoice.gross_minor} grand />
              {invoice.paid_minor !== 0 && <Sum name={t.paid} minor={-invoice.paid_minor} />}
              {invoice.credited_minor !== 0 && <Sum name={t.credited} minor={-invoice.credited_minor} />}
              {invoice.kind !== 'credit_note' && <Sum name={t.left} minor={invoice.due_minor} grand />}
            </dl>
          </Card>
          <Card title={t.document}>
            <dl className={classes.facts}>
              <div>
                <dt>{t.customer}</dt>
                <dd>
                  {invoice.contact ? (
                    <Link to="/contacts/$id" params={{ id: invoice.contact.id }}>
                      {invoice.buyer_name}
                    </Link>
                  ) : (
                    invoice.buyer_name
                  )}
                </dd>
              </div>
              {invoice.title && (
                <div>
                  <dt>{invoice.kind === 'credit_note' ? t.creditReason : t.subject}</dt>
                  <dd>{invoice.title}</dd>
                </div>
              )}
              {invoice.corrects && (
                <div>
                  <dt>{t.corrects}</dt>
                  <dd>
                    <Link to="/factures/$id" params={{ id: invoice.corrects.id }}>
                      {invoice.corrects.name}
                    </Link>
                  </dd>
                </div>
              )}
              {invoice.issue_date && (
                <div>
                  <dt>{t.issueDate}</dt>
                  <dd className="numeric">{day(invoice.issue_date)}</dd>
                </div>
              )}
              {invoice.kind !== 'credit_note' && invoice.due_date && (
                <div>
                  <dt>{t.dueDate}</dt>
                  <dd className="numeric">{day(invoice.due_date)}</dd>
                </div>
              )}
              {invoice.order_reference && (
                <div>
                  <dt>{t.orderReference}</dt>
                  <dd>{invoice.order_reference}</dd>
                </div>
              )}
              {invoice.corrections.length > 0 && (
                <div>
                  <dt>{t.corrections}</dt>
                  <dd>
                    {invoice.corrections.map(one => (
                      <Link key={one.id} to="/factures/$id" params={{ id: one.id }} className={classes.block}>
                        {one.number ?? t.draft} · {money(one.gross_minor)}
                      </Link>
                    ))}
                  </dd>
                </div>
              )}
            </dl>
            <p className="muted small">
              {invoice.issued_by &&
                invoice.issued_at &&
                (invoice.kind === 'credit_note' ? t.issuedByCredit : t.issuedBy)(invoice.issued_by, dateTime(invoice.issued_at))}
              {invoice.prints > 0 && <span className={classes.block}>{t.prints(invoice.prints)}</span>}
            </p>
          </Card>
        </div>
      </div>
    </>
  )
}

function Sum({ name, minor, grand }: { name: string; minor: number; grand?: boolean }) {
  return (
    <div className={grand ? classes.grand : undefined}>
      <dt>{name}</dt>
      <dd className="numeric">{money(minor)}</dd>
    </div>
  )
}
