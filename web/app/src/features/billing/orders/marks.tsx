import type { OrderRow } from '@/api/types'
import classes from '../billing.module.css'
import { t } from './text'

type State = OrderRow['state']
const TONES: Record<State, string> = {
  draft: 'neutral',
  sent: 'info',
  viewed: 'info',
  accepted: 'good',
  partially_accepted: 'good',
  refused: 'bad',
  expired: 'bad',
  cancelled: 'neutral',
  withdrawn: 'bad',
}

export function StateMark({ state }: { state: State }) {
  return (
    <span className={classes.mark} data-tone={TONES[state]}>
      {t.states[state]}
    </span>
  )
}
