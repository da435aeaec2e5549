// A copy of a person's data, made for a request: begun, followed, fetched.
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, BASE, data } from '@/api/client'
import { ContactPicker } from '@/app/contact-picker'
import { followJob } from '@/app/jobs'
import { dateTime } from '@/i18n/format'
import { useForm } from '@/ui/form'
import { Share } from '@/ui/progress'
import { Banner, FormBanner } from '@/ui/states'
import classes from './privacy.module.css'
import type { PrivacyRequest } from './request'
import { t } from './text'

export function Archive({ request }: { request: PrivacyRequest }) {
  const client = useQueryClient()
  const [started, setStarted] = useState<string>()
  const id = started ?? request.job_id ?? undefined
  const job = useQuery({
    queryKey: ['jobs', id],
    queryFn: () => data(api.GET('/jobs/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== undefined,
    // A colleague's archive is theirs: then another one is made.
    retry: false,
    refetchInterval: query => (['queued', 'running'].includes(query.state.data?.status ?? '') ? 1000 : false),
  })
  const form = useForm({
    initial: { contact_id: request.contact_id ?? '' },
    submit: async values => {
      const path = { path: { id: values.contact_id } }
      const begun = await data(api.POST('/contacts/{id}/access', { params: path, body: { request_id: request.id } }))
      followJob(begun)
      setStarted(begun.id)
      await client.invalidateQueries({ queryKey: ['privacy'] })
    },
    shows: pointer => pointer === '/contact_id',
  })
  const state = job.data
  const busy = state?.status === 'queued' || state?.status === 'running'
  return (
    <section className={classes.stack}>
      <div>
        <h3 className={classes.heading}>{t.dataTitle}</h3>
        <p className="muted small">{t.dataHint}</p>
      </div>
      {!request.contact_id && (
        <ContactPicker label={t.contact} value={form.values.contact_id} onChange={contact_id => form.set({ contact_id })} />
      )}
      {busy && <Share done={state.done} total={state.total} label={t.preparing} />}
      {state?.status === 'failed' && <Banner>{t.prepareFailed}</Banner>}
      {state?.has_file && <p>{t.prepared(dateTime(state.finished_at ?? state.created_at))}</p>}
      <FormBanner form={form} />
      <div className={classes.foot}>
        <Button variant="default" loading={form.busy} disabled={!form.values.contact_id || busy} onClick={() => form.submit()}>
          {state?.has_file ? t.prepareAgain : t.prepare}
        </Button>
        {state?.has_file && (
          <Button component="a" href={`${BASE}/jobs/${state.id}/file`} download>
            {t.save}
          </Button>
        )}
      </div>
    </section>
  )
}
