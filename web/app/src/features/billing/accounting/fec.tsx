// "Export ventes au format FEC": made for a fiscal year, read again by our own check before it is handed out.
import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { BASE } from '@/api/client'
import { jobsQuery } from '@/api/queries'
import type { Job } from '@/api/types'
import { useCan } from '@/app/me'
import { dateTime, day, money } from '@/i18n/format'
import { IconDownload } from '@/ui/icons'
import { Card } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import classes from './accounting.module.css'
import { exportReport, settingsQuery } from './queries'
import { t } from './text'

interface Check {
  columns: number
  lines: number
  entries: number
  debit_minor: number
  credit_minor: number
  valid: boolean
  faults: { line: number; code: string; detail: string }[]
}
interface Params {
  type?: string
  from?: string
  to?: string
  check?: Check
}

const params = (job: Job) => (job.params ?? {}) as Params

export function Fec() {
  const can = useCan()
  const settings = useQuery(settingsQuery)
  const jobs = useQuery(jobsQuery)
  const [chosen, setChosen] = useState<string>()
  const [busy, setBusy] = useState(false)
  const made = (jobs.data ?? []).filter(job => job.kind === 'accounting.export' && params(job).type === 'fec')
  if (settings.isError) return <Failed error={settings.error} retry={() => void settings.refetch()} />
  if (!settings.data) return <Loading />
  const years = settings.data.fiscal_years
  const year = years.find(known => known.to === chosen) ?? years[0]
  const start = async () => {
    if (!year) return
    setBusy(true)
    await exportReport({ report: 'fec', from: year.from, to: year.to })
    setBusy(false)
  }
  return (
    <>
      <Card title={t.fecTitle}>
        <p className="muted">{t.fecAbout}</p>
        <div className={classes.below}>
          <NativeSelect
            label={t.fiscalYear}
            data={years.map(known => ({ value: known.to, label: t.yearOf(day(known.from), day(known.to)) }))}
            value={year?.to}
            onChange={event => setChosen(event.currentTarget.value)}
          />
          {can('accounting.export') && (
            <Button loading={busy} onClick={() => void start()}>
              {t.makeFec}
            </Button>
          )}
        </div>
      </Card>
      <Card title={t.fecHistory}>
        {made.length ? (
          <Rows label={t.fecHistory}>
            {made.map(job => (
              <Made key={job.id} job={job} />
            ))}
          </Rows>
        ) : (
          <p className="muted">{t.fecNone}</p>
        )}
      </Card>
    </>
  )
}

function Made({ job }: { job: Job }) {
  const { from, to, check } = params(job)
  return (
    <Row
      title={from && to ? t.yearOf(day(from), day(to)) : t.fecTitle}
      detail={
        <>
          {dateTime(job.created_at)}
          {job.status === 'failed' && <> · {t.fecFailed}</>}
          {(job.status === 'queued' || job.status === 'running') && <> · {t.fecRunning}</>}
          {check && <> · {t.fecSums(check.lines, money(check.debit_minor), money(check.credit_minor))}</>}
          {check && check.faults.length > 0 && (
            <ul className={classes.faults}>
              {check.faults.map(fault => (
                <li key={fault.line + fault.code}>{t.fecLine(fault.line, fault.detail)}</li>
              ))}
            </ul>
          )}
        </>
      }
      marks={
        check && (
          <Tag tone={check.valid ? 'good' : 'bad'}>
            {check.valid ? t.fecGood(check.columns, check.entries) : t.fecBad(check.faults.length)}
          </Tag>
        )
      }
      actions={
        job.has_file && (
          <Button
            component="a"
            href={`${BASE}/jobs/${job.id}/file`}
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            {t.download}
          </Button>
        )
      }
    />
  )
}
