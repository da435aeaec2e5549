// Two contacts side by side: which one stays, and whose values win where they differ.
import { Button, Radio, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Contact } from '@/api/types'
import { fieldName, valueText } from '@/app/values'
import { ago, date } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { Banner, Failed, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toastError } from '@/ui/toast'
import classes from './merge.module.css'
import { useMerged } from './merged'
import { contactQuery } from './queries'
import { t } from './text'

/** Fields of which one value wins; lists (e-mails, phones, addresses, tags) are joined. */
const SINGLE = [
  'civility',
  'first_name',
  'last_name',
  'company_name',
  'job_title',
  'siren',
  'siret',
  'vat_number',
  'customer_kind',
  'language',
  'birthday',
  'website',
  'source',
  'description',
  'owner',
] as const

interface Choice {
  /** As the API names it. */
  take: string
  field: string
  values: [unknown, unknown]
}

const identity = (contact: Contact, list: 'emails' | 'phones') =>
  list === 'emails' ? contact.emails[0]?.email.toLowerCase() : contact.phones[0]?.phone

/** Where both have something and it differs. What only one has is kept in any case. */
function choicesOf(kept: Contact, other: Contact): Choice[] {
  const filled = (value: unknown) => value !== null && value !== undefined && value !== ''
  const differ = (a: unknown, b: unknown) => filled(a) && filled(b) && JSON.stringify(a) !== JSON.stringify(b)
  const single = SINGLE.filter(field => differ(kept[field], other[field])).map(field => ({
    take: field === 'owner' ? 'owner_id' : field,
    field,
    values: [kept[field], other[field]] as [unknown, unknown],
  }))
  const custom = Object.keys(kept.custom)
    .filter(key => differ(kept.custom[key], other.custom[key]))
    .map(key => ({
      take: `custom.${key}`,
      field: `custom.${key}`,
      values: [kept.custom[key], other.custom[key]] as [unknown, unknown],
    }))
  const primary = (['emails', 'phones'] as const)
    .filter(list => identity(kept, list) && identity(other, list) && identity(kept, list) !== identity(other, list))
    .map(list => ({
      take: list,
      field: list,
      values: [kept[list][0], other[list][0]] as [unknown, unknown],
    }))
  return [...single, ...primary, ...custom]
}

interface MergeProps {
  ids: [string, string]
  onClose: () => void
  onMerged?: (kept: string) => void
}

export default function MergeDialog({ ids, onClose, onMerged }: MergeProps) {
  const [first, second] = [useQuery(contactQuery(ids[0])), useQuery(contactQuery(ids[1]))]
  const failed = first.error ?? second.error
  return (
    <Dialog opened onClose={onClose} title={t.merge.title} size={760}>
      {failed ? (
        <Failed error={failed} />
      ) : first.data && second.data ? (
        <Compare pair={[first.data, second.data]} onClose={onClose} onMerged={onMerged} />
      ) : (
        <Loading lines={6} />
      )}
    </Dialog>
  )
}

