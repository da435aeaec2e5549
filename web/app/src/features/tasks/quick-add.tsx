// A line to type and Enter: the shortest way to a task.
import { ActionIcon, Button, Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type RefObject, useState } from 'react'
import { api, data } from '@/api/client'
import type { TaskIn } from '@/api/types'
import { IconDots } from '@/ui/icons'
import { toast, toastError } from '@/ui/toast'
import { refreshTasks } from './queries'
import type { Subject } from './subject'
import classes from './tasks.module.css'
import { t } from './text'
import { companyDay } from './when'

interface Props {
  field?: RefObject<HTMLInputElement | null>
  /** Days from today; none for a task without a day. */
  days: number | null
  subject?: Subject
  details: (draft: { title: string; due_date: string }) => void
}

export function QuickAdd({ field, days, subject, details }: Props) {
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const [when, setWhen] = useState<string>()
  const [busy, setBusy] = useState(false)
  const chosen = when ?? (days === null ? '' : String(days))
  const choices = [
    { value: '0', label: t.lists.today },
    { value: '1', label: t.nextDay },
    { value: '7', label: t.inAWeek },
    { value: '', label: t.noDay },
  ]
  const due_date = chosen ? companyDay(Number(chosen)) : ''
  const submit = async () => {
    if (!title.trim() || busy) return
    setBusy(true)
    try {
      const body: TaskIn = { title: title.trim(), due_date: due_date || null }
      if (subject) body.subject = { kind: subject.kind, id: subject.id }
      await data(api.POST('/tasks', { body }))
      setTitle('')
      refreshTasks(client)
      toast(t.created)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className={classes.add}
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
    >
      <TextInput
        ref={field}
        className={classes.addTitle}
        aria-label={t.addLabel}
        placeholder={t.addHint}
        maxLength={200}
        value={title}
        onChange={event => setTitle(event.currentTarget.value)}
        onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
      />
      <Select
        className={classes.addDay}
        aria-label={t.addDay}
        data={choices}
        value={chosen}
        allowDeselect={false}
        onChange={value => setWhen(value ?? '')}
      />
      <Button type="submit" loading={busy} disabled={!title.trim()}>
        {t.add}
      </Button>
      <ActionIcon
        size={36}
        variant="default"
        aria-label={t.details}
        title={t.details}
        onClick={() => {
          details({ title: title.trim(), due_date })
          setTitle('')
        }}
      >
        <IconDots size={18} aria-hidden />
      </ActionIcon>
    </form>
  )
}
