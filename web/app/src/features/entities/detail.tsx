// One thing: its facts, its mileage, its owners without the names of the former ones, what happened.
import { ActionIcon, Button, Menu, NumberInput, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type ReactNode, Suspense, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { Entity, Fact } from '@/api/types'
import { ContactPicker } from '@/app/contact-picker'
import { CustomCards } from '@/app/custom/facts'
import { useCan, useMe } from '@/app/me'
import { FilesPanel, TasksPanel } from '@/app/slots'
import { Timeline } from '@/app/timeline'
import { date, day } from '@/i18n/format'
import { countryName } from '@/ui/country-select'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconArchive, IconArrowLeft, IconDots, IconEdit, IconGauge, IconRefresh, IconTrash, IconUser } from '@/ui/icons'
import { Card, Fields, useTitle } from '@/ui/page'
import { useShortcuts } from '@/ui/shortcuts'
import { Banner, Empty, Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './detail.module.css'
import own from './entities.module.css'
import { EditEntity, useFacts, useOwnFields } from './form'
import formClasses from './form.module.css'
import { Inspection, KindIcon } from './marks'
import { MileagePlot } from './plot'
import { entityQuery, ownersQuery, readingsQuery, timelineQuery } from './queries'
import { t } from './text'

export function EntityPage() {
  const { id } = useParams({ from: '/shell/biens/$id' })
  const entity = useQuery(entityQuery(id))
  useTitle(entity.data?.display_name)
  if (entity.isError && !entity.data) {
    const gone = entity.error instanceof ApiError && (entity.error.status === 404 || entity.error.status === 400)
    return gone ? (
      <Empty page title={ui.problems.not_found!} action={<Link to="/biens">{t.back.thing}</Link>} />
    ) : (
      <Failed error={entity.error} retry={() => void entity.refetch()} />
    )
  }
  if (!entity.data) {
    return (
      <div className={classes.page}>
        <Loading lines={8} height={56} />
      </div>
    )
  }
  return <EntityView key={id} entity={entity.data} />
}

function useSettled() {
  const client = useQueryClient()
  return (saved: Entity) => {
    client.setQueryData(entityQuery(saved.id).queryKey, saved)
    void client.invalidateQueries({ queryKey: ['entities'] })
    void client.invalidateQueries({ queryKey: ['contacts'] })
  }
}

function EntityView({ entity }: { entity: Entity }) {
  const can = useCan()
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const settled = useSettled()
  const facts = useFacts(entity.kind, entity.kind_id)
  const fields = useOwnFields(entity.kind, entity.kind_id)
  const [asking, setAsking] = useState<'edit' | 'owner' | 'reading' | 'delete'>()
  const archived = entity.archived_at !== null
  const editable = can('contacts.write') && !archived
  const path = { params: { path: { id: entity.id } } }
  useShortcuts({ e: () => setAsking('edit') }, editable)

  const restore = async () => {
    try {
      settled(await data(api.POST('/entities/{id}/restore', path)))
      toast(t.restoredToast(entity.display_name))
    } catch (error) {
      toastError(error)
    }
  }
  const archive = async () => {
    try {
      settled(await data(api.POST('/entities/{id}/archive', path)))
      toast(t.archivedToast(entity.display_name), { undo: () => void restore() })
    } catch (error) {
      toastError(error)
    }
  }
  const remove = async () => {
    try {
      await api.DELETE('/entities/{id}', path)
      await navigate({ to: '/biens' })
      client.removeQueries({ queryKey: ['entities', entity.id] })
      void client.invalidateQueries({ queryKey: ['entities'] })
      toast(t.deletedToast(entity.display_name))
    } catch (error) {
      toastError(error)
    }
  }
  const close = () => setAsking(undefined)
  return (
    <div className={classes.page}>
      <nav>
        <Link to="/biens" className={classes.back}>
          <IconArrowLeft size={16} aria-hidden />
          {me.tenant.trade === 'garage' ? t.back.vehicle : t.back.thing}
        </Link>
      </nav>
      <header className={classes.head}>
        <span className={own.mark}>
          <KindIcon kind={entity.kind} size={26} />
        </span>
        <div className={classes.who}>
          <div className={classes.name}>
            <h1>{entity.display_name}</h1>
            {entity.plate && entity.plate !== entity.display_name && <span className={own.plate}>{entity.plate}</span>}
            <Tag>{entity.kind_name ?? t.kinds[entity.kind]}</Tag>
            {archived && <Tag tone="warn">{t.archived}</Tag>}
          </div>
          <p className="muted small">{t.addedOn(date(entity.created_at))}</p>
        </div>
        <div className={classes.actions}>
          {editable && (
            <Button variant="default" leftSection={<IconEdit size={16} aria-hidden />} onClick={() => setAsking('edit')}>
              {t.edit}
            </Button>
          )}
          {(can('contacts.write') || (archived && can('contacts.delete'))) && (
            <Menu>
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label={t.moreActions}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {editable && (
                  <Menu.Item leftSection={<IconUser size={16} aria-hidden />} onClick={() => setAsking('owner')}>
                    {t.changeOwner}
                  </Menu.Item>
                )}
                {editable && (
                  <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={() => void archive()}>
                    {t.archive}
                  </Menu.Item>
                )}
                {archived && can('contacts.write') && (
                  <Menu.Item leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => void restore()}>
                    {t.restore}
                  </Menu.Item>
                )}
                {archived && can('contacts.delete') && (
                  <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setAsking('delete')}>
                    {t.delete}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
      </header>
      {archived && <Banner tone="warn">{t.archivedBanner}</Banner>}
      {entity.warnings.map(warning => (
        <Banner key={warning.field + warning.code} tone="warn">
          {t.warnings[warning.code]}
        </Banner>
      ))}
      <div className={classes.columns}>
        <div className={classes.side}>
          <Facts entity={entity} facts={facts} />
          <CustomCards
            fields={fields}
            values={entity.custom}
            edit={editable ? () => setAsking('edit') : undefined}
            list={classes.facts!}
          />
          <Owners entity={entity} change={editable ? () => setAsking('owner') : undefined} />
        </div>
        <div className={classes.main}>
          {facts.includes('mileage') && <Mileage entity={entity} add={editable ? () => setAsking('reading') : undefined} />}
          {can('tasks.read') && (
            <Suspense fallback={<Card title={t.tasks}>{null}</Card>}>
              <TasksPanel
                subject={{
                  kind: 'entity',
                  id: entity.id,
                  name:
                    entity.plate && entity.plate !== entity.display_name
                      ? `${entity.display_name} · ${entity.plate}`
                      : entity.display_name,
                }}
                editable={can('tasks.write') && !archived}
              />
            </Suspense>
          )}
          <Suspense fallback={<Card title={t.files}>{null}</Card>}>
            <FilesPanel subject={{ kind: 'entity', id: entity.id }} editable={editable} />
          </Suspense>
          <History id={entity.id} />
        </div>
      </div>
      {asking === 'edit' && <EditEntity entity={entity} onClose={close} />}
      {asking === 'owner' && <OwnerDialog entity={entity} onClose={close} />}
      {asking === 'reading' && <ReadingDialog entity={entity} onClose={close} />}
      <Confirm opened={asking === 'delete'} onClose={close} title={t.deleteTitle} verb={t.delete} run={remove}>
        {t.deleteBody(entity.display_name)}
      </Confirm>
    </div>
  )
}

function Facts({ entity, facts }: { entity: Entity; facts: Fact[] }) {
  const value = (fact: Fact): ReactNode => {
    switch (fact) {
      case 'plate':
        return (
          entity.plate &&
          (entity.plate_country && entity.plate_country !== 'FR'
            ? `${entity.plate} (${countryName(entity.plate_country)})`
            : entity.plate)
        )
      case 'energy':
        return entity.energy && t.energies[entity.energy]
      case 'inspection_due':
        return entity.inspection_due && <Inspection due={entity.inspection_due} />
      case 'first_registration':
      case 'birth_date':
        return entity[fact] && day(entity[fact])
      case 'mileage':
        return null
      default:
        return entity[fact]
    }
  }
  const label = (fact: Fact) => (fact === 'serial_number' && entity.kind === 'animal' ? t.chip : t.facts[fact])
  return (
    <Card title={t.factsTitle}>
      <dl className={classes.facts}>
        {entity.name && (
          <div>
            <dt>{t.name}</dt>
            <dd>{entity.name}</dd>
          </div>
        )}
        {facts
          .filter(fact => fact !== 'mileage')
          .map(fact => (
            <div key={fact}>
              <dt>{label(fact)}</dt>
              <dd>{value(fact) || <span className="muted">{ui.none}</span>}</dd>
            </div>
          ))}
      </dl>
      {entity.description && <p className={own.description}>{entity.description}</p>}
    </Card>
  )
}

function Owners({ entity, change }: { entity: Entity; change?: () => void }) {
  const owners = useQuery(ownersQuery(entity.id))
  const items = owners.data ?? []
  return (
    <Card title={t.ownersTitle}>
      {owners.isError && !items.length ? (
        <Failed error={owners.error} retry={() => void owners.refetch()} />
      ) : owners.isPending ? (
        <Loading lines={1} height={36} />
      ) : items.length ? (
        <ul className={own.things}>
          {items.map(item => (
            <li key={item.id}>
              {item.contact ? (
                <Link to="/contacts/$id" params={{ id: item.contact.id }} className="truncate">
                  {item.contact.name}
                </Link>
              ) : (
                <span className="muted" title={t.formerOwnerHint}>
                  {t.formerOwner}
                </span>
              )}
              <span className={`${own.end} muted small`}>
                {item.until ? t.span(day(item.since), day(item.until)) : t.since(day(item.since))}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">{t.noOwner}</p>
      )}
      {change && (
        <Button variant="subtle" size="compact-sm" onClick={change}>
          {t.changeOwner}
        </Button>
      )}
    </Card>
  )
}

const FEW = 5

function Mileage({ entity, add }: { entity: Entity; add?: () => void }) {
  const readings = useQuery(readingsQuery(entity.id))
  const [all, setAll] = useState(false)
  const items = readings.data ?? []
  return (
    <Card
      title={t.mileageTitle}
      actions={
        add && (
          <Button size="compact-sm" variant="default" leftSection={<IconGauge size={15} aria-hidden />} onClick={add}>
            {t.addReading}
          </Button>
        )
      }
    >
      {readings.isError && !items.length ? (
        <Failed error={readings.error} retry={() => void readings.refetch()} />
      ) : readings.isPending ? (
        <Loading lines={3} />
      ) : items.length ? (
        <>
          {entity.mileage !== null && (
            <p>
              <span className={own.big}>{t.km(entity.mileage)}</span>{' '}
              {entity.mileage_on && <span className="muted small">{t.readOn(day(entity.mileage_on))}</span>}
            </p>
          )}
          <MileagePlot readings={items} />
          <table className={own.readings} aria-label={t.readings}>
            <thead>
              <tr>
                <th scope="col">{t.readingDay}</th>
                <th scope="col">{t.mileageTitle}</th>
              </tr>
            </thead>
            <tbody>
              {(all ? items : items.slice(0, FEW)).map(item => (
                <tr key={item.id}>
                  <td>
                    {day(item.on)} {item.reason && <Tag tone="warn">{item.reason}</Tag>}
                  </td>
                  <td>{t.km(item.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {items.length > FEW && (
            <Button variant="subtle" size="compact-sm" mt={6} onClick={() => setAll(!all)} aria-expanded={all}>
              {all ? t.fewerReadings : t.allReadings(items.length)}
            </Button>
          )}
        </>
      ) : (
        <p className="muted">{t.mileageNone}</p>
      )}
    </Card>
  )
}

function History({ id }: { id: string }) {
  const timeline = useInfiniteQuery(timelineQuery(id))
  const items = timeline.data?.pages.flatMap(page => page.items) ?? []
  return (
    <Card title={t.history}>
      {timeline.isError && !items.length ? (
        <Failed error={timeline.error} retry={() => void timeline.refetch()} />
      ) : timeline.isPending ? (
        <Loading lines={5} />
      ) : items.length ? (
        <Timeline items={items} />
      ) : (
        <p className="muted">{t.historyEmpty}</p>
      )}
      {timeline.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          mt={8}
          loading={timeline.isFetchingNextPage}
          onClick={() => void timeline.fetchNextPage()}
        >
          {ui.more}
        </Button>
      )}
    </Card>
  )
}

function OwnerDialog({ entity, onClose }: { entity: Entity; onClose: () => void }) {
  const settled = useSettled()
  const form = useForm({
    initial: { contact_id: '', on: '' },
    submit: async values => {
      const saved = await data(
        api.POST('/entities/{id}/owner', {
          params: { path: { id: entity.id } },
          body: { contact_id: (values.contact_id || null) as string, on: values.on || null },
          headers: ifMatch(entity.version),
        }),
      )
      settled(saved)
      onClose()
      toast(t.ownerChanged)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.changeOwner}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <ContactPicker
          label={t.newOwner}
          value={form.values.contact_id}
          onChange={contact_id => form.set({ contact_id })}
          error={form.errors['/contact_id']}
        />
        <TextInput type="date" label={t.changeOn} {...form.text('on')} />
        <p className="muted small">{t.ownerHint}</p>
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {form.values.contact_id ? t.changeOwner : t.nobody}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function ReadingDialog({ entity, onClose }: { entity: Entity; onClose: () => void }) {
  const settled = useSettled()
  const form = useForm({
    initial: { value: '', on: '', reason: '' },
    check: (values): Record<string, string> => (values.value === '' ? { '/value': t.empty } : {}),
    submit: async values => {
      const saved = await data(
        api.POST('/entities/{id}/readings', {
          params: { path: { id: entity.id } },
          body: { value: Number(values.value), on: values.on || null, reason: values.reason.trim() || null },
        }),
      )
      settled(saved)
      onClose()
      toast(t.readingAdded)
    },
  })
  const falls = entity.mileage !== null && form.values.value !== '' && Number(form.values.value) < entity.mileage
  return (
    <Dialog opened onClose={onClose} title={t.addReading}>
      <form onSubmit={form.submit} noValidate className={formClasses.stack}>
        <FormBanner form={form} />
        <Fields>
          <NumberInput
            data-autofocus
            label={t.readingValue}
            description={entity.mileage !== null ? t.km(entity.mileage) : undefined}
            suffix=" km"
            thousandSeparator=" "
            allowDecimal={false}
            allowNegative={false}
            hideControls
            max={9_999_999}
            value={form.values.value}
            onChange={value => form.set({ value: String(value) })}
            error={form.errors['/value']}
          />
          <TextInput type="date" label={t.readingDay} description=" " {...form.text('on')} />
        </Fields>
        {(falls || form.errors['/reason'] || form.values.reason) && (
          <TextInput label={t.readingReason} placeholder={t.readingReasonHint} maxLength={200} {...form.text('reason')} />
        )}
        <div className={formClasses.foot}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t.addReading}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
