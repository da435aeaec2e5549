import type { ReactNode } from 'react'
import { useEffect } from 'react'
import classes from './page.module.css'

/** Names the tab and returns the name when leaving. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    document.title = title ? `${title} · Vision CRM` : 'Vision CRM'
  }, [title])
}

interface PageProps {
  title: ReactNode
  /** The tab's name when the title is not plain text. */
  name?: string
  aside?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Fills the window and scrolls inside (lists) instead of growing. */
  fill?: boolean
  narrow?: boolean
}

export function Page({ title, name, aside, actions, children, fill, narrow }: PageProps) {
  useTitle(name ?? (typeof title === 'string' ? title : undefined))
  return (
    <div className={classes.page} data-fill={fill || undefined} data-narrow={narrow || undefined}>
      <header className={classes.head}>
        <h1 className="truncate">{title}</h1>
        {aside && <div className={classes.aside}>{aside}</div>}
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Card({
  title,
  actions,
  children,
  flush,
  id,
}: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  flush?: boolean
  id?: string
}) {
  return (
    <section
      className={classes.card}
      data-flush={flush || undefined}
      id={id}
      aria-label={typeof title === 'string' ? title : undefined}
    >
      {(title || actions) && (
        <header className={classes.cardHead}>
          {title && <h2>{title}</h2>}
          {actions && <div className={classes.actions}>{actions}</div>}
        </header>
      )}
      {children}
    </section>
  )
}

/** Fields side by side where there is room. */
export function Fields({ children }: { children: ReactNode }) {
  return <div className={classes.fields}>{children}</div>
}

export function Wide({ children }: { children: ReactNode }) {
  return <div className={classes.wide}>{children}</div>
}

export function FormActions({ children }: { children: ReactNode }) {
  return <div className={classes.formActions}>{children}</div>
}
