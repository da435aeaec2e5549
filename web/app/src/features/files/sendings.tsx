// The files on their way, each with how far it has come.
import { ActionIcon, Progress } from '@mantine/core'
import { ApiError } from '@/api/problem'
import { IconRefresh, IconX } from '@/ui/icons'
import { problemText } from '@/ui/problem-text'
import classes from './files.module.css'
import { t } from './text'
import { cancelSending, retrySending, type Sending } from './uploader'

function why(error: unknown): string {
  if (error instanceof ApiError) {
    const { reason } = error.problem as { reason?: string }
    if (error.status === 415) return t.refused
    if (error.status === 413) return reason === 'quota' ? t.full : t.tooLarge
    if (error.fields.some(field => field.pointer === '/size')) return t.emptyFile
    // Said before anything was asked.
    if (error.status === 422 && !error.requestId && error.problem.detail) return error.problem.detail
  }
  return problemText(error)
}

function said({ state, sent, file, error }: Sending): string {
  if (state === 'failed') return why(error)
  if (state === 'waiting') return t.waiting
  if (state === 'paused') return t.paused
  if (state === 'finishing') return t.finishing
  return t.sent(t.size(sent), t.size(file.size))
}

export function Sendings({ works }: { works: Sending[] }) {
  if (!works.length) return null
  return (
    <ul className={classes.sendings} aria-label={t.sending}>
      {works.map(work => (
        <li key={work.key}>
          <div className={classes.line}>
            <span className="truncate">{work.file.name}</span>
            {work.state === 'failed' && (
              <ActionIcon variant="subtle" aria-label={t.retry(work.file.name)} onClick={() => retrySending(work.key)}>
                <IconRefresh size={16} aria-hidden />
              </ActionIcon>
            )}
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.cancel(work.file.name)}
              onClick={() => cancelSending(work.key)}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </div>
          <Progress.Root size={6} radius="xl">
            <Progress.Section
              value={(work.sent / Math.max(1, work.file.size)) * 100}
              color={work.state === 'failed' ? 'red' : undefined}
              animated={work.state === 'finishing'}
              striped={work.state === 'finishing'}
              aria-label={work.file.name}
            />
          </Progress.Root>
          <div className="muted small numeric" role={work.state === 'failed' ? 'alert' : undefined}>
            {said(work)}
          </div>
        </li>
      ))}
    </ul>
  )
}
