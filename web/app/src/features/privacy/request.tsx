// One request: identity, extension, answer, certificate.
import { Button, Checkbox, Select, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, BASE, data, ifMatch, saveFile } from '@/api/client'
import type { components } from '@/api/schema'
import { date, number } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import { Archive } from './archive'
import classes from './privacy.module.css'
import { t } from './text'

export type PrivacyRequest = components['schemas']['PrivacyRequest']

interface Certificate {
  statement: {
    erased_at: string
    rows: Record<string, number>
    kept: { table: string; reason: string }[]
    subject_hashes: string[]
  }
  signature: string
}

export function RequestDialog({ request, onClose }: { request: PrivacyRequest; onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: {
      identity: request.identity ?? ('pending' as const),
      identity_note: request.identity_note ?? '',
      extension_reason: '',
      answer: '',
      refused: false,
    },
    submit: async values => {
      const body = {
        identity: values.identity,
        identity_note: values.identity_note || undefined,
        extension_reason: values.extension_reason || undefined,
        answer: values.answer || undefined,
        refused: values.refused || undefined,
      }
      const path = { path: { id: request.id } }
      await data(api.PATCH('/privacy/requests/{id}', { params: path, body, headers: ifMatch(request.version) }))
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.saved)
      onClose()
    },
  })
  const open = request.status === 'open'
  const certificate = request.certificate as Certificate | null
  return (
    <Dialog opened onClose={onClose} title={request.kind ? t.kinds[request.kind] : t.kind} size={620}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <dl className={classes.facts}>
          <dt>{t.person}</dt>
          <dd>
            {request.contact_id && !certificate ? (
              <Link to="/contacts/$id" params={{ id: request.contact_id }}>
                {request.person ?? t.open}
              </Link>
            ) : (
              (request.person ?? (certificate ? t.erased : t.unknown))
            )}
          </dd>
          <dt>{t.received}</dt>
          <dd>
            {date(request.received_on)} ·{' '}
            {open ? t.due(date(request.due_on)) : request.answered_on && t.closedOn(date(request.answered_on))}
            {request.extended_on && ` · ${t.extended(date(request.extended_on))}`}
          </dd>
          {request.details && (
            <>
              <dt>{t.details}</dt>
              <dd>{request.details}</dd>
            </>
          )}
          {request.answer && (
            <>
              <dt>{t.answer}</dt>
              <dd>{request.answer}</dd>
            </>
          )}
        </dl>
        {certificate && <CertificateView id={request.id} certificate={certificate} />}
        {open && (request.kind === 'access' || request.kind === 'portability') && <Archive request={request} />}
        {open && (
          <>
            <Select
              label={t.identity}
              data={Object.entries(t.identities).map(([value, label]) => ({ value, label }))}
              value={form.values.identity}
              allowDeselect={false}
              onChange={identity => identity && form.set({ identity: identity as keyof typeof t.identities })}
            />
            <Textarea label={t.identityNote} description={t.identityHint} autosize maxRows={6} {...form.text('identity_note')} />
            {!request.extended_on && request.urgency !== 'late' && (
              <Textarea
                label={`${t.extend} : ${t.reason.toLowerCase()}`}
                description={t.extendHint}
                autosize
                maxRows={6}
                {...form.text('extension_reason')}
              />
            )}
            <Textarea label={t.answer} description={t.answerHint} autosize minRows={2} maxRows={10} {...form.text('answer')} />
            <Checkbox
              label={t.refuse}
              checked={form.values.refused}
              onChange={event => form.set({ refused: event.currentTarget.checked })}
            />
            <FormBanner form={form} />
            <div className={classes.foot}>
              <Button variant="default" onClick={onClose}>
                {ui.cancel}
              </Button>
              <Button type="submit" loading={form.busy} disabled={!form.dirty}>
                {form.values.answer.trim() ? t.close : ui.save}
              </Button>
            </div>
          </>
        )}
      </form>
    </Dialog>
  )
}

function CertificateView({ id, certificate }: { id: string; certificate: Certificate }) {
  const { statement, signature } = certificate
  const save = () =>
    saveFile(new Blob([JSON.stringify(certificate, null, 2)], { type: 'application/json' }), 'attestation-effacement.json')
  return (
    <section className={classes.stack}>
      <div>
        <h3 className={classes.heading}>{t.certificate}</h3>
        <p>{t.certificateDone(date(statement.erased_at))}</p>
        <p className="muted small">{t.certificateHint}</p>
      </div>
      <div>
        <h3 className={classes.heading}>{t.rows}</h3>
        <ul className={classes.effects}>
          {Object.entries(statement.rows).map(([table, count]) => (
            <li key={table}>
              {t.tables[table] ?? table} <span className="muted">{number(count)}</span>
            </li>
          ))}
        </ul>
      </div>
      <div>
        <h3 className={classes.heading}>{t.kept}</h3>
        <ul className={classes.reasons}>
          {statement.kept.map(one => (
            <li key={one.table}>
              <strong>{t.tables[one.table] ?? one.table}</strong>
              <span className="muted small">{one.reason}</span>
            </li>
          ))}
        </ul>
      </div>
      <dl className={classes.facts}>
        <dt>{t.signature}</dt>
        <dd className={classes.signature}>{signature}</dd>
      </dl>
      <div className={classes.foot}>
        <Button variant="default" onClick={save}>
          {t.downloadJson}
        </Button>
        <Button component="a" href={`${BASE}/privacy/requests/${id}/certificate`} download>
          {t.download}
        </Button>
      </div>
    </section>
  )
}
