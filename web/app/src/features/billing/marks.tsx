import type { InvoiceRow } from '@/api/types'
import classes from './billing.module.css'
import { t } from './text'

type Status = InvoiceRow['status']
const TONES: Record<Status, string> = {
  draft: 'neutral',
  due: 'info',
  partial: 'info',
  overdue: 'bad',
  paid: 'good',
  credited: 'neutral',
  issued: 'neutral',
}

export function StatusMark({ status }: { status: Status }) {
  return (
    <span className={classes.mark} data-tone={TONES[status]}>
      {t.status[status]}
    </span>
  )
}
