// What the accountant comes for: journals, VAT, who owes what, the FEC of sales, the lock of the books.
import { Button, NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCan } from '@/app/me'
import { day } from '@/i18n/format'
import { IconDownload, IconShield } from '@/ui/icons'
import { Page } from '@/ui/page'
import { Tag } from '@/ui/tag'
import classes from './accounting.module.css'
import { Fec } from './fec'
import { Ageing, Cash, Sales, Vat } from './journals'
import { bounds, nameOf, type PeriodKey, today } from './periods'
import { exportReport, settingsQuery } from './queries'
import { AccountingSettingsCards } from './settings'
import { t } from './text'

const TABS = ['ventes', 'encaissements', 'tva', 'balance', 'fec', 'reglages'] as const
type Tab = (typeof TABS)[number]
const REPORTS = { ventes: 'sales', encaissements: 'receipts', tva: 'vat', balance: 'ageing' } as const

const isDay = (text: string | undefined) => (text && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined)

export function Accounting() {
  const search = useSearch({ strict: false }) as { onglet?: string; du?: string; au?: string }
  const navigate = useNavigate()
  const can = useCan()
  const settings = useQuery(settingsQuery)
  const tab: Tab = TABS.find(known => known === search.onglet) ?? 'ventes'
  const usual = bounds('month')
  const period = { from: isDay(search.du) ?? usual.du, to: isDay(search.au) ?? usual.au }
  const on = isDay(search.au) ?? today()
  const change = (next: Record<string, string | undefined>) =>
    void navigate({ to: '/comptabilite', search: { ...search, ...next } as never, replace: true })
  const report = REPORTS[tab as keyof typeof REPORTS]
  const locked = settings.data?.locked_until
  return (
    <Page
      title={t.title}
      aside={
        locked && (
          <Tag tone="info">
            <IconShield size={13} aria-hidden /> {t.lockedUntil(day(locked))}
          </Tag>
        )
      }
    >
      <SegmentedControl
        aria-label={t.tabsLabel}
        className={classes.tabs}
        data={TABS.map(value => ({ value, label: t.tabs[value] }))}
        value={tab}
        onChange={value => change({ onglet: value })}
      />
      {report && (
        <div className={classes.bar}>
          {tab === 'balance' ? (
            <TextInput
              type="date"
              label={t.on}
              value={on}
              onChange={event => isDay(event.currentTarget.value) && change({ au: event.currentTarget.value })}
            />
          ) : (
            <PeriodPicker from={period.from} to={period.to} onChange={(du, au) => change({ du, au })} />
          )}
          <span className={classes.push} />
          {can('accounting.export') && (
            <div className={classes.exports}>
              {(['csv', 'xlsx'] as const).map(format => (
                <Button
                  key={format}
                  variant="default"
                  aria-label={t.exportAs(t[format])}
                  leftSection={<IconDownload size={16} aria-hidden />}
                  onClick={() =>
                    void exportReport({
                      report,
                      format,
                      from: period.from,
                      to: tab === 'balance' ? on : period.to,
                      ...(tab === 'balance' && { from: on }),
                    })
                  }
                >
                  {t[format]}
                </Button>
              ))}
            </div>
          )}
        </div>
      )}
      {tab === 'ventes' && <Sales period={period} />}
      {tab === 'encaissements' && <Cash period={period} />}
      {tab === 'tva' && <Vat period={period} />}
      {tab === 'balance' && <Ageing on={on} />}
      {tab === 'fec' && <Fec />}
      {tab === 'reglages' && <AccountingSettingsCards />}
    </Page>
  )
}

function PeriodPicker({ from, to, onChange }: { from: string; to: string; onChange: (du: string, au: string) => void }) {
  const keys = Object.keys(t.periods) as (PeriodKey | 'free')[]
  return (
    <>
      <NativeSelect
        label={t.period}
        data={keys.map(value => ({ value, label: t.periods[value] }))}
        value={nameOf(from, to) ?? 'free'}
        onChange={event => {
          const key = keys.find(known => known === event.currentTarget.value)
          if (!key || key === 'free') return
          const { du, au } = bounds(key)
          onChange(du, au)
        }}
      />
      <TextInput
        type="date"
        label={t.from}
        value={from}
        max={to}
        onChange={event => event.currentTarget.value && onChange(event.currentTarget.value, to)}
      />
      <TextInput
        type="date"
        label={t.to}
        value={to}
        min={from}
        onChange={event => event.currentTarget.value && onChange(from, event.currentTarget.value)}
      />
    </>
  )
}
