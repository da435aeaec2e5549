// The fields of a thing, the same for creating and for editing. Which facts show depends on its kind.
import { Button, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { CustomField, Entity, EntityIn, EntityKind, Fact } from '@/api/types'
import { ContactPicker } from '@/app/contact-picker'
import { type CustomValues, useCustomFields } from '@/app/custom/fields'
import { begun, CustomInputs, changed as changedOf } from '@/app/custom/inputs'
import { useMe } from '@/app/me'
import { CountrySelect } from '@/ui/country-select'
import { Dialog } from '@/ui/dialog'
import { type Form, Refused, useForm } from '@/ui/form'
import { Fields, Wide } from '@/ui/page'
import { FormBanner } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import formClasses from './form.module.css'
import { entityQuery, kindsQuery } from './queries'
import { t } from './text'

const TEXTS = [
  'name',
  'plate',
  'plate_country',
  'vin',
  'make',
  'model',
  'energy',
  'first_registration',
  'inspection_due',
  'serial_number',
  'species',
  'breed',
  'birth_date',
  'address',
  'description',
] as const
type TextKey = (typeof TEXTS)[number]
type Values = Record<TextKey, string> & {
  kind: EntityKind
  kind_id: string
  contact_id: string
  mileage: string
  /** Of the tenant's own fields, as their controls hold them. */
  custom: CustomValues
}

function valuesOf(entity: Entity, fields: CustomField[]): Values {
  const texts = Object.fromEntries(TEXTS.map(key => [key, entity[key] ?? ''])) as Record<TextKey, string>
  return {
    ...texts,
    kind: entity.kind,
    kind_id: entity.kind_id ?? '',
    contact_id: '',
    mileage: '',
    custom: begun(fields, entity.custom),
  }
}

const changed = (before: Values, after: Values) =>
  Object.fromEntries(TEXTS.filter(key => before[key].trim() !== after[key].trim()).map(key => [key, after[key].trim() || null]))

/** The tenant's own fields that a thing of this kind has. */
export const useOwnFields = (kind: EntityKind, kindId: string | null) =>
  useCustomFields('entity', kind === 'custom' ? kindId || 'custom' : kind)

/** The facts that a thing of this kind has, as the server says. */
export function useFacts(kind: EntityKind, kindId: string | null): Fact[] {
  const { data: kinds } = useQuery(kindsQuery)
  if (kind === 'custom') return kinds?.own.find(own => own.id === kindId)?.facts ?? []
  return kinds?.builtin.find(builtin => builtin.kind === kind)?.facts ?? []
}

function FactFields({ form }: { form: Form<Values> }) {
  const { values } = form
  const facts = useFacts(values.kind, values.kind_id)
  const own = useOwnFields(values.kind, values.kind_id)
  const has = (fact: Fact) => facts.includes(fact)
  const line = (fact: Fact & TextKey, label: string = t.facts[fact]) =>
    has(fact) && <TextInput key={fact} label={label} maxLength={120} autoComplete="off" {...form.text(fact)} />
  const date = (fact: Fact & TextKey) =>
    has(fact) && <TextInput key={fact} type="date" label={t.facts[fact]} {...form.text(fact)} />
  return (
    <>
      <Fields>
        {has('plate') && (
          <>
            <TextInput
              label={t.facts.plate}
              placeholder={t.plateHint}
              maxLength={20}
              autoComplete="off"
              autoCapitalize="characters"
              {...form.text('plate')}
            />
            <CountrySelect
              label={t.plateCountry}
              value={values.plate_country || 'FR'}
              onChange={plate_country => form.set({ plate_country })}
              error={form.errors['/plate_country']}
            />
          </>
        )}
        {line('make')}
        {line('model')}
        {line('species')}
        {line('breed')}
        {has('vin') && <TextInput label={t.facts.vin} maxLength={20} autoComplete="off" {...form.text('vin')} />}
        {line('serial_number', values.kind === 'animal' ? t.chip : t.facts.serial_number)}
        {has('energy') && (
          <Select
            label={t.facts.energy}
            data={Object.entries(t.energies).map(([value, label]) => ({ value, label }))}
            value={values.energy || null}
            onChange={energy => form.set({ energy: energy ?? '' })}
            error={form.errors['/energy']}
            clearable
            clearButtonProps={{ 'aria-label': t.empty }}
          />
        )}
        {date('first_registration')}
        {date('inspection_due')}
        {date('birth_date')}
        {has('address') && (
          <Wide>
            <TextInput label={t.facts.address} maxLength={300} autoComplete="off" {...form.text('address')} />
          </Wide>
        )}
        <Wide>
          <TextInput label={t.name} description={t.nameHint} maxLength={120} autoComplete="off" {...form.text('name')} />
        </Wide>
        <Wide>
          <Textarea label={t.description} autosize minRows={2} maxRows={8} maxLength={5000} {...form.text('description')} />
        </Wide>
      </Fields>
      <CustomInputs
        fields={own}
        // What was not touched begins with its default; the fields depend on the kind, which may change.
        values={{ ...begun(own), ...values.custom }}
        errors={form.errors}
        set={custom => form.set({ custom })}
      />
    </>
  )
}

/** What a new thing of its kind sends: a default that was cleared is sent as nothing. */
function creationOf(fields: CustomField[], { kind, kind_id, custom }: Values): CustomValues {
  const kindOf = kind === 'custom' ? kind_id : kind
  const own = fields.filter(field => field.applies_to === 'all' || field.applies_to === kindOf)
  return changedOf(own, begun(own), { ...begun(own), ...custom })
}

interface CreateProps {
  onClose: () => void
  /** The owner, when it is known from where one comes. */
  contact?: { id: string; name: string }
}

export default function CreateEntity({ onClose, contact }: CreateProps) {
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: kinds } = useQuery(kindsQuery)
  const trade = me.tenant.trade
  const fields = useCustomFields('entity')
  const form = useForm<Values>({
    initial: {
      ...(Object.fromEntries(TEXTS.map(key => [key, ''])) as Record<TextKey, string>),
      kind: trade === 'hotel' || trade === 'restaurant' ? 'equipment' : 'vehicle',
      kind_id: '',
      contact_id: contact?.id ?? '',
      mileage: '',
      custom: {},
    },
    submit: async values => {
      const texts = TEXTS.map(key => [key, values[key].trim()]).filter(([, value]) => value)
      const body = {
        ...Object.fromEntries(texts),
        kind: values.kind,
        kind_id: values.kind_id || undefined,
        contact_id: values.contact_id || undefined,
        mileage: values.mileage ? Number(values.mileage) : undefined,
        custom: creationOf(fields, values),
      } as EntityIn
      const made = await data(api.POST('/entities', { body }))
      void client.invalidateQueries({ queryKey: ['entities'] })
      void client.invalidateQueries({ queryKey: ['contacts'] })
      toast(t.created(made.display_name))
      await navigate({ to: '/biens/$id', params: { id: made.id } })
    },
  })
  const { values } = form
  const facts = useFacts(values.kind, values.kind_id)
  const choices = [
    ...(kinds?.builtin ?? []).map(({ kind }) => ({ value: kind as string, label: t.kinds[kind] })),
    ...(kinds?.own ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ]
  return (
    <Dialog opened onClose={onClose} title={t.createTitle} size={640}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <Fields>
          <Select
            label={t.kind}
            data={choices}
            value={values.kind === 'custom' ? values.kind_id : values.kind}
            onChange={value => {
              const own = kinds?.own.find(kind => kind.id === value)
              form.set(own ? { kind: 'custom', kind_id: own.id } : { kind: (value ?? 'vehicle') as EntityKind, kind_id: '' })
            }}
            allowDeselect={false}
            error={form.errors['/kind'] ?? form.errors['/kind_id']}
          />
          <ContactPicker
            label={t.owner}
            value={values.contact_id}
            name={contact?.name}
            onChange={contact_id => form.set({ contact_id })}
            error={form.errors['/contact_id']}
          />
        </Fields>
        <FactFields form={form} />
        {facts.includes('mileage') && (
          <NumberInput
            label={t.facts.mileage}
            suffix=" km"
            thousandSeparator=" "
            allowDecimal={false}
            allowNegative={false}
            hideControls
            max={9_999_999}
            value={values.mileage}
            onChange={value => form.set({ mileage: String(value) })}
            error={form.errors['/mileage']}
          />
        )}
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.create}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function EditEntity({ entity, onClose }: { entity: Entity; onClose: () => void }) {
  const client = useQueryClient()
  // What the person saw when opening: a live update must not move the fields.
  const [base] = useState(entity)
  const version = useRef(entity.version)
  const fields = useOwnFields(base.kind, base.kind_id)
  const form = useForm<Values>({
    initial: valuesOf(base, fields),
    submit: async values => {
      const path = { path: { id: base.id } }
      const before = valuesOf(base, fields)
      try {
        const saved = await data(
          api.PATCH('/entities/{id}', {
            params: path,
            body: { ...changed(before, values), custom: changedOf(fields, before.custom, values.custom) } as EntityIn,
            headers: ifMatch(version.current),
          }),
        )
        client.setQueryData(entityQuery(base.id).queryKey, saved)
        void client.invalidateQueries({ queryKey: ['entities'] })
        onClose()
        toast(t.saved)
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'stale_version') throw error
        version.current = (await data(api.GET('/entities/{id}', { params: path }))).version
        throw new Refused({ stale: t.stale })
      }
    },
    shows: pointer => pointer !== 'stale' && pointer.split('/')[1]! in valuesOf(base, fields),
  })
  return (
    <Dialog opened onClose={onClose} title={t.editTitle} size={640}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <FactFields form={form} />
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