function Compare({
  pair: latest,
  onClose,
  onMerged,
}: {
  pair: [Contact, Contact]
  onClose: () => void
  onMerged?: (kept: string) => void
}) {
  // What the person compares stays what it was when they began; a change meanwhile is refused by its version.
  const [pair] = useState(latest)
  const older = pair[0].created_at <= pair[1].created_at ? 0 : 1
  const [keptAt, setKeptAt] = useState<0 | 1>(older)
  const [taken, setTaken] = useState<string[]>([])
  const [busy, setBusy] = useState(false)
  const [stale, setStale] = useState(false)
  const { merged } = useMerged()
  const kept = pair[keptAt]
  const other = pair[keptAt ? 0 : 1]
  const choices = choicesOf(kept, other)
  if (kept.kind !== other.kind) return <Banner tone="warn">{t.merge.kinds}</Banner>
  const run = async () => {
    setBusy(true)
    setStale(false)
    try {
      const done = await data(
        api.POST('/contacts/{id}/merge', {
          params: { path: { id: kept.id } },
          body: {
            other_id: other.id,
            take: taken.filter(name => choices.some(choice => choice.take === name)),
            version: kept.version,
            other_version: other.version,
          },
        }),
      )
      onClose()
      merged(done)
      onMerged?.(kept.id)
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale_version') setStale(true)
      else toastError(error)
    } finally {
      setBusy(false)
    }
  }
  const set = (take: string, fromOther: boolean) =>
    setTaken(fromOther ? [...taken.filter(name => name !== take), take] : taken.filter(name => name !== take))
  return (
    <>
      {stale && <Banner tone="warn">{t.merge.stale}</Banner>}
      <p className="muted">{t.merge.hint}</p>
      <Radio.Group
        label={t.merge.keep}
        value={String(keptAt)}
        onChange={value => {
          setKeptAt(value === '1' ? 1 : 0)
          setTaken([])
        }}
      >
        <div className={classes.pair}>
          {pair.map((contact, at) => (
            <Radio
              key={contact.id}
              value={String(at)}
              className={classes.card}
              label={contact.display_name}
              description={
                <>
                  {[contact.emails[0]?.email, contact.phones[0]?.display, contact.addresses[0]?.city].filter(Boolean).join(' · ')}
                  <br />
                  {t.createdOn(date(contact.created_at))} · {t.lastActivity(ago(contact.last_activity_at))}
                </>
              }
            />
          ))}
        </div>
      </Radio.Group>
      {choices.length > 0 ? (
        <div className={classes.choices}>
          {choices.map(choice => (
            <Radio.Group
              key={choice.take}
              label={
                choice.field === 'emails' || choice.field === 'phones'
                  ? t.merge.primary(fieldName(choice.field))
                  : fieldName(choice.field)
              }
              value={taken.includes(choice.take) ? 'other' : 'kept'}
              onChange={value => set(choice.take, value === 'other')}
            >
              <div className={classes.pair}>
                {(['kept', 'other'] as const).map((side, at) => (
                  <Radio key={side} value={side} label={valueText(choice.values[at], choice.field)} className={classes.value} />
                ))}
              </div>
            </Radio.Group>
          ))}
        </div>
      ) : (
        <p>{t.merge.noChoice}</p>
      )}
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        <Button loading={busy} onClick={() => void run()}>
          {t.merge.verb}
        </Button>
      </div>
    </>
  )
}

/** Looks for the contact to merge with. */
export function MergeWith({
  contact,
  onClose,
  onMerged,
}: {
  contact: Contact
  onClose: () => void
  onMerged: (kept: string) => void
}) {
  const [typed, setTyped] = useState('')
  const [other, setOther] = useState<string>()
  const [asked] = useDebouncedValue(typed.trim(), 200)
  const found = useQuery({
    queryKey: ['contacts', 'merge-with', asked, contact.kind],
    queryFn: () => data(api.GET('/contacts', { params: { query: { q: asked || undefined, kind: contact.kind, limit: 12 } } })),
    placeholderData: keepPreviousData,
  })
  if (other) return <MergeDialog ids={[contact.id, other]} onClose={onClose} onMerged={onMerged} />
  return (
    <Dialog opened onClose={onClose} title={t.merge.withTitle(contact.display_name)}>
      <Select
        label={t.merge.other}
        placeholder={t.search}
        data={(found.data?.items ?? [])
          .filter(row => row.id !== contact.id)
          .map(row => ({
            value: row.id,
            label: [row.display_name, row.email ?? row.phone_display, row.city].filter(Boolean).join(' · '),
          }))}
        onSearchChange={setTyped}
        onChange={value => value && setOther(value)}
        filter={({ options }) => options}
        nothingFoundMessage={t.noMatch}
        searchable
        data-autofocus
      />
    </Dialog>
  )
}
