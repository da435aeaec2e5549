// One task in a list: its state, what it is, when, about whom, and what can be done with it.
import { ActionIcon, Checkbox, Menu } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Task } from '@/api/types'
import { ago } from '@/i18n/format'
import { IconCircle, IconCircleDone, IconClock, IconDots, IconMeeting, IconPhone, IconRepeat, IconUser } from '@/ui/icons'
import { Tag } from '@/ui/tag'
import classes from './tasks.module.css'
import { t } from './text'
import { dueText, isLate } from './when'

export const SNOOZES = [
  ['later_today', t.later],
  ['tomorrow', t.tomorrow],
  ['next_monday', t.monday],
] as const
export type SnoozeUntil = (typeof SNOOZES)[number][0]

export interface TaskVerbs {
  open: (task: Task) => void
  complete: (task: Task) => void
  reopen: (task: Task) => void
  snooze: (task: Task, until: SnoozeUntil | 'pick') => void
  remove: (task: Task) => void
}

interface Props {
  task: Task
  verbs: TaskVerbs
  editable: boolean
  /** Absent where nothing can be ticked. */
  selection?: { checked: boolean; toggle: () => void }
  active?: boolean
  /** The record on whose page the list stands: what is about it need not say so. */
  on?: string
  /** Names the one who has to do it: where several people's tasks are mixed. */
  showWho?: boolean
}

export function TaskRow({ task, verbs, editable, selection, active, on, showWho }: Props) {
  const done = task.status === 'done'
  const late = isLate(task)
  const Kind = task.kind === 'call' ? IconPhone : task.kind === 'meeting' ? IconMeeting : null
  return (
    <li className={classes.row} data-active={active || undefined} data-id={task.id}>
      {selection && <Checkbox checked={selection.checked} onChange={selection.toggle} aria-label={t.select(task.title)} />}
      <ActionIcon
        size={32}
        className={classes.state}
        data-done={done || undefined}
        disabled={!editable}
        aria-label={done ? t.reopen(task.title) : t.complete(task.title)}
        title={done ? t.reopenVerb : t.done}
        onClick={() => (done ? verbs.reopen(task) : verbs.complete(task))}
      >
        {done ? <IconCircleDone size={20} aria-hidden /> : <IconCircle size={20} stroke={1.7} aria-hidden />}
      </ActionIcon>
      <div className={classes.body}>
        <div className={classes.line}>
          <button type="button" className={classes.title} data-done={done || undefined} onClick={() => verbs.open(task)}>
            {Kind && <Kind size={15} aria-label={t.kinds[task.kind]} />}
            <span>{task.title}</span>
          </button>
          {task.priority === 'high' && !done && <Tag tone="warn">{t.urgent}</Tag>}
          {task.outcome && <Tag tone="neutral">{t.outcomes[task.outcome]}</Tag>}
        </div>
        <div className={classes.facts}>
          {done && task.done_at ? (
            <span>{t.doneBy(task.done_by?.name ?? '—', ago(task.done_at))}</span>
          ) : (
            <span data-late={late || undefined}>
              <IconClock size={14} aria-hidden />
              {dueText(task)}
              {late && <span className="hidden-text"> ({t.lists.overdue})</span>}
            </span>
          )}
          {task.recurrence && (
            <span title={t.repeats(t.every(task.recurrence.every, task.recurrence.unit))}>
              <IconRepeat size={14} aria-hidden />
              {t.every(task.recurrence.every, task.recurrence.unit)}
            </span>
          )}
          {task.subject?.label && task.subject.id !== on && (
            <Link to={task.subject.kind === 'entity' ? '/biens/$id' : '/contacts/$id'} params={{ id: task.subject.id }}>
              {task.subject.label}
            </Link>
          )}
          {task.subject && !task.subject.label && <span>{t.hidden}</span>}
          {showWho && (
            <span>
              <IconUser size={14} aria-hidden />
              {task.assignee?.name ?? t.nobody}
            </span>
          )}
        </div>
      </div>
      {editable && (
        <Menu>
          <Menu.Target>
            <ActionIcon size={32} aria-label={t.actions(task.title)} data-menu>
              <IconDots size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => verbs.open(task)}>{t.edit}</Menu.Item>
            {!done && (
              <>
                <Menu.Divider />
                <Menu.Label>{t.snooze}</Menu.Label>
                {SNOOZES.map(([until, label]) => (
                  <Menu.Item key={until} onClick={() => verbs.snooze(task, until)}>
                    {label}
                  </Menu.Item>
                ))}
                <Menu.Item onClick={() => verbs.snooze(task, 'pick')}>{t.pick}</Menu.Item>
                <Menu.Divider />
              </>
            )}
            <Menu.Item color="red" onClick={() => verbs.remove(task)}>
              {t.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  )
}
