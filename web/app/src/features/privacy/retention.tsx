// How long contacts are kept: the terms, who is beyond them, and what is decided about each.
import { Button, Checkbox, NumberInput, SegmentedControl, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import type { components } from '@/api/schema'
import { followJob } from '@/app/jobs'
import { useCan } from '@/app/me'
import { date } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { Card } from '@/ui/page'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './privacy.module.css'
import { t } from './text'

type Terms = components['schemas']['Retention']
type Category = components['schemas']['RetentionCategory']

export function Retention() {
  const terms = useQuery({ queryKey: ['privacy', 'retention'], queryFn: () => data(api.GET('/privacy/retention')) })
  if (terms.isError) return <Failed error={terms.error} retry={() => void terms.refetch()} />
  if (!terms.data) return <Loading lines={6} />
  return (
    <>
      <TermsForm key={terms.data.version} terms={terms.data} />
      <Due terms={terms.data} />
    </>
  )
}

function TermsForm({ terms }: { terms: Terms }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { prospect_months: terms.prospect_months, client_months: terms.client_months },
    submit: async body => {
      await data(api.PUT('/privacy/retention', { body, headers: ifMatch(terms.version) }))
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.retentionSaved)
    },
  })
  const months = (key: 'prospect_months' | 'client_months', label: string) => (
    <NumberInput
      label={label}
      min={6}
      max={120}
      allowDecimal={false}
      value={form.values[key]}
      error={form.errors[`/${key}`]}
      onChange={value => form.set({ [key]: Number(value) || 0 })}
    />
  )
  return (
    <Card title={t.retention}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <p className="muted small">{t.retentionHint}</p>
        <div className={classes.pair}>
          {months('prospect_months', t.prospectMonths)}
          {months('client_months', t.clientMonths)}
        </div>
        <FormBanner form={form} />
        <div className={classes.foot}>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function Due({ terms }: { terms: Terms }) {
  const can = useCan()
  const [category, setCategory] = useState<Category>('prospect')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [keeping, setKeeping] = useState(false)
  const [erasing, setErasing] = useState<'all' | 'chosen'>()
  const list = useInfiniteQuery({
    queryKey: ['privacy', 'retention', category],
    queryFn: ({ pageParam }) =>
      data(api.GET('/privacy/retention/contacts', { params: { query: { category, cursor: pageParam || undefined } } })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
  })
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  const total = category === 'prospect' ? terms.prospects_due : terms.clients_due
  const picked = rows.filter(row => chosen.has(row.id)).map(row => row.id)
  const all = picked.length === rows.length && rows.length > 0
  const done = () => {
    setChosen(new Set())
    setKeeping(false)
    setErasing(undefined)
  }
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return (
    <Card
      title={t.dueTitle}
      flush
      actions={
        total > 0 && total <= 10000 && can('contacts.delete') ? (
          <Button size="compact-sm" variant="default" onClick={() => setErasing('all')}>
            {t.eraseAll(t.count(total))}
          </Button>
        ) : undefined
      }
    >
      <div className={classes.bar}>
        <p className="muted small">
          {t.dueHint} {t.keptNow(terms.kept)}
        </p>
        <SegmentedControl
          mt={8}
          aria-label={t.dueTitle}
          value={category}
          onChange={value => {
            setCategory(value as Category)
            setChosen(new Set())
          }}
          data={(['prospect', 'client'] as const).map(value => ({
            value,
            label: `${t.dueCategories[value]} (${t.count(value === 'prospect' ? terms.prospects_due : terms.clients_due)})`,
          }))}
        />
        {rows.length > 0 && (
          <div className={classes.choose}>
            <Checkbox
              label={picked.length ? t.selected(picked.length) : t.selectAll}
              checked={all}
              indeterminate={picked.length > 0 && !all}
              onChange={() => setChosen(all ? new Set() : new Set(rows.map(row => row.id)))}
            />
            {picked.length > 0 && (
              <>
                <Button size="compact-sm" variant="default" onClick={() => setKeeping(true)}>
                  {t.keepLonger}
                </Button>
                {can('contacts.delete') && (
                  <Button size="compact-sm" color="red.8" onClick={() => setErasing('chosen')}>
                    {t.eraseSelected}
                  </Button>
                )}
              </>
            )}
          </div>
        )}
      </div>
      {list.isError ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={4} height={56} />
      ) : rows.length ? (
        <ul className={classes.list}>
          {rows.map(row => (
            <li key={row.id} className={classes.pick}>
              <Checkbox aria-label={row.name} checked={chosen.has(row.id)} onChange={() => toggle(row.id)} />
              <span className={classes.who}>
                <Link to="/contacts/$id" params={{ id: row.id }} className="truncate">
                  {row.name}
                </Link>
                <span className="muted small">
                  {[row.email, row.city, t.lastSign(date(row.last_sign_at))].filter(Boolean).join(' · ')}
                </span>
              </span>
              {row.archived && <Tag tone="neutral">{t.archived}</Tag>}
            </li>
          ))}
        </ul>
      ) : (
        <Empty title={t.dueNone}>{t.dueNoneHint}</Empty>
      )}
      {list.hasNextPage && (
        <div className={classes.bar}>
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
      {keeping && <Keep ids={picked} onClose={() => setKeeping(false)} onDone={done} />}
      {erasing && (
        <EraseDue
          category={category}
          ids={erasing === 'chosen' ? picked : undefined}
          count={erasing === 'chosen' ? picked.length : total}
          onClose={() => setErasing(undefined)}
          onDone={done}
        />
      )}
    </Card>
  )
}

function Keep({ ids, onClose, onDone }: { ids: string[]; onClose: () => void; onDone: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { months: 12, reason: '' },
    submit: async values => {
      const { kept } = await data(api.POST('/privacy/retention/keep', { body: { ids, ...values } }))
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.keepDone(kept))
      onDone()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.keepTitle(ids.length)}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <NumberInput
          label={t.keepMonths}
          min={1}
          max={36}
          allowDecimal={false}
          value={form.values.months}
          error={form.errors['/months']}
          onChange={value => form.set({ months: Number(value) || 0 })}
        />
        <TextInput label={t.keepReason} description={t.keepReasonHint} required {...form.text('reason')} />
        <FormBanner form={form} />
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.values.reason.trim()}>
            {t.keepLonger}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface EraseProps {
  category: Category
  /** All of the category where it is absent. */
  ids?: string[]
  count: number
  onClose: () => void
  onDone: () => void
}

function EraseDue({ category, ids, count, onClose, onDone }: EraseProps) {
  const client = useQueryClient()
  const form = useForm({
    initial: { confirm: '' },
    submit: async () => {
      followJob(await data(api.POST('/privacy/retention/erase', { body: { category, ids, except: [], confirm: count } })))
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.started)
      onDone()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.eraseDueTitle(count)}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <p>{t.eraseDueBody}</p>
        <TextInput label={t.typeCount(count)} inputMode="numeric" autoComplete="off" {...form.text('confirm')} />
        <FormBanner form={form} />
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" color="red.8" loading={form.busy} disabled={form.values.confirm.trim() !== String(count)}>
            {ids ? t.eraseSelected : t.eraseAll(t.count(count))}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
