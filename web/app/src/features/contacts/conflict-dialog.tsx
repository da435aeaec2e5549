import { Button } from '@mantine/core'
import { Changes } from '@/app/values'
import { Dialog } from '@/ui/dialog'
import { toastError } from '@/ui/toast'
import classes from './form.module.css'
import { type Conflict, differences } from './save'
import { t } from './text'

export function ConflictDialog({
  conflict,
  takeTheirs,
  keepMine,
}: {
  conflict: Conflict
  takeTheirs: () => void
  keepMine: () => Promise<void>
}) {
  const theirs = differences(conflict.before, conflict.theirs)
  const current = conflict.theirs as unknown as Record<string, unknown>
  const { custom = {}, ...builtIn } = conflict.patch
  const mine = [
    ...Object.entries(builtIn).map(([field, after]) => ({ field, before: current[field.replace(/_id$/, '')], after })),
    ...Object.entries(custom).map(([key, after]) => ({ field: `custom.${key}`, before: conflict.theirs.custom[key], after })),
  ]
  return (
    <Dialog opened onClose={takeTheirs} title={t.conflictTitle}>
      <p>{t.conflictBody}</p>
      <div className={classes.compare}>{theirs.length ? <Changes changes={theirs} /> : t.conflictNone}</div>
      <h3>{t.conflictMine}</h3>
      <div className={classes.compare}>
        <Changes
          changes={mine.map(change =>
            change.field === 'owner_id' ? { ...change, field: 'owner', after: change.after ? '…' : null } : change,
          )}
        />
      </div>
      <div className={classes.foot}>
        <Button variant="default" onClick={takeTheirs}>
          {t.takeTheirs}
        </Button>
        <Button onClick={() => void keepMine().catch(toastError)}>{t.keepMine}</Button>
      </div>
    </Dialog>
  )
}
