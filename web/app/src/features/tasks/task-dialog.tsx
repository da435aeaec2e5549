// A task with all that can be said of it: to create one, or to change it.
import { Button, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import { usersQuery } from '@/api/queries'
import type { Task, TaskIn } from '@/api/types'
import { useCan, useMe } from '@/app/me'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { Fields, FormActions, Wide } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import { refreshTasks } from './queries'
import { KINDS } from './search'
import { type Subject, SubjectField } from './subject'
import classes from './tasks.module.css'
import { t } from './text'

const UNITS = ['day', 'week', 'month', 'year'] as const
const NOBODY = 'none'

function valuesOf(task: Task | undefined, draft: Partial<Values>, me: string): Values {
  return {
    title: task?.title ?? '',
    kind: task?.kind ?? 'todo',
    description: task?.description ?? '',
    due_date: task?.due_date ?? '',
    due_time: task?.due_time ?? '',
    priority: task?.priority ?? 'normal',
    reminder: task?.reminder_minutes === null || task?.reminder_minutes === undefined ? '' : String(task.reminder_minutes),
    unit: task?.recurrence?.unit ?? '',
    every: String(task?.recurrence?.every ?? 1),
    until: task?.recurrence?.until ?? '',
    assignee: task ? (task.assignee?.id ?? NOBODY) : me,
    subject: task?.subject
      ? { kind: task.subject.kind === 'entity' ? 'entity' : 'contact', id: task.subject.id, name: task.subject.label ?? t.hidden }
      : undefined,
    ...draft,
  }
}
interface Values {
  title: string
  kind: Task['kind']
  description: string
  due_date: string
  due_time: string
  priority: Task['priority']
  reminder: string
  unit: string
  every: string
  until: string
  assignee: string
  subject: Subject | undefined
}

function requestOf(values: Values, before: Task | undefined): TaskIn {
  const unit = UNITS.find(known => known === values.unit)
  return {
    title: values.title,
    kind: values.kind,
    description: values.description || null,
    due_date: values.due_date || null,
    due_time: values.due_date ? values.due_time || null : null,
    priority: values.priority,
    reminder_minutes: values.due_date && values.reminder ? Number(values.reminder) : null,
    recurrence: values.due_date && unit ? { unit, every: Number(values.every) || 1, until: values.until || null } : null,
    assignee_id: values.assignee === NOBODY ? null : values.assignee,
    // A record that this reader may not see stays where it is.
    ...(values.subject?.id !== before?.subject?.id && {
      subject: values.subject ? { kind: values.subject.kind, id: values.subject.id } : null,
    }),
  }
}

/** The server's pointers, by the control that shows them. */
const POINTERS: Record<string, string> = {
  '/reminder_minutes': '/reminder',
  '/recurrence': '/unit',
  '/recurrence/every': '/every',
  '/recurrence/until': '/until',
  '/assignee_id': '/assignee',
  '/subject/id': '/subject',
}

export default function TaskDialog({ task, draft = {}, onClose }: { task?: Task; draft?: Partial<Values>; onClose: () => void }) {
  const client = useQueryClient()
  const can = useCan()
  const me = useMe()
  // What the person saw when opening: a live update must not move the fields.
  const [base] = useState(task)
  const users = useQuery({ ...usersQuery, enabled: can('team.read') })
  const readOnly = !can('tasks.write')

  const form = useForm<Values>({
    initial: valuesOf(base, draft, me.user.id),
    check: (values): Record<string, string> => (values.title.trim() ? {} : { '/title': t.required }),
    submit: async values => {
      const body = requestOf(values, base)
      try {
        if (base)
          await data(api.PATCH('/tasks/{id}', { params: { path: { id: base.id } }, body, headers: ifMatch(base.version) }))
        else await data(api.POST('/tasks', { body }))
      } catch (error) {
        if (error instanceof ApiError && error.status === 412) {
          refreshTasks(client)
          throw new Refused({ '/title': t.stale })
        }
        if (error instanceof ApiError && error.fields.length)
          throw new Refused(
            Object.fromEntries(error.fields.map(field => [POINTERS[field.pointer] ?? field.pointer, field.detail ?? t.stale])),
          )
        throw error
      }
      refreshTasks(client)
      toast(base ? t.saved : t.created)
      onClose()
    },
  })
  const { values, set, errors } = form
  const people = (users.data ?? [])
    .filter(user => user.status === 'active' || user.id === base?.assignee?.id)
    .map(user => ({ value: user.id, label: user.full_name }))
  // Without the right to see the team, oneself and whoever has it now.
  const known = [
    { value: me.user.id, label: me.user.full_name },
    ...(base?.assignee ? [{ value: base.assignee.id, label: base.assignee.name }] : []),
  ].filter(one => !people.some(person => person.value === one.value))
  const assignees = [
    { value: NOBODY, label: t.nobody },
    ...people,
    ...known.filter((one, index) => known.findIndex(other => other.value === one.value) === index),
  ]
  const reminders = Object.entries(t.reminders).map(([value, label]) => ({ value, label }))
  if (values.reminder && !reminders.some(one => one.value === values.reminder))
    reminders.push({ value: values.reminder, label: t.reminderMinutes(Number(values.reminder)) })

  return (
    <Dialog opened onClose={onClose} title={base ? t.editTask : t.newTask} size={620}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput label={t.taskTitle} required maxLength={200} data-autofocus readOnly={readOnly} {...form.text('title')} />
        <SegmentedControl
          aria-label={t.kind}
          value={values.kind}
          onChange={kind => set({ kind: kind as Values['kind'] })}
          data={KINDS.map(value => ({ value, label: t.kinds[value] }))}
        />
        <Fields>
          <div className={classes.pair}>
            <TextInput type="date" label={t.day} max="2100-12-31" {...form.text('due_date')} />
            <TextInput type="time" label={t.hour} disabled={!values.due_date} {...form.text('due_time')} />
          </div>
          <Select
            label={t.reminder}
            placeholder={t.noReminder}
            clearable
            clearButtonProps={{ 'aria-label': t.noReminder }}
            disabled={!values.due_date}
            data={reminders}
            value={values.reminder || null}
            onChange={reminder => set({ reminder: reminder ?? '' })}
            error={errors['/reminder']}
          />
          <Select
            label={t.assignee}
            data={assignees}
            value={values.assignee}
            allowDeselect={false}
            searchable={assignees.length > 8}
            onChange={assignee => set({ assignee: assignee ?? NOBODY })}
            error={errors['/assignee']}
          />
          <Select
            label={t.priority}
            data={(['low', 'normal', 'high'] as const).map(value => ({ value, label: t.priorities[value] }))}
            value={values.priority}
            allowDeselect={false}
            onChange={priority => set({ priority: (priority ?? 'normal') as Values['priority'] })}
          />
          <Select
            label={t.repeat}
            placeholder={t.never}
            clearable
            clearButtonProps={{ 'aria-label': t.never }}
            disabled={!values.due_date}
            data={UNITS.map(value => ({ value, label: t.units[value] }))}
            value={values.unit || null}
            onChange={unit => set({ unit: unit ?? '' })}
            error={errors['/unit']}
          />
          {values.unit && values.due_date ? (
            <div className={classes.pair}>
              <TextInput label={t.interval} inputMode="numeric" maxLength={2} {...form.text('every')} />
              <TextInput type="date" label={t.until} min={values.due_date} max="2100-12-31" {...form.text('until')} />
            </div>
          ) : null}
          <SubjectField
            value={values.subject}
            onChange={subject => set({ subject })}
            enabled={can('contacts.read')}
            error={errors['/subject']}
          />
          <Wide>
            <Textarea
              label={t.description}
              autosize
              minRows={2}
              maxRows={10}
              maxLength={5000}
              value={values.description}
              onChange={event => set({ description: event.currentTarget.value })}
              error={errors['/description']}
            />
          </Wide>
        </Fields>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          {!readOnly && (
            <Button type="submit" loading={form.busy}>
              {base ? ui.save : t.add}
            </Button>
          )}
        </FormActions>
      </form>
    </Dialog>
  )
}
