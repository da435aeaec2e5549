// Long operations: started anywhere, followed in the tray, announced when they end, undone from there.
import { ActionIcon, Button, Popover } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api, BASE, data } from '@/api/client'
import { jobsQuery, queryClient } from '@/api/queries'
import type { Job } from '@/api/types'
import { ago, number } from '@/i18n/format'
import { IconActivity } from '@/ui/icons'
import { Share } from '@/ui/progress'
import { Tag, type Tone } from '@/ui/tag'
import { toast, toastError } from '@/ui/toast'
import classes from './jobs.module.css'
import { kinds } from './jobs.text'
import { t } from './text'

const TONES: Record<Job['status'], Tone> = {
  queued: 'neutral',
  running: 'info',
  done: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  undoing: 'info',
  undone: 'neutral',
}

const active = (job: Job) => job.status === 'queued' || job.status === 'running' || job.status === 'undoing'
/** "Ajout d’étiquettes" says more than "Modification de contacts". */
function label(job: Job): string {
  const action = (job.params as { action?: { type?: string } } | null)?.action?.type
  return kinds[`${job.kind}.${action}`] ?? kinds[action ?? ''] ?? kinds[job.kind] ?? t.jobOther
}

/** Kinds whose units of work are contacts. */
const COUNTED = ['contacts.bulk', 'contacts.merge', 'privacy.retention']

/** Ends seen in this tab are announced; those of yesterday are not. */
const awaited = new Set<string>()

/** Called by whoever starts an operation. */
export function followJob(job: Job) {
  awaited.add(job.id)
  queryClient.setQueryData<Job[]>(jobsQuery.queryKey, jobs => [job, ...(jobs ?? []).filter(other => other.id !== job.id)])
  void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey })
}

async function undo(job: Job) {
  try {
    followJob(await data(api.POST('/jobs/{id}/undo', { params: { path: { id: job.id } } })))
  } catch (error) {
    toastError(error)
  }
}

async function cancel(job: Job) {
  try {
    followJob(await data(api.POST('/jobs/{id}/cancel', { params: { path: { id: job.id } } })))
  } catch (error) {
    toastError(error)
  }
}

function announce(job: Job) {
  if (job.status === 'failed') return toast(t.jobFailed(label(job)), { tone: 'bad' })
  if (job.status === 'undone') return toast(t.jobUndone)
  if (job.status !== 'done') return
  if (job.has_file) return toast(t.jobReady, { action: { label: t.jobDownload, run: () => location.assign(fileUrl(job)) } })
  // The steps of other operations are nothing to count.
  const text = COUNTED.includes(job.kind) ? t.jobDone(label(job), job.done) : t.jobEnded(label(job))
  toast(text, { undo: job.can_undo ? () => void undo(job) : undefined })
}

const fileUrl = (job: Job) => `${BASE}/jobs/${job.id}/file`

export function JobsTray() {
  const client = useQueryClient()
  const { data: jobs = [] } = useQuery({
    ...jobsQuery,
    // The live stream tells when a job ends; progress in between is asked for.
    refetchInterval: query => (query.state.data?.some(active) ? 1000 : false),
  })
  const seen = useRef(new Map<string, Job['status']>())
  const running = jobs.filter(active)

  useEffect(() => {
    for (const job of jobs) {
      const before = seen.current.get(job.id)
      seen.current.set(job.id, job.status)
      if (active(job)) {
        if (before !== undefined || job.status !== 'queued') awaited.add(job.id)
        continue
      }
      if (!awaited.delete(job.id)) continue
      announce(job)
      // Another company's worth of data: nothing that is shown is true any more.
      if (job.kind === 'company.import') void client.invalidateQueries()
      for (const domain of ['privacy', 'contacts', 'entities', 'home', 'tags', 'imports'])
        void client.invalidateQueries({ queryKey: [domain] })
    }
  }, [jobs, client])

  if (!jobs.length) return null
  const title = running.length ? t.jobsRunning(running.length) : t.jobs
  return (
    <Popover position="bottom-end" width={340} trapFocus>
      <Popover.Target>
        <ActionIcon aria-label={title} title={title} className={classes.button} data-running={running.length > 0 || undefined}>
          <IconActivity size={18} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <h2 className={classes.title}>{t.jobs}</h2>
        <ul className={classes.list}>
          {jobs.slice(0, 8).map(job => (
            <li key={job.id}>
              <div className={classes.line}>
                <span className="truncate">{label(job)}</span>
                <Tag tone={TONES[job.status]}>{t.jobStatus[job.status]}</Tag>
              </div>
              {active(job) ? (
                <Share done={job.done} total={job.total} label={label(job)} />
              ) : (
                <div className="muted small">
                  {number(job.done)} · {ago(job.finished_at ?? job.created_at)}
                </div>
              )}
              {job.error && <p className={classes.error}>{job.error}</p>}
              <div className={classes.actions}>
                {job.can_cancel && active(job) && (
                  <Button size="compact-sm" variant="default" onClick={() => void cancel(job)}>
                    {t.jobCancel}
                  </Button>
                )}
                {job.has_file && job.status === 'done' && (
                  <Button size="compact-sm" variant="default" component="a" href={fileUrl(job)} download>
                    {t.jobDownload}
                  </Button>
                )}
                {job.can_undo && !active(job) && (
                  <Button size="compact-sm" variant="default" onClick={() => void undo(job)}>
                    {t.jobUndo}
                  </Button>
                )}
              </div>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  )
}
