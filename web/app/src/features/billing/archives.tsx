// Archives of a period that is over, checkable without us, and the attestation of the law against VAT fraud.
import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, BASE, data } from '@/api/client'
import { jobsQuery } from '@/api/queries'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import { dateTime, day, number } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconDownload } from '@/ui/icons'
import { Card, FormActions } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import classes from './billing.module.css'
import { archivesQuery } from './queries'
import { t } from './text'

const size = (bytes: number) =>
  bytes < 1_000_000 ? `${number(Math.ceil(bytes / 1000))} ko` : `${number(Math.round(bytes / 1_000_000))} Mo`

export function Archives() {
  const can = useCan()
  const client = useQueryClient()
  const archives = useQuery(archivesQuery)
  const jobs = useQuery(jobsQuery)
  const [making, setMaking] = useState(false)
  const running = (jobs.data ?? []).some(
    job => job.kind === 'fiscal.archive' && (job.status === 'queued' || job.status === 'running'),
  )
  // An archive that was being made is in the list once its job has ended.
  useEffect(() => {
    if (!running) void client.invalidateQueries({ queryKey: archivesQuery.queryKey })
  }, [running, client])
  const items = archives.data?.items ?? []
  return (
    <Card
      title={t.archives}
      actions={
        <>
          <Button
            component="a"
            href={`${BASE}/attestation`}
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            {t.attestation}
          </Button>
          {can('accounting.export') && (
            <Button size="compact-sm" variant="default" loading={running} onClick={() => setMaking(true)}>
              {t.makeArchive}
            </Button>
          )}
        </>
      }
    >
      <p className="muted">{t.archivesAbout}</p>
      {archives.isError ? (
        <Failed error={archives.error} retry={() => void archives.refetch()} />
      ) : archives.isPending ? (
        <Loading lines={2} />
      ) : (
        items.length > 0 && (
          <Rows label={t.archives}>
            {items.map(item => (
              <Row
                key={item.id}
                title={`${day(item.from)} – ${day(item.to)}`}
                detail={
                  <>
                    {[
                      dateTime(item.created_at),
                      item.created_by,
                      t.archiveHolds(item.records, item.documents),
                      size(item.size_bytes),
                    ].join(' · ')}
                    <details>
                      <summary className="small">SHA-256</summary>
                      <code className={classes.hash}>{item.sha256}</code>
                    </details>
                  </>
                }
                actions={
                  can('accounting.export') && (
                    <Button
                      component="a"
                      href={`${BASE}/fiscal-archives/${item.id}/file`}
                      size="compact-sm"
                      variant="default"
                      leftSection={<IconDownload size={14} aria-hidden />}
                    >
                      {t.download}
                    </Button>
                  )
                }
              />
            ))}
          </Rows>
        )
      )}
      {making && <ArchiveDialog onClose={() => setMaking(false)} />}
    </Card>
  )
}

/** Last year as it ended. */
function lastYear() {
  const year = new Date().getFullYear() - 1
  return { from: `${year}-01-01`, to: `${year}-12-31` }
}

function ArchiveDialog({ onClose }: { onClose: () => void }) {
  const form = useForm({
    initial: lastYear(),
    check: (values): Record<string, string> => ({
      ...(!values.from && { '/from': t.required }),
      ...(!values.to && { '/to': t.required }),
    }),
    submit: async values => {
      followJob(await data(api.POST('/fiscal-archives', { body: values })))
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.archiveTitle}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <p>{t.archiveBody}</p>
        <div className={classes.fields}>
          <TextInput data-autofocus type="date" label={t.archiveFrom} {...form.text('from')} />
          <TextInput type="date" label={t.archiveTo} {...form.text('to')} />
        </div>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.makeArchive}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
