// A decision: who said what, through which channel, for which purpose, and where the proof is.
import { Button, Checkbox, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { ConsentChannel, ConsentPurpose, ConsentSource } from '@/api/types'
import { dayStart, localInput } from '@/i18n/format'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { FormActions } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './consents.module.css'
import { CHANNELS, consentsQuery, PURPOSES, refreshConsents, wordingsQuery } from './queries'
import { t } from './text'

const today = () => localInput(new Date().toISOString()).slice(0, 10)

interface Values {
  granted: boolean
  channels: ConsentChannel[]
  purposes: ConsentPurpose[]
  source: ConsentSource
  reference: string
  given_at: string
  after_opposition: boolean
}

interface Props {
  contact: { id: string; name: string }
  start: { channel?: ConsentChannel; purpose?: ConsentPurpose; granted?: boolean }
  onClose: () => void
}

export default function RecordConsent({ contact, start, onClose }: Props) {
  const client = useQueryClient()
  const wordings = useQuery(wordingsQuery).data
  const states = useQuery(consentsQuery(contact.id)).data
  const [refused, setRefused] = useState(false)
  const form = useForm<Values>({
    initial: {
      granted: start.granted ?? true,
      channels: start.channel ? [start.channel] : [],
      purposes: start.purpose ? [start.purpose] : [],
      source: 'in_person',
      reference: '',
      given_at: today(),
      after_opposition: false,
    },
    submit: async values => {
      const { given_at, reference, after_opposition, ...rest } = values
      try {
        await data(
          api.POST('/contacts/{id}/consents', {
            params: { path: { id: contact.id } },
            body: {
              ...rest,
              reference: reference || null,
              // A day says no hour: today is now, another day its beginning.
              given_at: given_at && given_at !== today() ? dayStart(given_at) : null,
              after_opposition: values.granted && after_opposition,
            },
          }),
        )
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) setRefused(true)
        throw error
      }
      refreshConsents(client, contact.id)
      onClose()
      toast(t.saved)
    },
    shows: pointer => /^\/(channels|purposes|reference|given_at)/.test(pointer),
  })
  const { values } = form
  const opposed =
    refused ||
    states?.some(
      state => state.status === 'withdrawn' && values.channels.includes(state.channel) && values.purposes.includes(state.purpose),
    )
  const error = (name: string) => Object.entries(form.errors).find(([pointer]) => pointer.startsWith(`/${name}`))?.[1]
  return (
    <Dialog opened onClose={onClose} title={`${t.record} · ${contact.name}`} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <SegmentedControl
          aria-label={t.decision}
          value={values.granted ? 'granted' : 'withdrawn'}
          onChange={value => form.set({ granted: value === 'granted' })}
          data={(['granted', 'withdrawn'] as const).map(value => ({ value, label: t.decisions[value] }))}
        />
        <Checkbox.Group
          label={t.byChannels}
          value={values.channels}
          onChange={channels => form.set({ channels: channels as ConsentChannel[] })}
          error={error('channels')}
        >
          <div className={classes.checks}>
            {CHANNELS.map(channel => (
              <Checkbox key={channel} value={channel} label={t.channels[channel]} />
            ))}
          </div>
        </Checkbox.Group>
        <Checkbox.Group
          label={t.forPurposes}
          value={values.purposes}
          onChange={purposes => form.set({ purposes: purposes as ConsentPurpose[] })}
          error={error('purposes')}
        >
          <div className={classes.checks}>
            {PURPOSES.map(purpose => (
              <Checkbox key={purpose} value={purpose} label={t.purposes[purpose]} />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label={t.source}
          data={Object.entries(t.sources).map(([value, label]) => ({ value, label }))}
          value={values.source}
          onChange={source => source && form.set({ source: source as ConsentSource })}
          allowDeselect={false}
        />
        <TextInput label={t.reference} description={t.referenceHint} maxLength={200} {...form.text('reference')} />
        <TextInput type="date" label={t.givenAt} max={today()} maw={220} {...form.text('given_at')} />
        {values.granted &&
          values.purposes.map(purpose => {
            const wording = wordings?.find(item => item.purpose === purpose)
            return (
              wording && (
                <blockquote key={purpose} className={classes.wording}>
                  {wording.body}
                </blockquote>
              )
            )
          })}
        {values.granted && opposed && (
          <Checkbox
            label={t.afterOpposition}
            checked={values.after_opposition}
            onChange={event => form.set({ after_opposition: event.currentTarget.checked })}
          />
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  )
}
