import { Button, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Task, TaskResultIn } from '@/api/types'
import { Dialog } from '@/ui/dialog'
import { FormActions } from '@/ui/page'
import { t as ui } from '@/ui/text'
import classes from './tasks.module.css'
import { t } from './text'
import { companyDay } from './when'

const OUTCOMES = {
  todo: [],
  call: ['reached', 'no_answer', 'left_message', 'wrong_number'],
  meeting: ['held', 'no_show', 'cancelled'],
} as const

type Outcome = keyof typeof t.outcomes

/** How a call or a meeting went. */
export function ResultDialog({
  task,
  finish,
  onClose,
}: {
  task: Task
  finish: (task: Task, result: TaskResultIn) => Promise<boolean>
  onClose: () => void
}) {
  const [outcome, setOutcome] = useState<Outcome>()
  const [result, setResult] = useState('')
  const [minutes, setMinutes] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    setBusy(true)
    const duration = /^\d{1,4}$/.test(minutes) ? Math.min(Number(minutes), 1440) : undefined
    if (await finish(task, { outcome, result: result.trim() || undefined, duration_minutes: duration })) onClose()
    setBusy(false)
  }
  return (
    <Dialog opened onClose={onClose} title={t.resultTitle(task.title)}>
      <form
        className={classes.stack}
        onSubmit={event => {
          event.preventDefault()
          void submit()
        }}
      >
        <Radio.Group label={t.outcome} value={outcome ?? ''} onChange={value => setOutcome(value as Outcome)}>
          <Stack gap={8} mt={6}>
            {OUTCOMES[task.kind].map(word => (
              <Radio key={word} value={word} label={t.outcomes[word]} />
            ))}
          </Stack>
        </Radio.Group>
        <Textarea
          label={t.result}
          autosize
          minRows={2}
          maxRows={10}
          maxLength={5000}
          value={result}
          onChange={event => setResult(event.currentTarget.value)}
        />
        <TextInput
          label={t.duration}
          inputMode="numeric"
          maxLength={4}
          value={minutes}
          onChange={event => setMinutes(event.currentTarget.value.replace(/\D/g, ''))}
        />
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {t.done}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}

/** A day and perhaps an hour to put tasks off to. */
export function MomentDialog({
  run,
  onClose,
}: {
  run: (day: string, hour: string | undefined) => Promise<boolean>
  onClose: () => void
}) {
  const [day, setDay] = useState(companyDay(1))
  const [hour, setHour] = useState('')
  return (
    <Dialog opened onClose={onClose} title={t.pickTitle} size={380}>
      <form
        className={classes.stack}
        onSubmit={async event => {
          event.preventDefault()
          if (day && (await run(day, hour || undefined))) onClose()
        }}
      >
        <div className={classes.pair}>
          <TextInput
            type="date"
            label={t.day}
            required
            min={companyDay()}
            max="2100-12-31"
            value={day}
            onChange={event => setDay(event.currentTarget.value)}
          />
          <TextInput
            type="time"
            label={t.hour}
            description={undefined}
            value={hour}
            onChange={event => setHour(event.currentTarget.value)}
          />
        </div>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" disabled={!day}>
            {t.snooze}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
