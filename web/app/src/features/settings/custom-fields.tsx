// The fields that a company adds to its contacts, and to vehicles and other things.
import { ActionIcon, Button, SegmentedControl, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { CustomField, FieldImpact } from '@/api/types'
import { customFieldsQuery, type RecordObject } from '@/app/custom/fields'
import { CustomInput, sent, shown } from '@/app/custom/inputs'
import { Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconPlus, IconSortDown, IconSortUp, IconX } from '@/ui/icons'
import { Card, Fields, useTitle, Wide } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

type Kind = CustomField['kind']
type Option = CustomField['options'][number]
const KINDS = Object.keys(t.fields.kinds) as Kind[]
const OBJECTS = Object.keys(t.fields.objects) as RecordObject[]
const hasOptions = (kind: Kind) => kind === 'choice' || kind === 'choices'

/** Which records of an object a field may be on. */
function useTargets(object: RecordObject): { value: string; label: string }[] {
  const { data: kinds } = useQuery({
    queryKey: ['entities', 'kinds'],
    queryFn: () => data(api.GET('/entity-kinds')),
    enabled: object === 'entity',
  })
  const named = (names: Record<string, string>, keys: string[]) => keys.map(value => ({ value, label: names[value] ?? value }))
  if (object === 'contact') return named(t.fields.targets, ['all', 'person', 'company'])
  return [
    { value: 'all', label: t.fields.anyKind },
    ...named(
      t.fields.targets,
      (kinds?.builtin ?? []).map(({ kind }) => kind),
    ),
    ...(kinds?.own ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ]
}

export function CustomFieldSettings() {
  useTitle(t.pages.champs)
  const [object, setObject] = useState<RecordObject>('contact')
  const targets = useTargets(object)
  const client = useQueryClient()
  const fields = useQuery({
    ...customFieldsQuery,
    // Values are being prepared: the bar moves.
    refetchInterval: query =>
      query.state.data?.some(field => field.index.state === 'building' || field.index.state === 'dropping') ? 1500 : false,
  })
  const [editing, setEditing] = useState<CustomField | 'new'>()
  const [converting, setConverting] = useState<CustomField>()
  const [removing, setRemoving] = useState<CustomField>()
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: ['custom-fields'] })
    void client.invalidateQueries({ queryKey: [object === 'entity' ? 'entities' : 'contacts'] })
  }
  const all = fields.data ?? []
  const items = all.filter(field => field.object === object)
  const move = async (index: number, step: number) => {
    const next = [...items]
    const [moved] = next.splice(index, 1)
    next.splice(index + step, 0, moved!)
    // Shown at once; what the server says afterwards holds.
    client.setQueryData(customFieldsQuery.queryKey, [...all.filter(field => field.object !== object), ...next])
    try {
      await api.PUT('/custom-fields/order', { body: { object, ids: next.map(field => field.id) } })
    } catch (error) {
      toastError(error)
    }
    await refresh()
  }
  return (
    <>
      <Card
        title={t.pages.champs}
        flush
        actions={
          items.length > 0 && (
            <Button size="compact-md" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>
              {t.fields.add}
            </Button>
          )
        }
      >
        <SegmentedControl
          className={classes.switch}
          aria-label={t.fields.object}
          data={OBJECTS.map(value => ({ value, label: t.fields.objects[value] }))}
          value={object}
          onChange={value => setObject(value as RecordObject)}
        />
        {fields.isError && !items.length ? (
          <Failed error={fields.error} retry={() => void fields.refetch()} />
        ) : !fields.data ? (
          <Loading lines={4} height={52} />
        ) : items.length ? (
          <Rows label={t.pages.champs}>
            {items.map((field, index) => (
              <Row
                key={field.id}
                lead={
                  <span className={classes.order}>
                    <ActionIcon
                      size={26}
                      aria-label={t.fields.up(field.label)}
                      disabled={!index}
                      onClick={() => void move(index, -1)}
                    >
                      <IconSortUp size={14} aria-hidden />
                    </ActionIcon>
                    <ActionIcon
                      size={26}
                      aria-label={t.fields.down(field.label)}
                      disabled={index === items.length - 1}
                      onClick={() => void move(index, 1)}
                    >
                      <IconSortDown size={14} aria-hidden />
                    </ActionIcon>
                  </span>
                }
                title={field.label}
                detail={[
                  t.fields.kinds[field.kind],
                  targets.find(target => target.value === field.applies_to)?.label,
                  field.group_name,
                ]
                  .filter(Boolean)
                  .join(' · ')}
                marks={
                  <>
                    {field.required && <Tag tone="info">{t.fields.required}</Tag>}
                    <IndexMark field={field} />
                  </>
                }
                actions={
                  <>
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t.fields.editOf(field.label)}
                      onClick={() => setEditing(field)}
                    >
                      {t.edit}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t.fields.convertOf(field.label)}
                      onClick={() => setConverting(field)}
                    >
                      {t.fields.convert}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t.fields.deleteOf(field.label)}
                      onClick={() => setRemoving(field)}
                    >
                      {t.delete}
                    </Button>
                  </>
                }
              />
            ))}
          </Rows>
        ) : (
          <Empty title={t.fields.none} action={<Button onClick={() => setEditing('new')}>{t.fields.add}</Button>}>
            {t.fields.noneHints[object]}
          </Empty>
        )}
      </Card>
      {editing && (
        <FieldDialog
          field={editing === 'new' ? undefined : (items.find(field => field.id === editing.id) ?? editing)}
          object={object}
          targets={targets}
          groups={[...new Set(items.flatMap(field => field.group_name ?? []))]}
          onClose={() => setEditing(undefined)}
          saved={refresh}
        />
      )}
      {converting && <ConvertDialog field={converting} onClose={() => setConverting(undefined)} saved={refresh} />}
      {removing && <DeleteDialog field={removing} onClose={() => setRemoving(undefined)} saved={refresh} />}
    </>
  )
}

