import { Button } from '@mantine/core'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ago, dateTime } from '@/i18n/format'
import { Confirm } from '@/ui/dialog'
import { Card, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

const sessionsQuery = queryOptions({ queryKey: ['sessions'], queryFn: async () => (await data(api.GET('/me/sessions'))).items })

export function Sessions() {
  useTitle(t.pages.sessions)
  const client = useQueryClient()
  const sessions = useQuery(sessionsQuery)
  const [leaving, setLeaving] = useState(false)
  const close = async (id: string) => {
    try {
      await api.DELETE('/me/sessions/{id}', { params: { path: { id } } })
      toast(t.sessionClosed)
      void client.invalidateQueries({ queryKey: ['sessions'] })
    } catch (error) {
      toastError(error)
    }
  }
  const everywhere = async () => {
    try {
      await api.POST('/auth/logout-everywhere')
      client.clear()
      location.assign('/connexion')
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card
      title={t.pages.sessions}
      flush
      actions={
        <Button size="xs" variant="default" onClick={() => setLeaving(true)}>
          {t.everywhere}
        </Button>
      }
    >
      {sessions.isError ? (
        <Failed error={sessions.error} retry={() => void sessions.refetch()} />
      ) : !sessions.data ? (
        <Loading lines={3} height={56} />
      ) : (
        <Rows label={t.sessionsHint}>
          {sessions.data.map(session => {
            const device = session.device ?? session.user_agent ?? t.unknownDevice
            return (
              <Row
                key={session.id}
                title={device}
                detail={[session.ip, t.seen(ago(session.last_seen_at)), t.opened(dateTime(session.created_at))]
                  .filter(Boolean)
                  .join(' · ')}
                marks={session.current && <Tag tone="good">{t.thisDevice}</Tag>}
                actions={
                  !session.current && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t.closeSession(device)}
                      onClick={() => void close(session.id)}
                    >
                      {t.close}
                    </Button>
                  )
                }
              />
            )
          })}
        </Rows>
      )}
      <Confirm opened={leaving} onClose={() => setLeaving(false)} title={t.everywhereTitle} verb={t.everywhere} run={everywhere}>
        <span className={classes.hint}>{t.everywhereBody}</span>
      </Confirm>
    </Card>
  )
}
