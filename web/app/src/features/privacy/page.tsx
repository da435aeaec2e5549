// The privacy desk: requests with their deadlines, and the register of which data are held where.
import { Button, Checkbox, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ContactPicker } from '@/app/contact-picker'
import { date } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { Card } from '@/ui/page'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './privacy.module.css'
import { Register } from './register'
import { type PrivacyRequest, RequestDialog } from './request'
import { Retention } from './retention'
import { t } from './text'

export function PrivacyDesk() {
  const [tab, setTab] = useState<keyof typeof t.tabs>('requests')
  return (
    <>
      <SegmentedControl
        aria-label={t.title}
        value={tab}
        onChange={value => setTab(value as keyof typeof t.tabs)}
        data={(['requests', 'retention', 'register'] as const).map(value => ({ value, label: t.tabs[value] }))}
        w="fit-content"
      />
      {tab === 'requests' ? <Requests /> : tab === 'retention' ? <Retention /> : <Register />}
    </>
  )
}

function Requests() {
  const [open, setOpen] = useState(false)
  const [adding, setAdding] = useState(false)
  const [shown, setShown] = useState<string>()
  const list = useInfiniteQuery({
    queryKey: ['privacy', 'requests', open],
    queryFn: ({ pageParam }) =>
      data(api.GET('/privacy/requests', { params: { query: { open: open || undefined, cursor: pageParam || undefined } } })),
    initialPageParam: '',
    getNextPageParam: page => page.next_cursor ?? undefined,
    refetchInterval: query =>
      query.state.data?.pages.some(page => page.items.some(one => one.status === 'running')) ? 2000 : false,
  })
  const rows = list.data?.pages.flatMap(page => page.items) ?? []
  const current = rows.find(row => row.id === shown)
  return (
    <Card
      title={t.requests}
      flush
      actions={
        <Button size="compact-sm" variant="default" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      }
    >
      <div className={classes.bar}>
        <p className="muted small">{t.requestsHint}</p>
        <Checkbox mt={8} label={t.onlyOpen} checked={open} onChange={event => setOpen(event.currentTarget.checked)} />
      </div>
      {list.isError ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={4} height={56} />
      ) : rows.length ? (
        <ul className={classes.list}>
          {rows.map(row => (
            <li key={row.id}>
              <button type="button" className={classes.line} onClick={() => setShown(row.id)}>
                <span className={classes.who}>
                  <strong className="truncate">
                    {row.kind && t.kinds[row.kind]} · {personOf(row)}
                  </strong>
                  <span className="muted small">
                    {t.receivedOn(date(row.received_on))}
                    {' · '}
                    {row.answered_on ? t.closedOn(date(row.answered_on)) : t.due(date(row.due_on))}
                  </span>
                </span>
                <span className={classes.tags}>
                  {row.urgency === 'late' && <Tag tone="bad">{t.late}</Tag>}
                  {row.urgency === 'soon' && <Tag tone="warn">{t.soon}</Tag>}
                  {row.status && <Tag tone={row.status === 'answered' ? 'good' : 'neutral'}>{t.status[row.status]}</Tag>}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <Empty title={t.none}>{t.noneHint}</Empty>
      )}
      {list.hasNextPage && (
        <div className={classes.bar}>
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t.more}
          </Button>
        </div>
      )}
      {adding && <AddRequest onClose={() => setAdding(false)} />}
      {current && <RequestDialog key={current.version} request={current} onClose={() => setShown(undefined)} />}
    </Card>
  )
}

const personOf = (row: PrivacyRequest) => row.person ?? (row.certificate ? t.erased : t.unknown)

function AddRequest({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { kind: 'access' as keyof typeof t.kinds, contact_id: '', person_name: '', received_on: '', details: '' },
    submit: async values => {
      const body = {
        ...values,
        contact_id: values.contact_id || undefined,
        received_on: values.received_on || undefined,
        details: values.details || undefined,
      }
      await data(api.POST('/privacy/requests', { body }))
      await client.invalidateQueries({ queryKey: ['privacy'] })
      toast(t.saved)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.add}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <Select
          label={t.kind}
          data={Object.entries(t.kinds).map(([value, label]) => ({ value, label }))}
          value={form.values.kind}
          allowDeselect={false}
          onChange={kind => kind && form.set({ kind: kind as keyof typeof t.kinds })}
        />
        <ContactPicker
          label={t.contact}
          value={form.values.contact_id}
          onChange={contact_id => form.set({ contact_id })}
          error={form.errors['/contact_id']}
        />
        <p className="muted small">{t.contactHint}</p>
        {!form.values.contact_id && <TextInput label={t.person} required {...form.text('person_name')} />}
        <TextInput label={t.received} type="date" {...form.text('received_on')} />
        <Textarea label={t.details} autosize minRows={2} maxRows={8} {...form.text('details')} />
        <FormBanner form={form} />
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {ui.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
