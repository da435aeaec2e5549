// A plain list of things with a name, a few facts and actions: team, sessions, keys, tags.
import type { ReactNode } from 'react'
import classes from './rows.module.css'

export function Rows({ children, label }: { children: ReactNode; label?: string }) {
  return (
    <ul className={classes.rows} aria-label={label}>
      {children}
    </ul>
  )
}

export function Row({
  lead,
  title,
  detail,
  marks,
  actions,
}: {
  lead?: ReactNode
  title: ReactNode
  detail?: ReactNode
  marks?: ReactNode
  actions?: ReactNode
}) {
  return (
    <li className={classes.row}>
      {lead}
      <div className={classes.body}>
        <div className={classes.title}>{title}</div>
        {detail && <div className={classes.detail}>{detail}</div>}
      </div>
      {marks && <div className={classes.marks}>{marks}</div>}
      {actions && <div className={classes.actions}>{actions}</div>}
    </li>
  )
}
