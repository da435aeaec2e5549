// The views of the list: which one is on show, what was changed in it, what can be done with it.
import { ActionIcon, Button, Menu, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { View } from '@/api/types'
import type { RecordObject } from '@/app/custom/fields'
import { useCan } from '@/app/me'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconCheck, IconChevronDown, IconDots, IconUsers } from '@/ui/icons'
import { FormBanner } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import { NONE } from './address'
import classes from './bar.module.css'
import { viewCountQuery, viewsQuery } from './queries'
import type { Kept } from './state'
import { t } from './text'

interface Props {
  object: RecordObject
  views: View[]
  active: View | undefined
  /** What the list shows, view and changes together. */
  kept: Kept
  dirty: boolean
  /** The address names a view that is not there. */
  missing: boolean
  filtered: boolean
  /** The columns on show: a new view keeps them. */
  columns: string[]
  open: (view: string) => void
  openConditions: () => void
}

export default function ViewBar(props: Props) {
  const { object, views, active, kept, dirty, missing, filtered, columns, open, openConditions } = props
  const client = useQueryClient()
  const can = useCan()
  const [naming, setNaming] = useState<'new' | 'rename'>()
  const [removing, setRemoving] = useState(false)
  const refresh = () => client.invalidateQueries({ queryKey: viewsQuery(object).queryKey })
  const mayChange = active && (active.shared ? can('views.share') : active.mine)

  const attempt = async (run: () => Promise<unknown>) => {
    try {
      await run()
    } catch (error) {
      toastError(error)
    }
  }
  const update = () =>
    attempt(async () => {
      const path = { id: active!.id }
      try {
        await data(api.PATCH('/views/{id}', { params: { path }, headers: ifMatch(active!.version), body: kept }))
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'stale_version')) throw error
        await refresh()
        return toast(t.stale)
      }
      await refresh()
      open(active!.id)
      toast(t.saved(active!.name))
    })
  const duplicate = () =>
    attempt(async () => {
      const copy = await data(api.POST('/views/{id}/duplicate', { params: { path: { id: active!.id } } }))
      await refresh()
      open(copy.id)
      toast(t.saved(copy.name))
    })
  const setDefault = (view_id: string | null) =>
    attempt(async () => {
      await api.PUT('/me/default-view', { body: { object, view_id } })
      await refresh()
    })
  const copyLink = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(location.href)
      toast(t.linkCopied)
    })

  const name = active?.name ?? t.of[object].all
  return (
    <div className={classes.bar}>
      <Menu position="bottom-start" width={320} classNames={{ dropdown: classes.menu }}>
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            className={classes.current}
            aria-label={t.choose(name)}
            rightSection={<IconChevronDown size={15} aria-hidden />}
          >
            <span className="truncate">{name}</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <ViewList object={object} views={views} active={active} open={open} />
        </Menu.Dropdown>
      </Menu>
      {active?.shared && <IconUsers size={16} className={classes.faint} aria-label={t.shared} />}
      {active && (
        <Menu position="bottom-start" width={290}>
          <Menu.Target>
            <ActionIcon size={30} aria-label={t.manage} title={t.manage}>
              <IconDots size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayChange && <Menu.Item onClick={() => setNaming('rename')}>{t.rename}</Menu.Item>}
            <Menu.Item onClick={() => void duplicate()}>{t.duplicate}</Menu.Item>
            <Menu.Item onClick={() => void copyLink()}>{t.copyLink}</Menu.Item>
            <Menu.Item onClick={() => void setDefault(active.is_default ? null : active.id)}>
              {active.is_default ? t.unmakeDefault : t.makeDefault}
            </Menu.Item>
            {mayChange && (
              <>
                <Menu.Divider />
                <Menu.Item color="red" onClick={() => setRemoving(true)}>
                  {t.remove}
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      {dirty && <Tag tone="info">{t.changed}</Tag>}
      {dirty && mayChange && (
        <Button size="compact-sm" onClick={() => void update()}>
          {t.update}
        </Button>
      )}
      {dirty ? (
        <>
          <Button size="compact-sm" variant="default" onClick={() => setNaming('new')}>
            {t.saveAs}
          </Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={() => active && open(active.id)}>
            {t.revert}
          </Button>
        </>
      ) : (
        !active &&
        filtered && (
          <Button size="compact-sm" variant="default" onClick={() => setNaming('new')}>
            {t.save}
          </Button>
        )
      )}
      {missing && (
        <p role="status" className={classes.notice}>
          {t.unknown}
        </p>
      )}
      {active && active.problems.length > 0 && !dirty && (
        <div role="status" className={classes.notice}>
          <span>
            {[...new Set(active.problems.map(problem => t.problems[problem.code] ?? problem.code))].join(' ')} {t.of[object].gone}
          </span>
          <Button size="compact-sm" variant="default" onClick={openConditions}>
            {t.mend}
          </Button>
        </div>
      )}
      {naming && (
        <NameDialog
          object={object}
          view={naming === 'rename' ? active : undefined}
          kept={{ ...kept, columns: kept.columns ?? columns }}
          onClose={() => setNaming(undefined)}
          done={async id => {
            await refresh()
            // A new name leaves unsaved changes where they are.
            if (naming === 'new') open(id)
          }}
        />
      )}
      {active && (
        <Confirm
          opened={removing}
          onClose={() => setRemoving(false)}
          title={t.removeTitle(active.name)}
          verb={t.remove}
          run={() =>
            attempt(async () => {
              await api.DELETE('/views/{id}', { params: { path: { id: active.id } } })
              open(NONE)
              await refresh()
              toast(t.removed)
            })
          }
        >
          {active.shared ? t.of[object].removeShared : t.of[object].removeOwn}
        </Confirm>
      )}
    </div>
  )
}

/** Made when the menu opens, and with it the counts. */
function ViewList({ object, views, active, open }: Pick<Props, 'object' | 'views' | 'active' | 'open'>) {
  const mine = views.filter(view => !view.shared)
  const shared = views.filter(view => view.shared)
  const item = (view: View, index: number) => (
    <Menu.Item
      key={view.id}
      aria-current={view.id === active?.id || undefined}
      onClick={() => open(view.id)}
      leftSection={view.id === active?.id ? <IconCheck size={15} aria-hidden /> : <span className={classes.mark} />}
      // Counting costs the server something: only for the first ones.
      rightSection={index < 12 ? <Count object={object} id={view.id} /> : undefined}
    >
      <span className="truncate">{view.name}</span>
      {view.is_default && <span className="muted"> · {t.isDefault}</span>}
      {view.shared && !view.mine && <span className="muted"> · {t.by(view.owner.name)}</span>}
    </Menu.Item>
  )
  return (
    <>
      <Menu.Item
        aria-current={!active || undefined}
        onClick={() => open(NONE)}
        leftSection={active ? <span className={classes.mark} /> : <IconCheck size={15} aria-hidden />}
      >
        {t.of[object].all}
      </Menu.Item>
      {mine.length > 0 && <Menu.Label>{t.mine}</Menu.Label>}
      {mine.map(item)}
      {shared.length > 0 && <Menu.Label>{t.shared}</Menu.Label>}
      {shared.map((view, index) => item(view, index + mine.length))}
      {!views.length && <p className={classes.none}>{t.none}</p>}
    </>
  )
}

function Count({ object, id }: { object: RecordObject; id: string }) {
  const { data: count } = useQuery(viewCountQuery(object, id))
  return <span className="muted numeric">{count ? `${count.count.toLocaleString()}${count.capped ? '+' : ''}` : '…'}</span>
}

interface NameProps extends Pick<Props, 'object' | 'kept'> {
  view: View | undefined
  onClose: () => void
  done: (id: string) => Promise<void>
}

function NameDialog({ object, view, kept, onClose, done }: NameProps) {
  const can = useCan()
  const form = useForm<{ name: string; shared: boolean }>({
    initial: { name: view?.name ?? '', shared: view?.shared ?? false },
    check: (values): Record<string, string> => (values.name.trim() ? {} : { '/name': t.name }),
    submit: async values => {
      const saved = view
        ? await data(
            api.PATCH('/views/{id}', { params: { path: { id: view.id } }, headers: ifMatch(view.version), body: values }),
          )
        : await data(api.POST('/views', { body: { object, ...values, ...kept } }))
      await done(saved.id)
      onClose()
      toast(t.saved(saved.name))
    },
  })
  return (
    <Dialog opened onClose={onClose} title={view ? t.rename : t.save} size={440}>
      <form onSubmit={form.submit} noValidate className={classes.form}>
        <FormBanner form={form} />
        <TextInput label={t.name} withAsterisk data-autofocus maxLength={60} {...form.text('name')} />
        <Switch
          label={t.share}
          description={can('views.share') ? t.of[object].shareHint : t.shareDenied}
          disabled={!can('views.share')}
          checked={form.values.shared}
          onChange={event => form.set({ shared: event.currentTarget.checked })}
        />
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
