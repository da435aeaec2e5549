// Parts of one feature that stand on the pages of another: fetched when they are shown.
import { lazy } from 'react'

export const TasksPanel = lazy(() => import('@/features/tasks/panel').then(part => ({ default: part.TasksPanel })))
export const FilesPanel = lazy(() => import('@/features/files/panel').then(part => ({ default: part.FilesPanel })))
