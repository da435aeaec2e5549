import type { ReactNode } from 'react'
import classes from './tag.module.css'

export type Tone = 'neutral' | 'good' | 'bad' | 'info' | 'warn'

/** A state or a label in words; the tone supports the words and never replaces them. */
export function Tag({ tone = 'neutral', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={classes.tag} data-tone={tone} title={title}>
      {children}
    </span>
  )
}
