import { ActionIcon, Button, Menu, Select, TextInput } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { api, BASE, data, fileName, saveFile, send } from '@/api/client'
import { usersQuery } from '@/api/queries'
import type { Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import { actorName } from '@/app/timeline'
import { Changes } from '@/app/values'
import { dateTime, dayStart } from '@/i18n/format'
import { IconDownload } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { Card, useTitle } from '@/ui/page'
import { Empty, Failed, Loading } from '@/ui/states'
import { toastError } from '@/ui/toast'
import { Retention } from './retention'
import classes from './settings.module.css'
import { t } from './text'

type Format = keyof typeof t.auditExportAs
type Filter = { action?: string; actor_id?: string; object_type?: string; from?: string; to?: string }

async function exportLog(filter: Filter, format: Format) {
  try {
    const response = await send(
      new Request(`${location.origin}${BASE}/audit-log/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ filter, format }),
      }),
    )
    if (response.status === 202) return followJob((await response.json()) as Job)
    saveFile(await response.blob(), fileName(response, `journal.${format}`))
  } catch (error) {
    toastError(error)
  }
}

export function AuditLog() {
  useTitle(t.pages.journal)
  const search = useSearch({ from: '/shell/parametres/journal' })
  const navigate = useNavigate({ from: '/parametres/journal' })
  const can = useCan()
  const { data: users = [] } = useQuery({ ...usersQuery, enabled: can('team.read') })
  const filter = { ...search, from: search.from && dayStart(search.from), to: search.to && dayStart(search.to, 1) }
  const log = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam }) =>
      data(
        api.GET('/audit-log', {
          params: {
            query: { ...filter, limit: 50, cursor: pageParam || undefined },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const entries = log.data?.pages.flatMap(page => page.items) ?? []
  const change = (part: typeof search) => void navigate({ search: current => ({ ...current, ...part }), replace: true })
  return (
    <>
      <Card>
        <div className={classes.filters}>
          <Select
            label={t.auditAction}
            placeholder={t.anyAction}
            data={Object.entries(t.actions).map(([value, label]) => ({ value, label }))}
            value={search.action ?? null}
            onChange={action => change({ action: action ?? undefined })}
            searchable
            clearable
            clearButtonProps={{ 'aria-label': t.anyAction }}
          />
          <Select
            label={t.auditObject}
            placeholder={t.anyObject}
            data={Object.entries(t.auditObjects).map(([value, label]) => ({ value, label }))}
            value={search.object_type ?? null}
            onChange={object => change({ object_type: object ?? undefined })}
            searchable
            clearable
            clearButtonProps={{ 'aria-label': t.anyObject }}
          />
          <Select
            label={t.auditActor}
            placeholder={t.anyActor}
            data={users.map(user => ({ value: user.id, label: user.full_name }))}
            value={search.actor_id ?? null}
            onChange={actor => change({ actor_id: actor ?? undefined })}
            searchable
            clearable
            clearButtonProps={{ 'aria-label': t.anyActor }}
          />
          <TextInput
            type="date"
            label={t.auditFrom}
            value={search.from ?? ''}
            onChange={event => change({ from: event.currentTarget.value || undefined })}
          />
          <TextInput
            type="date"
            label={t.auditTo}
            value={search.to ?? ''}
            onChange={event => change({ to: event.currentTarget.value || undefined })}
          />
        </div>
      </Card>
      <Card
        title={t.pages.journal}
        flush
        actions={
          <>
            {can('company.manage') && <Retention />}
            {entries.length > 0 && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon variant="default" size={36} aria-label={t.auditExport} title={t.auditExport}>
                    <IconDownload size={18} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {(Object.keys(t.auditExportAs) as Format[]).map(format => (
                    <Menu.Item key={format} onClick={() => void exportLog(filter, format)}>
                      {t.auditExportAs[format]}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            )}
          </>
        }
      >
        {log.isError && !entries.length ? (
          <Failed error={log.error} retry={() => void log.refetch()} />
        ) : log.isPending ? (
          <Loading lines={8} height={52} />
        ) : entries.length ? (
          <ol className={classes.log}>
            {entries.map(entry => (
              <li key={entry.id}>
                <Monogram name={actorName(entry.actor)} size={24} />
                <div className={classes.entry}>
                  <div>
                    <strong>{t.actions[entry.action] ?? entry.action}</strong>
                    {entry.object_label && <> · {entry.object_label}</>}
                  </div>
                  <div className="muted small">
                    {[actorName(entry.actor), entry.ip && t.from(entry.ip)].filter(Boolean).join(' · ')}
                  </div>
                  <Changes changes={entry.changes} object={entry.action.startsWith('entity.') ? 'entity' : 'contact'} />
                </div>
                <time dateTime={entry.at} className="muted small numeric">
                  {dateTime(entry.at)}
                </time>
              </li>
            ))}
          </ol>
        ) : (
          <Empty title={t.auditNone} />
        )}
        {log.hasNextPage && (
          <div className={classes.more}>
            <Button variant="subtle" size="compact-sm" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              {t.more}
            </Button>
          </div>
        )}
      </Card>
    </>
  )
}
