// The lines of a draft with their sums, for invoices and quotes alike. Totals come from the server; nothing is added up here.
import { Button, Checkbox } from '@mantine/core'
import { lazy, Suspense, useMemo } from 'react'
import type { BillingProfile, Totals } from '@/api/types'
import { decimal, money } from '@/i18n/format'
import { Refused } from '@/ui/form'
import { IconPlus } from '@/ui/icons'
import { Card } from '@/ui/page'
import { Loading } from '@/ui/states'
import classes from './billing.module.css'
import { emptyLine, type LineForm, lineOfItem, unreadable, writtenLines } from './lines'
import { typedNumber } from './money'
import { t } from './text'

// Dragging brings a library along: the fields need not wait for it.
const SortableLines = lazy(() => import('./sortable-lines'))

/** A number that cannot be read is not sent as nothing. */
export function refuseUnreadable(lines: LineForm[], discount: string) {
  const errors = Object.fromEntries(
    writtenLines(lines).flatMap((line, index) => (unreadable(line) ? [[`/lines/${index}`, t.unreadable]] : [])),
  )
  if (discount.trim() && typedNumber(discount) === undefined) errors['/discount'] = t.requiredAmount
  if (Object.keys(errors).length) throw new Refused(errors)
}

/** What is lacking has a name of its own; what is wrong with a line says so beside its number. */
export function lackText(pointer: string, text: string): string {
  const place = /^\/lines\/(\d+)/.exec(pointer)?.[1]
  return place ? `${t.line(Number(place) + 1)} : ${text}` : (t.lacks[pointer] ?? text)
}

interface Props {
  lines: LineForm[]
  onChange: (lines: LineForm[]) => void
  editable: boolean
  withVat: boolean
  /** Absent: the taxes of the prices are fixed. */
  onWithVat?: (withVat: boolean) => void
  profile?: BillingProfile
  sums?: Totals
  /** By JSON pointer; those of lines stand beside them. */
  errors: Record<string, string>
  /** True: lines may be options. */
  options?: boolean
}

export function LinesCard({ lines, onChange, editable, withVat, onWithVat, profile, sums, errors, options }: Props) {
  const rates = profile?.rates ?? []
  const usual = profile && !rates.length ? 'E' : `S:${rates[0]?.rate ?? '20'}`
  const vats = useMemo(() => {
    const known = [...new Set(rates.map(rate => rate.rate))].map(rate => ({ value: `S:${rate}`, label: `${decimal(rate)} %` }))
    const without = Object.entries(t.vatCategories).map(([value, label]) => ({ value, label }))
    const extra = lines
      .map(line => line.vat)
      .filter(vat => vat.startsWith('S:') && !known.some(one => one.value === vat))
      .map(vat => ({ value: vat, label: `${decimal(vat.slice(2))} %` }))
    return [...known, ...extra, ...without]
  }, [rates, lines])

  // Lines with nothing in them are not sent: the answer's lines stand under those that are.
  const sentKeys = writtenLines(lines).map(line => line.key)
  const place = (line: LineForm) => sentKeys.indexOf(line.key)
  const errorOf = (line: LineForm) => {
    const at = `/lines/${place(line)}`
    if (place(line) >= 0 && line.unit_price.trim() && unreadable(line)) return t.unreadable
    return place(line) < 0
      ? undefined
      : Object.entries(errors).find(([pointer]) => pointer === at || pointer.startsWith(`${at}/`))?.[1]
  }
  const totalOf = (line: LineForm) => sums?.lines[place(line)]?.[withVat ? 'gross_minor' : 'net_minor']

  const change = (key: string, next: Partial<LineForm>) =>
    onChange(lines.map(line => (line.key === key ? { ...line, ...next } : line)))
  const focus = (key: string) => setTimeout(() => document.querySelector<HTMLInputElement>(`[data-line-label="${key}"]`)?.focus())
  const add = (after?: string) => {
    const line = emptyLine(lines.at(-1)?.vat ?? usual)
    const index = after ? lines.findIndex(one => one.key === after) + 1 : lines.length
    onChange(lines.toSpliced(index, 0, line))
    focus(line.key)
  }
  const place_ = (from: number, to: number) => {
    const line = lines[from]
    if (line && to >= 0 && to < lines.length) onChange(lines.toSpliced(from, 1).toSpliced(to, 0, line))
  }

  return (
    <Card
      title={t.lines}
      actions={
        <Checkbox
          label={t.pricesWithVat}
          disabled={!editable || !onWithVat}
          checked={withVat}
          onChange={event => onWithVat?.(event.currentTarget.checked)}
        />
      }
    >
      <fieldset disabled={!editable} className={classes.bare}>
        {lines.length ? (
          <Suspense fallback={<Loading lines={lines.length} height={64} />}>
            <SortableLines
              lines={lines}
              vats={vats}
              withVat={withVat}
              options={options}
              totalOf={totalOf}
              errorOf={errorOf}
              onChange={change}
              onItem={(key, item) => {
                const {
                  key: _key,
                  quantity: _quantity,
                  discount: _discount,
                  section: _section,
                  optional: _optional,
                  ...taken
                } = lineOfItem(item, rates, withVat, usual)
                change(key, taken)
              }}
              onRemove={key => onChange(lines.filter(one => one.key !== key))}
              onMove={(from, to) => {
                place_(from, to)
                if (lines[from]) focus(lines[from].key)
              }}
              onDrop={place_}
              onEnter={add}
            />
          </Suspense>
        ) : (
          <p className="muted">{t.noLines}</p>
        )}
        <div className={classes.underLines}>
          <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => add()}>
            {t.addLine}
          </Button>
          <span className="muted small">{t.keys}</span>
        </div>
      </fieldset>
    </Card>
  )
}

/** What a draft comes to. */
export function Sums({ sums }: { sums?: Totals }) {
  return (
    <dl className={classes.sums} aria-live="polite">
      {sums && sums.allowance_minor !== 0 && (
        <div>
          <dt>{t.totalDiscount}</dt>
          <dd className="numeric">{money(-sums.allowance_minor)}</dd>
        </div>
      )}
      <div>
        <dt>{t.totalNet}</dt>
        <dd className="numeric">{sums ? money(sums.net_minor) : '–'}</dd>
      </div>
      {sums?.vat
        .filter(vat => vat.category === 'S')
        .map(vat => (
          <div key={vat.rate}>
            <dt>{t.vatAt(decimal(vat.rate))}</dt>
            <dd className="numeric">{money(vat.vat_minor)}</dd>
          </div>
        ))}
      <div className={classes.grand}>
        <dt>{t.totalGross}</dt>
        <dd className="numeric">{sums ? money(sums.gross_minor) : '–'}</dd>
      </div>
    </dl>
  )
}
