// The first screen of the day: what waits for someone, and what has happened. Nothing here is decoration.
import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { homeQuery } from '@/api/queries'
import type { Home as HomeData } from '@/api/types'
import { ButtonLink } from '@/app/button-link'
import { useCan, useMe } from '@/app/me'
import { Timeline } from '@/app/timeline'
import { number } from '@/i18n/format'
import { IconChevronRight, IconImport, IconPlus } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { Empty, Failed, Loading } from '@/ui/states'
import classes from './home.module.css'
import { t } from './text'

type Todo = HomeData['todos'][number]

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
              ) : todos.length ? (
                <ul className={classes.todos}>
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
                  <span className="muted small">{t.added(home.data.contacts.added_7d)}</span>
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
