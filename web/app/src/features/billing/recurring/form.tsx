// What comes again, for whom, when, and what becomes of it each time.
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { BillingProfile } from '@/api/types'
import { ContactPicker } from '@/app/contact-picker'
import { useCan } from '@/app/me'
import { money } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Refused, useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from '../billing.module.css'
import { emptyLine, type LineForm, lineForm, sentLines, unreadable, writtenLines } from '../lines'
import { LinesCard } from '../lines-card'
import { profileQuery, totalsQuery } from '../queries'
import { type Content, type Recurring, refreshRecurring } from './queries'
import { t } from './text'

interface Props {
  onClose: () => void
  /** What is changed. */
  template?: Recurring
  /** What a new one is made from: an invoice. */
  from?: { contact: { id: string; name: string } | null; content: Content }
}

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
const modes = ['draft', 'issue'] as const

export default function RecurringForm(props: Props) {
  const profile = useQuery(profileQuery).data
  return (
    <Dialog opened onClose={props.onClose} title={props.template ? t.editTitle : t.createTitle} size={1100}>
      {profile ? <Fields {...props} profile={profile} /> : <Loading />}
    </Dialog>
  )
}

function Fields({ onClose, template, from, profile }: Props & { profile: BillingProfile }) {
  const can = useCan()
  const client = useQueryClient()
  const content = (template?.content ?? from?.content) as Content | undefined
  const rates = profile.rates
  const usual = rates.length ? `S:${rates[0]?.rate ?? '20'}` : 'E'
  const [first] = useState(() =>
    content?.lines?.length ? content.lines.map(line => lineForm(line as never)) : [emptyLine(usual)],
  )
  const form = useForm({
    initial: {
      contact_id: template?.contact_id ?? from?.contact?.id ?? '',
      name: template?.name ?? '',
      title: content?.title ?? '',
      frequency: template?.frequency ?? 'monthly',
      starts_on: template?.starts_on ?? tomorrow(),
      ends_on: template?.ends_on ?? '',
      max_count: template?.max_count ? String(template.max_count) : '',
      endOfMonth: template?.anchor_day === 31,
      mode: template?.mode ?? 'draft',
      prices_include_vat: content?.prices_include_vat ?? profile.prices_include_vat,
      lines: first as LineForm[],
    },
    shows: pointer => !pointer.startsWith('/seller'),
    check: (values): Record<string, string> => ({
      ...(!values.contact_id && { '/contact_id': t.required }),
      ...(!values.title.trim() && !values.name.trim() && { '/title': t.required }),
      ...(!values.starts_on && { '/starts_on': t.required }),
      ...(values.max_count.trim() && !/^\d{1,4}$/.test(values.max_count.trim()) && { '/max_count': t.requiredNumber }),
    }),
    submit: async values => {
      const wrong = writtenLines(values.lines).flatMap((line, index) =>
        unreadable(line) ? [[`/content/lines/${index}`, t.unreadable]] : [],
      )
      if (wrong.length) throw new Refused(Object.fromEntries(wrong))
      const body = {
        name: values.name.trim() || values.title.trim(),
        contact_id: values.contact_id,
        frequency: values.frequency,
        starts_on: values.starts_on,
        ends_on: values.ends_on || null,
        max_count: values.max_count.trim() ? Number(values.max_count) : null,
        anchor_day: values.endOfMonth && values.frequency !== 'weekly' ? 31 : null,
        mode: values.mode,
        content: {
          ...content,
          title: values.title.trim() || null,
          prices_include_vat: values.prices_include_vat,
          lines: sentLines(values.lines),
        },
      }
      if (template)
        await data(
          api.PUT('/recurring-invoices/{id}', {
            params: { path: { id: template.id } },
            body,
            headers: ifMatch(template.version),
          }),
        )
      else await data(api.POST('/recurring-invoices', { body }))
      refreshRecurring(client)
      toast(template ? t.saved : t.created)
      onClose()
    },
  })
  const { values, set } = form
  const sent = useMemo(
    () => ({ lines: sentLines(values.lines), prices_include_vat: values.prices_include_vat, discount: content?.discount }),
    [values.lines, values.prices_include_vat, content?.discount],
  )
  const [asked] = useDebouncedValue(sent, 200)
  const totals = useQuery(totalsQuery(asked))
  const sums = totals.isError ? undefined : totals.data
  // The lines know their faults by their place among the lines, not in the whole of the template.
  const wrongLines = Object.fromEntries(
    Object.entries(form.errors).map(([pointer, text]) => [pointer.replace(/^\/content/, ''), text]),
  )
  return (
    <form onSubmit={form.submit} noValidate className={classes.stack}>
      <FormBanner form={form} />
      <div className={classes.fields} data-hints>
        <ContactPicker
          label={t.customer}
          value={values.contact_id}
          name={template?.contact_name ?? from?.contact?.name}
          onChange={contact_id => set({ contact_id })}
          error={form.errors['/contact_id']}
        />
        <TextInput label={t.subject} description={t.subjectHint} maxLength={200} {...form.text('title')} />
        <NativeSelect
          label={t.frequency}
          data={Object.entries(t.frequencies).map(([value, label]) => ({ value, label }))}
          value={values.frequency}
          onChange={event => set({ frequency: event.currentTarget.value as typeof values.frequency })}
        />
        <TextInput type="date" label={t.startsOn} {...form.text('starts_on')} />
        <TextInput type="date" label={t.endsOn} description={t.endsHint} {...form.text('ends_on')} />
        <TextInput label={t.maxCount} description={t.maxHint} inputMode="numeric" {...form.text('max_count')} />
        <NativeSelect
          label={t.mode}
          data={modes.filter(mode => mode === 'draft' || can('invoices.issue')).map(value => ({ value, label: t.modes[value] }))}
          value={values.mode}
          error={form.errors['/mode']}
          onChange={event => set({ mode: event.currentTarget.value === 'issue' ? 'issue' : 'draft' })}
        />
        {values.frequency !== 'weekly' && (
          <Checkbox
            label={t.endOfMonth}
            checked={values.endOfMonth}
            onChange={event => set({ endOfMonth: event.currentTarget.checked })}
          />
        )}
      </div>
      <LinesCard
        lines={values.lines}
        onChange={lines => set({ lines })}
        editable
        withVat={values.prices_include_vat}
        onWithVat={prices_include_vat => set({ prices_include_vat })}
        profile={profile}
        sums={sums}
        errors={wrongLines}
      />
      <p className={classes.push}>
        {form.errors['/content/lines'] && <span role="alert">{form.errors['/content/lines']} </span>}
        {sums && (
          <>
            {t.total} <strong className="numeric">{money(sums.gross_minor)}</strong>
          </>
        )}
      </p>
      <FormActions>
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        <Button type="submit" loading={form.busy}>
          {template ? ui.save : t.make}
        </Button>
      </FormActions>
    </form>
  )
}
