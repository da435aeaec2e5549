// The till, day by day, and the proof that nothing was changed.
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import type { SealedChain } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, day, decimal, money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconCheck, IconRefresh, IconShield } from '@/ui/icons'
import { Card, FormActions, Page } from '@/ui/page'
import { Banner, Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import { Archives } from './archives'
import classes from './billing.module.css'
import { closingsQuery, proofQuery, refreshInvoices } from './queries'
import { t } from './text'

const PERIODS = ['day', 'month', 'year'] as const
const TILLS = ['1', 'online'] as const

export function Till() {
  const can = useCan()
  const [period, setPeriod] = useState<(typeof PERIODS)[number]>('day')
  const [till, setTill] = useState<(typeof TILLS)[number]>('1')
  const [closing, setClosing] = useState(false)
  const closings = useInfiniteQuery(closingsQuery(till, period))
  const rows = closings.data?.pages.flatMap(page => page.items) ?? []
  const until = closings.data?.pages[0]?.closed_until
  return (
    <Page
      title={t.till}
      aside={until && <span className="numeric">{t.closedUntil(day(until))}</span>}
      actions={can('billing.manage') && <Button onClick={() => setClosing(true)}>{t.closeTill}</Button>}
    >
      <Proof />
      <Archives />
      <Card
        title={t.closings}
        flush={rows.length > 0}
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label={t.tillLabel}
              data={TILLS.map(value => ({ value, label: t.tills[value] }))}
              value={till}
              onChange={value => setTill(TILLS.find(known => known === value) ?? '1')}
            />
            <SegmentedControl
              size="xs"
              aria-label={t.period}
              data={PERIODS.map(value => ({ value, label: t.periods[value] }))}
              value={period}
              onChange={value => setPeriod(PERIODS.find(known => known === value) ?? 'day')}
            />
          </>
        }
      >
        {closings.isError && !rows.length ? (
          <Failed error={closings.error} retry={() => void closings.refetch()} />
        ) : closings.isPending ? (
          <Loading lines={4} height={44} />
        ) : rows.length ? (
          <>
            <table className={classes.table} aria-label={t.closings}>
              <thead>
                <tr>
                  <th>{t.period}</th>
                  <th className={`${classes.amount} ${classes.wideOnly}`}>{t.entries}</th>
                  <th className={classes.wideOnly}>{t.method}</th>
                  <th className={classes.wideOnly}>{t.vat}</th>
                  <th className={classes.amount}>{t.dayTotal}</th>
                  <th className={`${classes.amount} ${classes.wideOnly}`}>{t.cumulative}</th>
                  <th className={classes.amount}>{t.perpetual}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map(row => (
                  <tr key={row.starts_on}>
                    <td className="numeric">
                      {row.starts_on === row.ends_on ? day(row.starts_on) : `${day(row.starts_on)} – ${day(row.ends_on)}`}
                      <span className={`${classes.block} muted small`}>
                        {dateTime(row.closed_at)} {t.closedBy(row.closed_by)}
                      </span>
                    </td>
                    <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{row.entries}</td>
                    <td className={`${classes.wideOnly} small`}>
                      {Object.entries(row.by_method).map(([method, minor]) => (
                        <span key={method} className={classes.block}>
                          {t.methods[method as keyof typeof t.methods]} {money(minor)}
                        </span>
                      ))}
                    </td>
                    <td className={`${classes.wideOnly} small`}>
                      {row.by_rate.map(rate => (
                        <span key={rate.category + rate.rate} className={classes.block}>
                          {rate.category === 'S' ? `${decimal(rate.rate)} %` : t.vatNone} {money(rate.amount_minor)}
                        </span>
                      ))}
                    </td>
                    <td className={`numeric ${classes.amount}`}>{money(row.total_minor)}</td>
                    <td className={`numeric ${classes.amount} ${classes.wideOnly}`}>{money(row.cumulative_minor)}</td>
                    <td className={`numeric ${classes.amount}`}>{money(row.perpetual_minor)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {closings.hasNextPage && (
              <Button variant="subtle" m={8} loading={closings.isFetchingNextPage} onClick={() => void closings.fetchNextPage()}>
                {ui.more}
              </Button>
            )}
          </>
        ) : (
          <Empty title={t.noClosings}>{t.noClosingsHint}</Empty>
        )}
      </Card>
      {closing && <CloseDialog till={till} onClose={() => setClosing(false)} />}
    </Page>
  )
}

const chainName = (chain: string) =>
  chain === 'till:online'
    ? t.chainOnline
    : chain.startsWith('till:')
      ? t.chainTill
      : chain === 'A'
        ? t.chainCredits
        : t.chainInvoices

function Chain({ chain }: { chain: SealedChain }) {
  return (
    <li className={classes.chain}>
      <div>
        <strong>{chainName(chain.chain)}</strong>
        {chain.first_number && chain.last_number && (
          <span className="numeric"> {t.chainRange(chain.first_number, chain.last_number)}</span>
        )}
        <span className={`${classes.block} muted small`}>
          {chain.fault ? t.fault(chain.broken_at ?? 0, t.faults[chain.fault]) : t.chainRecords(chain.records)}
        </span>
      </div>
      <details>
        <summary className="small">{t.chainHead}</summary>
        <code className={classes.hash}>{chain.head}</code>
      </details>
    </li>
  )
}

function Proof() {
  const proof = useQuery(proofQuery)
  return (
    <Card
      title={t.proof}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          loading={proof.isFetching}
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => void proof.refetch()}
        >
          {t.verifyAgain}
        </Button>
      }
    >
      {proof.isError ? (
        <Failed error={proof.error} retry={() => void proof.refetch()} />
      ) : !proof.data ? (
        <Loading lines={3} />
      ) : proof.data.chains.length ? (
        <div className={classes.stack}>
          <Banner tone={proof.data.valid ? 'good' : 'bad'}>
            <span className={classes.verdict}>
              {proof.data.valid ? <IconCheck size={18} aria-hidden /> : <IconShield size={18} aria-hidden />}
              {proof.data.valid ? t.proofValid : t.proofBroken}
            </span>
          </Banner>
          <ul className={classes.chains}>
            {proof.data.chains.map(chain => (
              <Chain key={chain.chain} chain={chain} />
            ))}
          </ul>
        </div>
      ) : (
        <p className="muted">{t.proofNone}</p>
      )}
    </Card>
  )
}

function CloseDialog({ till, onClose }: { till: string; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { until: '' },
    check: (values): Record<string, string> => (values.until ? {} : { '/until': t.required }),
    submit: async values => {
      await data(api.POST('/closings', { body: { till, until: values.until } }))
      refreshInvoices(client)
      toast(t.closed)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.closeTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{till === 'online' ? t.closeBodyOnline : t.closeBody}</p>
        <TextInput data-autofocus type="date" label={t.closeUntil} {...form.text('until')} />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.closeTill}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
