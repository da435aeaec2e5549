// Parts of one feature that stand on the pages of another: fetched when they are shown.
import { lazy } from 'react'

export const TasksPanel = lazy(() => import('@/features/tasks/panel').then(part => ({ default: part.TasksPanel })))
export const EraseDialog = lazy(() => import('@/features/privacy/erase').then(part => ({ default: part.EraseDialog })))
export const FilesPanel = lazy(() => import('@/features/files/panel').then(part => ({ default: part.FilesPanel })))
export const ConsentPanel = lazy(() => import('@/features/consents/panel').then(part => ({ default: part.ConsentPanel })))
