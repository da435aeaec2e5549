// The first screen of the day: what waits for someone, and what has happened. Nothing here is decoration.
import { ActionIcon } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { api, data } from '@/api/client'
import { homeQuery } from '@/api/queries'
import type { Home as HomeData } from '@/api/types'
import { ButtonLink } from '@/app/button-link'
import { useCan, useMe } from '@/app/me'
import { Timeline } from '@/app/timeline'
import { day, number } from '@/i18n/format'
import { IconChevronRight, IconCircle, IconImport, IconMeeting, IconPhone, IconPlus } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { Empty, Failed, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './home.module.css'
import { t } from './text'

type Todo = HomeData['todos'][number]
type Task = HomeData['tasks'][number]

const isLate = (task: Task) => task.due_at !== null && Date.parse(task.due_at) <= Date.now()

/** What is late says since when, what is due today says at what time. */
function dueOf(task: Task): string {
  if (isLate(task)) return t.lateSince(task.due_date ? day(task.due_date) : '')
  return task.due_time ?? t.today
}

function target(todo: Todo): LinkProps {
  switch (todo.kind) {
    case 'onboarding':
      return { to: '/bienvenue' }
    case 'first_contacts':
      return { to: '/imports' }
    case 'pending_invitations':
      return { to: '/parametres/equipe' }
    default:
      return todo.id ? { to: '/imports/$id', params: { id: todo.id } } : { to: '/imports' }
  }
}

export function Home() {
  const me = useMe()
  const can = useCan()
  const home = useQuery(homeQuery)
  const firstName = me.user.full_name.split(' ')[0] ?? me.user.full_name
  const greeting = new Date().getHours() >= 18 ? t.evening(firstName) : t.morning(firstName)
  const client = useQueryClient()
  const path = (task: Task) => ({ params: { path: { id: task.id } } })
  const refresh = () => {
    for (const key of ['home', 'tasks']) void client.invalidateQueries({ queryKey: [key] })
  }
  const complete = async (task: Task) => {
    try {
      await data(api.POST('/tasks/{id}/complete', { ...path(task), body: {} }))
      toast(t.completed(task.title), {
        undo: () => void data(api.POST('/tasks/{id}/reopen', path(task))).then(refresh, toastError),
      })
    } catch (error) {
      toastError(error)
    }
    refresh()
  }
  const todos = home.data?.todos.filter(todo => t.kinds[todo.kind]) ?? []

  return (
    <Page
      title={greeting}
      actions={
        can('contacts.write') && (
          <ButtonLink leftSection={<IconPlus size={16} aria-hidden />} to="/contacts" search={{ nouveau: true }}>
            {t.newContact}
          </ButtonLink>
        )
      }
    >
      {home.isError ? (
        <Failed error={home.error} retry={() => void home.refetch()} />
      ) : (
        <div className={classes.columns}>
          <div className={classes.side}>
            <Card title={t.todos} flush>
              {!home.data ? (
                <Loading lines={3} height={48} />
              ) : todos.length || home.data.tasks.length ? (
                <ul className={classes.todos}>
                  {home.data.tasks.map(task => (
                    <li key={task.id} className={classes.task}>
                      {task.kind === 'todo' ? (
                        <ActionIcon
                          className={classes.done}
                          disabled={!can('tasks.write')}
                          aria-label={t.complete(task.title)}
                          title={t.complete(task.title)}
                          onClick={() => void complete(task)}
                        >
                          <IconCircle size={20} stroke={1.7} aria-hidden />
                        </ActionIcon>
                      ) : (
                        // How it went is asked where it is opened.
                        <span className={classes.kind}>
                          {task.kind === 'call' ? <IconPhone size={17} aria-hidden /> : <IconMeeting size={17} aria-hidden />}
                        </span>
                      )}
                      <Link to="/taches" search={{ tache: task.id }}>
                        <span>
                          <span className={classes.taskTitle}>{task.title}</span>
                          <span className="small" data-late={isLate(task) || undefined}>
                            {[dueOf(task), task.subject?.label].filter(Boolean).join(' · ')}
                          </span>
                        </span>
                        <IconChevronRight size={16} aria-hidden />
                      </Link>
                    </li>
                  ))}
                  {home.data.tasks_overdue + home.data.tasks_today > home.data.tasks.length && (
                    <li>
                      <Link to="/taches" search={home.data.tasks_overdue ? { liste: 'overdue' } : {}}>
                        <span>{t.allTasks(home.data.tasks_overdue, home.data.tasks_today)}</span>
                        <IconChevronRight size={16} aria-hidden />
                      </Link>
                    </li>
                  )}
                  {todos.map(todo => (
                    <li key={todo.kind + (todo.id ?? '')}>
                      <Link {...target(todo)}>
                        <span>{t.kinds[todo.kind]!(todo.count)}</span>
                        <IconChevronRight size={16} aria-hidden />
                      </Link>
                    </li>
                  ))}
                </ul>
              ) : (
                <p className={classes.quiet}>{t.todosNone}</p>
              )}
            </Card>
            {home.data && can('contacts.read') && (
              <Link to="/contacts" className={classes.figure}>
                <span className={classes.value}>
                  {number(home.data.contacts.total)}
                  {home.data.contacts.capped && '+'}
                </span>
                <span>
                  <span className={classes.unit}>
                    {t.contacts(home.data.contacts.total, home.data.contacts.capped).replace(/^.*?(?=contact)/, '')}
                  </span>
                  <span className="muted small">{t.added(home.data.contacts.added_7d, home.data.contacts.added_7d_capped)}</span>
                </span>
              </Link>
            )}
          </div>
          <Card title={t.activity}>
            {!home.data ? (
              <Loading lines={6} />
            ) : home.data.activity.length ? (
              <Timeline items={home.data.activity} showContact />
            ) : (
              <Empty
                title={t.activityNone}
                action={
                  can('contacts.import') && (
                    <ButtonLink variant="default" leftSection={<IconImport size={16} aria-hidden />} to="/imports">
                      {t.importFile}
                    </ButtonLink>
                  )
                }
              />
            )}
          </Card>
        </div>
      )}
    </Page>
  )
}
