// What can be done to tasks, with the dialogs that some of it needs. Everything can be taken back from its message.
import { useQueryClient } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { api, data } from '@/api/client'
import type { Task, TaskAction, TaskResultIn } from '@/api/types'
import { toast, toastError } from '@/ui/toast'
import { changeTasks, refreshTasks, undoChange } from './queries'
import type { TaskVerbs } from './row'
import { t } from './text'

const Dialogs = {
  Result: lazy(() => import('./dialogs').then(part => ({ default: part.ResultDialog }))),
  Moment: lazy(() => import('./dialogs').then(part => ({ default: part.MomentDialog }))),
  Task: lazy(() => import('./task-dialog')),
}

type Change = TaskAction['type']

export interface TaskWork extends TaskVerbs {
  /** Does one thing to several tasks. */
  many: (ids: string[], action: TaskAction) => Promise<boolean>
  pickMoment: (ids: string[]) => void
  /** The dialogs that are open: to be placed once on the page. */
  dialogs: ReactNode
}

export function useTaskWork(openTask?: (task: Task) => void): TaskWork {
  const client = useQueryClient()
  const [ending, setEnding] = useState<Task>()
  const [moving, setMoving] = useState<string[]>()
  const [editing, setEditing] = useState<Task>()
  const refresh = () => refreshTasks(client)

  const guarded = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      toastError(error)
      return false
    } finally {
      refresh()
    }
  }

  const many = (ids: string[], action: TaskAction) =>
    guarded(async () => {
      const { changed, undo_id } = await changeTasks(ids, action)
      toast(t.bulk[action.type as Change](changed), {
        undo: undo_id
          ? () =>
              void guarded(async () => {
                toast(t.undone((await undoChange(undo_id)).changed))
              })
          : undefined,
      })
    })

  const path = (task: Task) => ({ params: { path: { id: task.id } } })
  const reopen = (task: Task) => void guarded(() => data(api.POST('/tasks/{id}/reopen', path(task))))
  const finish = (task: Task, result: TaskResultIn) =>
    guarded(async () => {
      await data(api.POST('/tasks/{id}/complete', { ...path(task), body: result }))
      toast(t.doneToast(task.title), { undo: () => reopen(task) })
    })

  return {
    open: openTask ?? setEditing,
    // A call or a meeting went some way or other: it is asked once, and may be left out.
    complete: task => (task.kind === 'todo' ? void finish(task, {}) : setEnding(task)),
    reopen,
    snooze: (task, until) => (until === 'pick' ? setMoving([task.id]) : void many([task.id], { type: 'snooze', until })),
    remove: task =>
      void guarded(async () => {
        await api.DELETE('/tasks/{id}', path(task))
        toast(t.deletedToast, { undo: () => void guarded(() => data(api.POST('/tasks/{id}/restore', path(task)))) })
      }),
    many,
    pickMoment: setMoving,
    dialogs: (
      <Suspense>
        {ending && <Dialogs.Result task={ending} finish={finish} onClose={() => setEnding(undefined)} />}
        {moving && (
          <Dialogs.Moment
            onClose={() => setMoving(undefined)}
            run={(due_date, due_time) => many(moving, { type: 'snooze', until: 'moment', due_date, due_time })}
          />
        )}
        {editing && <Dialogs.Task task={editing} onClose={() => setEditing(undefined)} />}
      </Suspense>
    ),
  }
}