function IndexMark({ field: { index } }: { field: CustomField }) {
  if (index.state === 'ready') return <Tag tone="good">{t.fields.sortReady}</Tag>
  if (index.state === 'dropping') return <Tag>{t.fields.sortDropping}</Tag>
  if (index.state !== 'building') return null
  return <Tag tone="info">{t.fields.sortPreparing(percent(index))}</Tag>
}

const percent = ({ done, total }: CustomField['index']) => (total ? Math.floor((100 * Math.min(done, total)) / total) : 0)

/** Takes effect at once: what it starts is not part of the form. */
function SortSwitch({ field, saved }: { field: CustomField; saved: () => Promise<void> }) {
  const { state } = field.index
  // Moves under the finger; what the server says afterwards holds.
  const [asked, setAsked] = useState<boolean>()
  const toggle = async (on: boolean) => {
    setAsked(on)
    const params = { params: { path: { id: field.id } } }
    try {
      await (on ? api.POST('/custom-fields/{id}/index', params) : api.DELETE('/custom-fields/{id}/index', params))
      toast(on ? t.fields.sortAsked : t.fields.sortGone)
    } catch (error) {
      toastError(error)
    } finally {
      await saved()
      setAsked(undefined)
    }
  }
  const waiting =
    state === 'building' ? t.fields.sortPreparing(percent(field.index)) : state === 'dropping' && t.fields.sortDropping
  return (
    <Switch
      label={t.fields.sortable}
      description={waiting || t.fields.sortableHint}
      checked={asked ?? (state === 'ready' || state === 'building')}
      disabled={asked !== undefined || Boolean(waiting)}
      onChange={event => void toggle(event.currentTarget.checked)}
    />
  )
}

interface DialogProps {
  field: CustomField
  onClose: () => void
  saved: () => Promise<void>
}

interface Values {
  label: string
  kind: Kind
  applies_to: string
  options: Option[]
  required: boolean
  default_value: unknown
  help: string
  group_name: string
}

interface FieldDialogProps extends Omit<DialogProps, 'field'> {
  field?: CustomField
  object: RecordObject
  targets: { value: string; label: string }[]
  groups: string[]
}

