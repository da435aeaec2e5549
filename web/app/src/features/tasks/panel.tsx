// The tasks about one record, on its page: what is to be done, and what was. A contact's are also those of what they own.
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { Card } from '@/ui/page'
import { Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { tasksQuery } from './queries'
import { QuickAdd } from './quick-add'
import { TaskRow } from './row'
import type { Subject } from './subject'
import classes from './tasks.module.css'
import { t } from './text'
import { useTaskWork } from './verbs'

const TaskDialog = lazy(() => import('./task-dialog'))

export function TasksPanel({ subject, editable }: { subject: Subject; editable: boolean }) {
  const [showDone, setShowDone] = useState(false)
  const [draft, setDraft] = useState<{ title: string; due_date: string }>()
  const work = useTaskWork()
  const about = subject.kind === 'contact' ? { contact: subject.id } : { subject_kind: subject.kind, subject_id: subject.id }
  const open = useInfiniteQuery(tasksQuery({ ...about, view: 'open' }, 20))
  const done = useInfiniteQuery({ ...tasksQuery({ ...about, view: 'done', sort: '-done' }, 10), enabled: showDone })
  const rows = open.data?.pages.flatMap(page => page.items) ?? []
  const finished = showDone ? (done.data?.pages.flatMap(page => page.items) ?? []) : []
  return (
    <Card
      title={t.title}
      actions={
        <Button variant="subtle" size="compact-sm" aria-expanded={showDone} onClick={() => setShowDone(!showDone)}>
          {showDone ? t.hideDone : t.showDone}
        </Button>
      }
    >
      {editable && <QuickAdd days={1} subject={subject} details={setDraft} />}
      {open.isError && !rows.length ? (
        <Failed error={open.error} retry={() => void open.refetch()} />
      ) : open.isPending ? (
        <Loading lines={1} />
      ) : rows.length + finished.length ? (
        <ul className={classes.rows} aria-label={t.list}>
          {[...rows, ...finished].map(task => (
            <TaskRow key={task.id} task={task} verbs={work} editable={editable} on={subject.id} showWho />
          ))}
        </ul>
      ) : (
        !editable && <p className="muted">{t.none}</p>
      )}
      {open.hasNextPage && (
        <Button variant="subtle" size="compact-sm" loading={open.isFetchingNextPage} onClick={() => void open.fetchNextPage()}>
          {ui.more}
        </Button>
      )}
      {work.dialogs}
      <Suspense>{draft && <TaskDialog draft={{ ...draft, subject }} onClose={() => setDraft(undefined)} />}</Suspense>
    </Card>
  )
}
