// One quote: its editor while it is written; afterwards what was sent, what became of it, and its invoices.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { api, data } from '@/api/client'
import type { Order } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, day, decimal, money } from '@/i18n/format'
import { IconDots, IconDownload } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { Banner, Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { toast, toastError } from '@/ui/toast'
import classes from '../billing.module.css'
import { withCents } from '../money'
import { t as billing } from '../text'
import { OrderEditor } from './editor'
import { StateMark } from './marks'
import { orderQuery, refreshOrders } from './queries'
import { t } from './text'

const AnswerDialog = lazy(() => import('./answer-dialogs').then(part => ({ default: part.AnswerDialog })))
const CancelDialog = lazy(() => import('./answer-dialogs').then(part => ({ default: part.CancelDialog })))
const InvoiceDialog = lazy(() => import('./invoice-dialog'))
const TemplateDialog = lazy(() => import('./template-dialog'))
const LinkDialog = lazy(() => import('./send-dialog').then(part => ({ default: part.LinkDialog })))

export function OrderPage() {
  const { id } = useParams({ from: '/shell/devis/$id' })
  const query = useQuery(orderQuery(id))
  const [stale, setStale] = useState(false)
  if (query.isError && !query.data) return <Failed page error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading lines={10} />
  const order = query.data
  const number = order.number && (order.revision > 1 ? `${order.number} v${order.revision}` : order.number)
  const name = order.template_name ?? number ?? (order.contact ? t.draftOf(order.contact.name) : t.draft)
  return (
    <Page
      title={name}
      aside={order.template_name ? <Tag>{t.template}</Tag> : <StateMark state={order.state} />}
      actions={
        <>
          <Button component={Link} to="/devis" variant="default">
            {t.title}
          </Button>
          <Verbs order={order} />
        </>
      }
    >
      {stale && order.state === 'draft' && <Banner tone="warn">{billing.stale}</Banner>}
      {order.state === 'draft' ? (
        <OrderEditor
          key={`${order.id}-${order.revision}`}
          order={order}
          stale={async () => {
            setStale(true)
            return (await query.refetch()).data ?? order
          }}
        />
      ) : (
        <Sent order={order} />
      )}
    </Page>
  )
}

type Asking = 'accept' | 'refuse' | 'cancel' | 'invoice' | 'template' | { link: string }

function Verbs({ order }: { order: Order }) {
  const can = useCan()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState<Asking>()
  const path = { id: order.id }
  const run = async (what: () => Promise<unknown>) => {
    try {
      await what()
      refreshOrders(client)
    } catch (error) {
      toastError(error)
    }
  }
  const duplicate = (words?: string) =>
    run(async () => {
      const copy = await data(api.POST('/orders/{id}/duplicate', { params: { path }, body: {} }))
      toast(words ?? t.duplicated)
      await navigate({ to: '/devis/$id', params: { id: copy.id } })
    })
  const revise = () =>
    run(async () => {
      const draft = await data(api.POST('/orders/{id}/revise', { params: { path } }))
      client.setQueryData(orderQuery(order.id).queryKey, draft)
      toast(t.revised(draft.revision))
    })
  const remind = () =>
    run(async () => {
      await api.POST('/orders/{id}/remind', { params: { path } })
      toast(t.reminded)
    })
  const link = (mode: 'remote' | 'in_person') => async () => {
    // The window opens at once: browsers close those that open after an answer.
    const page = mode === 'in_person' ? window.open('', '_blank') : null
    try {
      const made = await data(api.POST('/orders/{id}/links', { params: { path }, body: { mode } }))
      if (page) page.location.href = made.url
      else setAsking({ link: made.url })
    } catch (error) {
      page?.close()
      toastError(error)
    }
  }
  const open = order.state === 'sent' || order.state === 'viewed'
  const agreed = order.state === 'accepted' || order.state === 'partially_accepted'
  const base = `/api/v1/orders/${order.id}/pdf`
  const pdf = agreed || order.state === 'withdrawn' ? `${base}?signed=true` : base
  return (
    <>
      {order.state !== 'draft' && (
        <Button
          component="a"
          href={pdf}
          target="_blank"
          rel="noopener"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t.pdf}
        </Button>
      )}
      {order.template_name && can('orders.write') && <Button onClick={() => void duplicate(t.begun)}>{t.useTemplate}</Button>}
      {open && can('orders.send') && (
        <Button variant="default" onClick={() => void link('in_person')()}>
          {t.signHere}
        </Button>
      )}
      {agreed && order.to_invoice_minor > 0 && can('invoices.write') && (
        <Button onClick={() => setAsking('invoice')}>{t.invoice}</Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={billing.more} title={billing.more}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {open && can('orders.send') && (
            <>
              <Menu.Item onClick={() => void remind()}>{t.remind}</Menu.Item>
              <Menu.Item onClick={() => void link('remote')()}>{t.copyLink}</Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => setAsking('accept')}>{t.recordAccept}</Menu.Item>
              <Menu.Item onClick={() => setAsking('refuse')}>{t.recordRefuse}</Menu.Item>
              <Menu.Divider />
            </>
          )}
          {(open || order.state === 'refused' || order.state === 'expired') && can('orders.write') && (
            <Menu.Item onClick={() => void revise()}>{t.revise}</Menu.Item>
          )}
          {can('orders.write') && !order.template_name && <Menu.Item onClick={() => void duplicate()}>{t.duplicate}</Menu.Item>}
          {can('orders.write') && (
            <Menu.Item onClick={() => setAsking('template')}>{order.template_name ? t.rename : t.asTemplate}</Menu.Item>
          )}
          {order.answer?.sealed_sha256 && (
            <Menu.Item component="a" href={`/api/v1/orders/${order.id}/proof`} target="_blank" rel="noopener">
              {t.proof}
            </Menu.Item>
          )}
          {(open || agreed || order.state === 'expired') && can('orders.send') && (
            <Menu.Item color="red" onClick={() => setAsking('cancel')}>
              {t.cancel}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {(asking === 'accept' || asking === 'refuse') && (
          <AnswerDialog order={order} kind={asking} onClose={() => setAsking(undefined)} />
        )}
        {asking === 'cancel' && <CancelDialog order={order} onClose={() => setAsking(undefined)} />}
        {asking === 'invoice' && <InvoiceDialog order={order} onClose={() => setAsking(undefined)} />}
        {asking === 'template' && <TemplateDialog order={order} onClose={() => setAsking(undefined)} />}
        {typeof asking === 'object' && (
          <LinkDialog title={t.linkTitle(order.number ?? '')} url={asking.link} onClose={() => setAsking(undefined)} />
        )}
      </Suspense>
    </>
  )
}

function Sent({ order }: { order: Order }) {
  const answer = order.answer
  const agreed = order.state === 'accepted' || order.state === 'partially_accepted'
  const withVat = order.prices_include_vat
  return (
    <div className={classes.issued}>
      <div className={classes.column}>
        <Card title={billing.lines} flush>
          <table className={classes.table}>
            <thead>
              <tr>
                <th>{billing.label}</th>
                <th className={classes.amount}>{billing.quantity}</th>
                <th className={`${classes.amount} ${classes.wideOnly}`}>{withVat ? billing.unitPriceVat : billing.unitPrice}</th>
                <th className={`${classes.amount} ${classes.wideOnly}`}>{billing.vat}</th>
                <th className={classes.amount}>{withVat ? billing.lineTotalVat : billing.lineTotal}</th>
              </tr>
            </thead>
            <tbody>
              {order.lines.map((line, index) => (
                <tr key={index} data-out={line.accepted === false || undefined} className={classes.orderLine}>
                  <td className={classes.name}>
                    {line.section && <strong className={classes.block}>{line.section}</strong>}
                    <span>{line.label}</span> {line.optional && <Tag>{billing.optional}</Tag>}{' '}
                    {line.accepted === false && !line.optional && <Tag tone="bad">{t.left}</Tag>}
                    {line.description && <span className={`${classes.block} muted small`}>{line.description}</span>}
                  </td>
                  <td className={`numeric ${classes.amount}`}>
                    {decimal(line.quantity)} {billing.units[line.unit ?? 'C62']}
                  </td>
                  <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{decimal(withCents(line.unit_price))}</td>
                  <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>
                    {line.vat_category === 'S' ? `${decimal(line.vat_rate)} %` : billing.vatCategories[line.vat_category ?? 'E']}
                  </td>
                  <td className={`numeric ${classes.amount}`}>{money(withVat ? line.gross_minor : line.net_minor)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
        {(agreed || order.invoices.length > 0) && <Invoices order={order} />}
        <Card title={t.history}>
          <ol className={classes.moments}>
            {order.evidence.map((moment, index) => (
              <li key={index}>
                <time dateTime={moment.at} className="numeric muted small">
                  {dateTime(moment.at)}
                </time>
                <span>
                  {t.moments[moment.kind] ?? moment.kind}
                  {order.versions.length > 1 && ` (v${moment.revision})`}
                  <span className="muted small">
                    {' · '}
                    {moment.by}
                    {moment.ip && ` · ${moment.ip}`}
                  </span>
                </span>
              </li>
            ))}
          </ol>
        </Card>
      </div>
      <div className={classes.column}>
        <Card title={agreed ? t.acceptedTotals : billing.totals}>
          <dl className={classes.sums}>
            {order.totals.allowance_minor !== 0 && <Sum name={billing.totalDiscount} minor={-order.totals.allowance_minor} />}
            <Sum name={billing.totalNet} minor={order.totals.net_minor} />
            {order.totals.vat
              .filter(vat => vat.category === 'S')
              .map(vat => (
                <Sum key={vat.rate} name={billing.vatAt(decimal(vat.rate))} minor={vat.vat_minor} />
              ))}
            <Sum name={billing.totalGross} minor={order.totals.gross_minor} grand />
            {order.deposit_minor > 0 && <Sum name={t.depositKinds[order.deposit_kind].name} minor={order.deposit_minor} />}
          </dl>
        </Card>
        {answer && (
          <Card title={t.answer}>
            <dl className={classes.facts}>
              <Fact name={t.answers[answer.kind] ?? answer.kind}>{dateTime(answer.at)}</Fact>
              <Fact name={t.signer}>{answer.signer_name}</Fact>
              <Fact name={t.method}>{t.methods[answer.method] ?? answer.method}</Fact>
              {answer.mention && <Fact name={t.mention}>« {answer.mention} »</Fact>}
              {answer.reason && <Fact name={t.reason}>{answer.reason}</Fact>}
              {answer.terms_version && <Fact name={t.termsVersion}>{answer.terms_version}</Fact>}
              {answer.early_start && <Fact name={t.earlyStart}>{t.yes}</Fact>}
              {answer.withdrawn_at ? (
                <Fact name={t.withdrawn}>{dateTime(answer.withdrawn_at)}</Fact>
              ) : (
                answer.withdrawable_until && <Fact name={t.withdrawable}>{day(answer.withdrawable_until)}</Fact>
              )}
              {answer.sealed_sha256 && (
                <Fact name={t.seal}>
                  <span className={classes.hash}>{answer.sealed_sha256}</span>
                  <span className="muted small">
                    {answer.timestamp_authority ? t.stamped(answer.timestamp_authority) : t.unstamped}
                  </span>
                </Fact>
              )}
            </dl>
          </Card>
        )}
        <Card title={billing.document}>
          <dl className={classes.facts}>
            <Fact name={billing.customer}>
              {order.contact ? (
                <Link to="/contacts/$id" params={{ id: order.contact.id }}>
                  {order.contact.name}
                </Link>
              ) : (
                t.nobody
              )}
            </Fact>
            {order.title && <Fact name={billing.subject}>{order.title}</Fact>}
            {order.valid_until && <Fact name={t.validUntil}>{day(order.valid_until)}</Fact>}
            {order.execution && <Fact name={t.execution}>{order.execution}</Fact>}
            {order.reason && !answer?.reason && <Fact name={t.reason}>{order.reason}</Fact>}
            <Fact name={t.versions}>
              {order.versions.map(version => (
                <a
                  key={version.revision}
                  className={classes.block}
                  href={`/api/v1/orders/${order.id}/pdf?revision=${version.revision}`}
                  target="_blank"
                  rel="noopener"
                >
                  v{version.revision} · {money(version.gross_minor)} · {dateTime(version.sent_at)}
                </a>
              ))}
            </Fact>
          </dl>
        </Card>
      </div>
    </div>
  )
}

function Invoices({ order }: { order: Order }) {
  return (
    <Card title={t.invoices}>
      {order.invoices.length > 0 ? (
        <ul className={classes.moments}>
          {order.invoices.map(invoice => (
            <li key={invoice.id}>
              <Link to="/factures/$id" params={{ id: invoice.id }} className="numeric">
                {invoice.number ?? billing.draft}
              </Link>
              <span>
                {billing.kinds[invoice.kind as keyof typeof billing.kinds]} ·{' '}
                <span className="numeric">{money(invoice.gross_minor)}</span>
                {invoice.paid_minor > 0 && <span className="muted small"> · {t.paid(money(invoice.paid_minor))}</span>}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">{t.noInvoices}</p>
      )}
      <p className="muted small numeric">{t.invoicedOf(money(order.invoiced_minor), money(order.accepted_minor ?? 0))}</p>
    </Card>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
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
