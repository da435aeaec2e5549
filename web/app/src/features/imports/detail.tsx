// One import from its file to its result: columns, rehearsal, the real thing, and the way back.

import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api, BASE, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Import, ImportPatch } from '@/api/types'
import { ButtonLink } from '@/app/button-link'
import { date } from '@/i18n/format'
import { Confirm } from '@/ui/dialog'
import { IconArrowLeft, IconDownload } from '@/ui/icons'
import { Card, Page } from '@/ui/page'
import { Share } from '@/ui/progress'
import { Banner, Failed, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { toastError } from '@/ui/toast'
import classes from './imports.module.css'
import { Mapping } from './mapping'
import { importQuery, moving, TONES } from './queries'
import { Examples, Figures, Lines } from './report'
import { t } from './text'

type Step = 'dry-run' | 'start' | 'cancel' | 'undo'

export function ImportPage() {
  const { id } = useParams({ from: '/shell/imports/$id' })
  const client = useQueryClient()
  const query = useQuery(importQuery(id))
  const [undoing, setUndoing] = useState(false)

  const put = (next: Import) => {
    client.setQueryData(importQuery(id).queryKey, next)
    void client.invalidateQueries({ queryKey: ['imports', 'list'] })
    void client.invalidateQueries({ queryKey: ['imports', id, 'rows'] })
    void client.invalidateQueries({ queryKey: ['jobs'] })
  }
  const step = useMutation({
    mutationFn: (what: Step) => {
      const path = { params: { path: { id } } }
      if (what === 'dry-run') return data(api.POST('/imports/{id}/dry-run', path))
      if (what === 'start') return data(api.POST('/imports/{id}/start', path))
      if (what === 'cancel') return data(api.POST('/imports/{id}/cancel', path))
      return data(api.POST('/imports/{id}/undo', path))
    },
    onSuccess: put,
    onError: async (error, what) => {
      const now = (await query.refetch()).data?.status
      // The second half of a double click: what was asked for is under way already.
      const under = {
        'dry-run': ['analysing', 'analysed'],
        start: ['running', 'done'],
        cancel: ['cancelled'],
        undo: ['undoing', 'undone'],
      }
      if (error instanceof ApiError && error.code === 'conflict' && now && under[what].includes(now)) return
      toastError(error)
    },
  })
  const save = useMutation({
    mutationFn: (body: ImportPatch) => data(api.PATCH('/imports/{id}', { params: { path: { id } }, body })),
    onSuccess: put,
    onError: error => {
      toastError(error)
      void query.refetch()
    },
  })

  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  const one = query.data
  const busy = step.isPending || save.isPending
  const at = one.status === 'uploaded' ? 0 : one.status === 'analysing' || one.status === 'analysed' ? 1 : 2

  return (
    <Page
      title={one.filename}
      aside={<Tag tone={TONES[one.status]}>{t.status[one.status]}</Tag>}
      actions={
        <Link to="/imports" className={classes.back}>
          <IconArrowLeft size={16} aria-hidden />
          {t.back}
        </Link>
      }
    >
      <ol className={classes.steps}>
        {t.steps.map((name, index) => (
          <li
            key={name}
            data-state={index < at ? 'done' : index === at ? 'now' : 'todo'}
            aria-current={index === at ? 'step' : undefined}
          >
            {name}
          </li>
        ))}
      </ol>
      <p className="muted small">
        {[t.targets[one.target], t.format(one.format, one.encoding), one.total !== null && t.rows(one.total)]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {one.status === 'failed' && (
        <Banner>
          {t.result.failed}. {one.error ?? t.failedHint}
        </Banner>
      )}
      {moving(one.status) && <Moving one={one} onCancel={() => step.mutate('cancel')} busy={busy} />}
      {one.status === 'analysed' && one.report && (
        <Card title={t.steps[1]} actions={<StartButton one={one} busy={busy} start={() => step.mutate('start')} />}>
          <p className={classes.lead}>{t.checked}</p>
          <Figures report={one.report} />
          <Examples one={one} report={one.report} />
        </Card>
      )}
      {(one.status === 'uploaded' || one.status === 'analysed') && (
        <Mapping
          key={one.id}
          one={one}
          save={body => save.mutate(body)}
          actions={
            <Button
              variant={one.status === 'analysed' ? 'default' : 'filled'}
              loading={busy}
              onClick={async () => {
                // A choice made a moment ago must be part of the rehearsal.
                await client.cancelQueries({ queryKey: importQuery(id).queryKey })
                step.mutate('dry-run')
              }}
            >
              {one.status === 'analysed' ? t.checkAgain : t.check}
            </Button>
          }
        />
      )}
      {(one.status === 'done' || one.status === 'cancelled' || one.status === 'undone') && (
        <Card title={t.result[one.status]}>
          {one.status === 'cancelled' && <p className={classes.lead}>{t.cancelledHint}</p>}
          {one.status === 'undone' && one.report?.undo && <p className={classes.lead}>{t.undone(one.report.undo)}</p>}
          {one.report && <Figures report={one.report} />}
          <div className={classes.actions}>
            {one.status === 'done' && one.target === 'contacts' && (
              <ButtonLink to="/contacts" search={{ sort: '-created' }}>
                {t.see.contacts}
              </ButtonLink>
            )}
            {one.status === 'done' && one.target === 'entities' && (
              <ButtonLink to="/biens" search={{ sort: '-created' }}>
                {t.see.entities}
              </ButtonLink>
            )}
            {one.status === 'done' && one.target === 'tasks' && <ButtonLink to="/taches">{t.see.tasks}</ButtonLink>}
            {one.report && one.report.rejected > 0 && (
              <Button
                variant="default"
                component="a"
                href={`${BASE}/imports/${one.id}/rejects`}
                download
                leftSection={<IconDownload size={16} aria-hidden />}
              >
                {t.rejects}
              </Button>
            )}
            <ButtonLink variant="default" to="/imports">
              {t.another}
            </ButtonLink>
            {one.can_undo && (
              <Button variant="subtle" color="red" onClick={() => setUndoing(true)}>
                {t.undo}
              </Button>
            )}
          </div>
          {one.can_undo && one.undo_until && <p className="muted small">{t.undoUntil(date(one.undo_until))}</p>}
        </Card>
      )}
      {['done', 'cancelled', 'analysed'].includes(one.status) && <Lines one={one} />}
      <Confirm
        opened={undoing}
        onClose={() => setUndoing(false)}
        title={t.undoTitle}
        verb={t.undo}
        run={() => step.mutateAsync('undo').catch(() => undefined)}
      >
        {t.undoBody[one.target]}
      </Confirm>
    </Page>
  )
}

function StartButton({ one, busy, start }: { one: Import; busy: boolean; start: () => void }) {
  const rows = (one.report?.created ?? 0) + (one.report?.matched ?? 0)
  return (
    <Button loading={busy} disabled={rows === 0} onClick={start}>
      {t.start(rows)}
    </Button>
  )
}

function Moving({ one, onCancel, busy }: { one: Import; onCancel: () => void; busy: boolean }) {
  const label = one.status === 'analysing' ? t.checking : one.status === 'undoing' ? t.undoing : t.importing
  return (
    <Card title={label}>
      <div className={classes.moving}>
        <Share done={one.done} total={one.total} label={label} />
        {one.status === 'running' && <p className="muted small">{t.importingHint}</p>}
        {one.status !== 'undoing' && (
          <Button variant="default" onClick={onCancel} disabled={busy}>
            {t.stop}
          </Button>
        )}
      </div>
    </Card>
  )
}