function FieldDialog({ field, object, targets, groups, onClose, saved }: FieldDialogProps) {
  const form = useForm<Values>({
    initial: {
      label: field?.label ?? '',
      kind: field?.kind ?? 'text',
      applies_to: field?.applies_to ?? 'all',
      options: field?.options ?? [{ key: '', label: '' }],
      required: field?.required ?? false,
      default_value: field ? shown(field, field.default_value) : '',
      help: field?.help ?? '',
      group_name: field?.group_name ?? '',
    },
    check: (values): Record<string, string> => (values.label.trim() ? {} : { '/label': t.required }),
    submit: async values => {
      const options = hasOptions(values.kind) ? values.options.filter(option => option.label.trim()) : []
      const shared = {
        label: values.label.trim(),
        applies_to: values.applies_to,
        required: values.required,
        help: values.help.trim() || null,
        group_name: values.group_name.trim() || null,
        default_value: sent({ ...preview, kind: values.kind }, values.default_value),
      }
      if (field) {
        const body = { ...shared, ...(hasOptions(field.kind) && { options }) }
        await data(
          api.PATCH('/custom-fields/{id}', { params: { path: { id: field.id } }, body, headers: ifMatch(field.version) }),
        ).catch(async error => {
          // Somebody else changed it: their state is fetched, and the person looks again.
          if (error instanceof ApiError && error.code === 'stale_version') await saved()
          throw error
        })
      } else {
        await data(api.POST('/custom-fields', { body: { ...shared, object, kind: values.kind, options } }))
      }
      await saved()
      onClose()
      toast(field ? t.fields.saved : t.fields.added)
    },
  })
  const { values } = form
  const preview: CustomField = {
    id: '',
    object,
    applies_to: 'all',
    key: 'default_value',
    label: t.fields.default,
    kind: values.kind,
    options: values.options.map(option => ({ ...option, key: option.key || option.label })).filter(option => option.label.trim()),
    required: false,
    default_value: null,
    help: null,
    group_name: null,
    index: { state: 'none', done: 0, total: 0 },
    version: 0,
  }
  return (
    <Dialog opened onClose={onClose} title={field ? t.fields.editOf(field.label) : t.fields.newTitle} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <Fields>
          <TextInput label={t.fields.label} withAsterisk data-autofocus maxLength={60} {...form.text('label')} />
          {field ? (
            <TextInput label={t.fields.kind} value={t.fields.kinds[field.kind]} readOnly description={t.fields.kindFixed} />
          ) : (
            <Select
              label={t.fields.kind}
              data={KINDS.map(value => ({ value, label: t.fields.kinds[value] }))}
              value={values.kind}
              onChange={kind => form.set({ kind: (kind ?? 'text') as Kind, default_value: kind === 'choices' ? [] : '' })}
              allowDeselect={false}
              searchable
            />
          )}
          {hasOptions(values.kind) && (
            <Wide>
              <Options options={values.options} errors={form.errors} set={options => form.set({ options })} />
            </Wide>
          )}
          <Select
            label={t.fields.target}
            data={targets}
            error={form.errors['/applies_to']}
            value={values.applies_to}
            onChange={value => form.set({ applies_to: value ?? 'all' })}
            allowDeselect={false}
          />
          <TextInput
            label={t.fields.group}
            description={t.fields.groupHint}
            maxLength={60}
            list="custom-field-groups"
            {...form.text('group_name')}
          />
          <datalist id="custom-field-groups">
            {groups.map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <Wide>
            <Textarea label={t.fields.help} description={t.fields.helpHint} autosize maxLength={300} {...form.text('help')} />
          </Wide>
          {values.kind !== 'reference' && (
            <CustomInput
              field={preview}
              value={values.default_value}
              error={form.errors['/default_value']}
              set={default_value => form.set({ default_value })}
            />
          )}
        </Fields>
        <Switch
          label={t.fields.requiredLong}
          description={t.fields.requiredHint}
          checked={values.required}
          onChange={event => form.set({ required: event.currentTarget.checked })}
        />
        {field && field.index.state !== 'unavailable' && <SortSwitch field={field} saved={saved} />}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {field ? ui.save : t.fields.add}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Options({
  options,
  errors,
  set,
}: {
  options: Option[]
  errors: Record<string, string>
  set: (options: Option[]) => void
}) {
  const change = (index: number, label: string) =>
    set(options.map((option, at) => (at === index ? { ...option, label } : option)))
  return (
    <fieldset className={classes.options}>
      <legend className="field-label">{t.fields.options}</legend>
      {options.map((option, index) => (
        <div key={index} className={classes.option}>
          <TextInput
            aria-label={t.fields.option(index + 1)}
            maxLength={80}
            value={option.label}
            onChange={event => change(index, event.currentTarget.value)}
            error={errors[`/options/${index}/label`] ?? (index === 0 ? errors['/options'] : undefined)}
          />
          <ActionIcon
            size={36}
            aria-label={t.fields.removeOption(option.label || String(index + 1))}
            disabled={options.length === 1}
            onClick={() => set(options.filter((_, at) => at !== index))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="subtle"
        size="compact-sm"
        className={classes.start}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => set([...options, { key: '', label: '' }])}
      >
        {t.fields.addOption}
      </Button>
    </fieldset>
  )
}

/** What a change would cost, before it is made. */
function useImpact(field: CustomField, kind: Kind | undefined, options: Option[]) {
  const filled = options.filter(option => option.label.trim())
  return useQuery({
    queryKey: ['custom-fields', field.id, 'preview', kind ?? '', filled],
    queryFn: () =>
      data(api.POST('/custom-fields/{id}/preview', { params: { path: { id: field.id } }, body: { kind, options: filled } })),
    enabled: !kind || !hasOptions(kind) || filled.length > 0,
    staleTime: 0,
    retry: false,
  })
}

function Impact({ impact }: { impact: FieldImpact | undefined }) {
  if (!impact) return <Loading lines={2} />
  return (
    <div aria-live="polite">
      <p>{t.fields.impact(impact.with_value, impact.lost)}</p>
      {impact.examples.length > 0 && (
        <ul className={classes.examples}>
          {impact.examples.map(example => (
            <li key={example.record_id}>
              {example.record_name}
              <span className="muted"> · {example.value}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function ConvertDialog({ field, onClose, saved }: DialogProps) {
  const [kind, setKind] = useState<Kind>()
  const [options, setOptions] = useState<Option[]>(field.options.length ? field.options : [{ key: '', label: '' }])
  const impact = useImpact(field, kind, kind && hasOptions(kind) ? options : [])
  const [busy, setBusy] = useState(false)
  const convert = async () => {
    setBusy(true)
    try {
      const filled = kind && hasOptions(kind) ? options.filter(option => option.label.trim()) : []
      await api.POST('/custom-fields/{id}/convert', { params: { path: { id: field.id } }, body: { kind, options: filled } })
      await saved()
      onClose()
      toast(t.fields.converting)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog opened onClose={onClose} title={t.fields.convertOf(field.label)}>
      <Select
        label={t.fields.newKind}
        data={KINDS.filter(value => value !== field.kind).map(value => ({ value, label: t.fields.kinds[value] }))}
        value={kind ?? null}
        onChange={value => setKind((value as Kind) ?? undefined)}
        searchable
        data-autofocus
      />
      {kind && hasOptions(kind) && <Options options={options} errors={{}} set={setOptions} />}
      {kind && (impact.isError ? <Failed error={impact.error} /> : <Impact impact={impact.data} />)}
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        <Button
          color={impact.data?.lost ? 'red' : undefined}
          loading={busy}
          disabled={!kind || !impact.data}
          onClick={() => void convert()}
        >
          {t.fields.convert}
        </Button>
      </div>
    </Dialog>
  )
}

function DeleteDialog({ field, onClose, saved }: DialogProps) {
  const impact = useImpact(field, undefined, [])
  const [busy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    try {
      await api.DELETE('/custom-fields/{id}', { params: { path: { id: field.id } } })
      await saved()
      onClose()
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog opened onClose={onClose} title={t.fields.deleteTitle(field.label)}>
      {impact.isError ? <Failed error={impact.error} /> : <Impact impact={impact.data} />}
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {ui.cancel}
        </Button>
        <Button color="red" loading={busy} disabled={!impact.data} onClick={() => void remove()}>
          {t.delete}
        </Button>
      </div>
    </Dialog>
  )
}
