// Reversibility: the company's data taken along whole, and brought back into an empty company.
import { Button, FileInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, upload } from '@/api/client'
import type { Job } from '@/api/types'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import { Card } from '@/ui/page'
import { Share } from '@/ui/progress'
import { Banner, Failed, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

export function TransferPage() {
  const can = useCan()
  return (
    <>
      <ExportCard allowed={can('contacts.export') && can('audit.read')} />
      {can('contacts.import') && can('contacts.write') && can('roles.manage') && can('team.manage') && <ImportCard />}
    </>
  )
}

function ExportCard({ allowed }: { allowed: boolean }) {
  const [busy, setBusy] = useState(false)
  const start = async () => {
    setBusy(true)
    try {
      followJob(await data(api.POST('/company/export')))
      toast(t.reversibility.exportStarted)
    } catch (error) {
      toastError(error)
    }
    setBusy(false)
  }
  return (
    <Card title={t.reversibility.export}>
      <p>{t.reversibility.exportBody}</p>
      <p className="muted small">{allowed ? t.reversibility.exportHint : t.reversibility.denied}</p>
      <div className={classes.actions} style={{ marginTop: 16 }}>
        <Button loading={busy} disabled={!allowed} onClick={() => void start()}>
          {t.reversibility.exportStart}
        </Button>
      </div>
    </Card>
  )
}

function ImportCard() {
  const client = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [sent, setSent] = useState<number>()
  const state = useQuery({ queryKey: ['company', 'transfer'], queryFn: () => data(api.GET('/company/transfer')), staleTime: 0 })
  const start = async () => {
    if (!file) return
    setSent(0)
    try {
      followJob(await upload<Job>('POST', '/company/import', file, setSent))
      setFile(null)
      toast(t.reversibility.importStarted)
    } catch (error) {
      toastError(error)
    }
    setSent(undefined)
    void client.invalidateQueries({ queryKey: ['company', 'transfer'] })
  }
  return (
    <Card title={t.reversibility.import}>
      {state.isError ? (
        <Failed error={state.error} retry={() => void state.refetch()} />
      ) : !state.data ? (
        <Loading lines={3} />
      ) : !state.data.empty ? (
        <Banner tone="warn">{t.reversibility.notEmpty}</Banner>
      ) : (
        <>
          <p>{t.reversibility.importBody}</p>
          <FileInput
            mt={12}
            label={t.reversibility.file}
            placeholder={t.reversibility.choose}
            accept=".zip,application/zip"
            value={file}
            onChange={setFile}
            disabled={sent !== undefined}
            clearable
          />
          {sent !== undefined && <Share done={Math.round(sent * 100)} total={100} label={t.reversibility.sending} />}
          <div className={classes.actions} style={{ marginTop: 16 }}>
            <Button disabled={!file} loading={sent !== undefined} onClick={() => void start()}>
              {t.reversibility.importStart}
            </Button>
          </div>
        </>
      )}
    </Card>
  )
}
