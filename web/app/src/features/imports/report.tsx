import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Import } from '@/api/types'
import { number } from '@/i18n/format'
import { Card } from '@/ui/page'
import { Failed, Loading } from '@/ui/states'
import { Tag, type Tone } from '@/ui/tag'
import classes from './imports.module.css'
import { type Outcome, rowsQuery } from './queries'
import { fieldName, t } from './text'

type Report = NonNullable<Import['report']>

const OUTCOME_TONES: Record<string, Tone> = { created: 'good', matched: 'info', rejected: 'bad', warning: 'warn' }

export function Figures({ report }: { report: Report }) {
  return (
    <dl className={classes.figures}>
      {(['rows', 'created', 'matched', 'rejected', 'warnings'] as const).map(key => (
        <div key={key} data-key={key}>
          <dt>{t.counts[key]}</dt>
          <dd data-testid={`import-${key}`}>{number(report[key])}</dd>
          {key === 'matched' && !!report.filled && <dd className="muted small">{t.filled(report.filled)}</dd>}
        </div>
      ))}
    </dl>
  )
}

interface Warning {
  field: string
  value: string
  code: string
}

const remarks = (one: Import, warnings: Warning[]) =>
  warnings.map(({ field, value, code }) => (t.codes[code] ?? t.dropped)(fieldName(one, field), value)).join(' · ')

export function Examples({ one, report }: { one: Import; report: Report }) {
  if (!report.examples.length) return null
  return (
    <>
      <h3 className={classes.subtitle}>{t.examples}</h3>
      <LinesTable
        one={one}
        rows={report.examples.slice(0, 8).map(example => ({ ...example, filled: false, contact_id: null, record_id: null }))}
      />
    </>
  )
}

interface Line {
  row: number
  outcome: string
  label: string | null
  filled: boolean
  reason: string | null
  contact_id: string | null
  record_id: string | null
  warnings: Warning[]
}

function LinesTable({ one, rows }: { one: Import; rows: Line[] }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={t.lines}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t.line}</th>
            <th scope="col">{t.what}</th>
            <th scope="col">{t.who[one.target]}</th>
            <th scope="col">{t.why}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(line => (
            <tr key={`${line.row}-${line.outcome}`}>
              <td className="numeric">{number(line.row)}</td>
              <td>
                <Tag tone={OUTCOME_TONES[line.outcome] ?? 'neutral'}>
                  {t.outcome[line.filled ? 'filled' : line.outcome] ?? line.outcome}
                </Tag>
              </td>
              <td>
                {line.record_id && one.target === 'tasks' ? (
                  <Link to="/taches" search={{ tache: line.record_id }}>
                    {line.label ?? '—'}
                  </Link>
                ) : line.record_id ? (
                  <Link to="/biens/$id" params={{ id: line.record_id }}>
                    {line.label ?? '—'}
                  </Link>
                ) : line.contact_id && one.target === 'contacts' ? (
                  <Link to="/contacts/$id" params={{ id: line.contact_id }}>
                    {line.label ?? '—'}
                  </Link>
                ) : (
                  (line.label ?? '—')
                )}
              </td>
              <td className="muted">
                {[line.reason && (t.reasons[line.reason] ?? line.reason), remarks(one, line.warnings)]
                  .filter(Boolean)
                  .join(' · ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Every row and what became of it, so that nothing is lost silently. */
export function Lines({ one }: { one: Import }) {
  const { id, report } = one
  const first: Outcome | undefined = report?.rejected ? 'rejected' : report?.warnings ? 'warning' : undefined
  const [outcome, setOutcome] = useState<Outcome | undefined>(first)
  const query = useInfiniteQuery(rowsQuery(id, outcome))
  const rows = query.data?.pages.flatMap(page => page.items) ?? []
  const count = (key: Outcome) => report?.[key === 'warning' ? 'warnings' : key] ?? 0
  return (
    <Card title={t.lines}>
      <div className={classes.filter}>
        <SegmentedControl
          aria-label={t.filter}
          value={outcome ?? ''}
          onChange={value => setOutcome((value || undefined) as Outcome | undefined)}
          data={[
            { value: '', label: t.all },
            ...(['created', 'matched', 'rejected', 'warning'] as const).map(value => ({
              value,
              label: `${value === 'warning' ? t.counts.warnings : t.counts[value]} (${number(count(value))})`,
            })),
          ]}
        />
      </div>
      {query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Loading lines={5} height={36} />
      ) : rows.length ? (
        <LinesTable one={one} rows={rows} />
      ) : (
        <p className="muted">{t.noLines}</p>
      )}
      {query.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          mt={8}
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t.more}
        </Button>
      )}
    </Card>
  )
}
