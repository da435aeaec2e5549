// The three states every list and page shares: loading, failed, empty.
import { Button } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { ApiError } from '@/api/problem'
import { IconAlert, IconRefresh } from './icons'
import { problemText } from './problem-text'
import classes from './states.module.css'
import { t } from './text'

/** Grey lines of the height to come. They wait 150 ms: a fast answer should not flicker. */
export function Loading({ lines = 6, height = 40 }: { lines?: number; height?: number }) {
  const [visible, setVisible] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setVisible(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" aria-label={t.loading} style={{ minHeight: lines * height }}>
      {visible &&
        Array.from({ length: lines }, (_, line) => (
          <div key={line} className={classes.line} style={{ height }}>
            <span style={{ width: `${[62, 48, 71, 55, 66, 43][line % 6]}%` }} />
          </div>
        ))}
    </div>
  )
}

export function Failed({ error, retry, page }: { error: unknown; retry?: () => void; page?: boolean }) {
  const requestId = error instanceof ApiError ? error.requestId : undefined
  return (
    <div className={classes.state} role="alert">
      <IconAlert size={28} stroke={1.6} aria-hidden />
      {page && <h1 className={classes.title}>{t.unexpected}</h1>}
      <p>{problemText(error)}</p>
      {requestId && <p className="muted small mono">{t.requestId(requestId)}</p>}
      {retry && (
        <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={retry}>
          {t.retry}
        </Button>
      )}
    </div>
  )
}

/** One sentence, and the action that fills the void. */
interface EmptyProps {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
  /** Stands for a whole page: its title is the page's heading. */
  page?: boolean
}

export function Empty({ icon, title, children, action, page }: EmptyProps) {
  return (
    <div className={classes.state}>
      {icon}
      {page ? <h1 className={classes.title}>{title}</h1> : <p className={classes.title}>{title}</p>}
      {children && <p className="muted">{children}</p>}
      {action && <div className={classes.actions}>{action}</div>}
    </div>
  )
}

/** What stands in the way of a form, announced. */
export function Banner({
  tone = 'bad',
  children,
  requestId,
}: {
  tone?: 'bad' | 'info' | 'good' | 'warn'
  children: ReactNode
  requestId?: string
}) {
  return (
    <div className={classes.banner} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
      {requestId && <div className="small mono">{t.requestId(requestId)}</div>}
    </div>
  )
}

export function FormBanner({ form }: { form: { banner?: string; requestId?: string } }) {
  return form.banner ? <Banner requestId={form.requestId}>{form.banner}</Banner> : null
}
