import { ActionIcon, Button, Menu, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import { rolesQuery } from '@/api/queries'
import type { Permission, Role, Visibility } from '@/api/types'
import { useCan } from '@/app/me'
import { roleName } from '@/app/text'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconCheck, IconDots, IconPlus } from '@/ui/icons'
import { Card, useTitle } from '@/ui/page'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import { PERMISSIONS, PermissionChecks } from './permissions'
import classes from './settings.module.css'
import { t } from './text'

export function RoleSettings() {
  useTitle(t.pages.roles)
  const can = useCan()
  const client = useQueryClient()
  const roles = useQuery(rolesQuery)
  const [editing, setEditing] = useState<Role | 'new'>()
  const [removing, setRemoving] = useState<Role>()
  const manage = can('roles.manage')
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['roles'] })
    void client.invalidateQueries({ queryKey: ['me'] })
  }
  const remove = async (role: Role) => {
    try {
      await api.DELETE('/roles/{id}', { params: { path: { id: role.id } } })
      toast(t.roleDeleted)
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  if (roles.isError) return <Failed error={roles.error} retry={() => void roles.refetch()} />
  return (
    <Card
      title={t.pages.roles}
      actions={
        manage && (
          <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing('new')}>
            {t.newRole}
          </Button>
        )
      }
    >
      <p className={classes.hint}>{t.rolesHint}</p>
      {!roles.data ? (
        <Loading lines={10} />
      ) : (
        <div className={classes.scroll} tabIndex={0} role="group" aria-label={t.pages.roles}>
          <table className={classes.matrix}>
            <thead>
              <tr>
                <th scope="col">{t.permission}</th>
                {roles.data.map(role => (
                  <th key={role.id} scope="col">
                    {roleName(role)}
                    <span className="small">{t.holders(role.member_count)}</span>
                    {manage && !role.builtin && (
                      <Menu>
                        <Menu.Target>
                          <ActionIcon size={26} aria-label={t.roleActions(role.name)}>
                            <IconDots size={16} aria-hidden />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setEditing(role)}>{t.edit}</Menu.Item>
                          <Menu.Item color="red" onClick={() => setRemoving(role)}>
                            {t.delete}
                          </Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">{t.visibility}</th>
                {roles.data.map(role => (
                  <td key={role.id}>{t.visibilities[role.visibility]}</td>
                ))}
              </tr>
              {PERMISSIONS.map(section => (
                <Fragment key={section.group}>
                  <tr className={classes.section}>
                    <th scope="rowgroup">{t.permissionGroups[section.group]}</th>
                    <td colSpan={roles.data.length} />
                  </tr>
                  {section.keys.map(key => (
                    <tr key={key}>
                      <th scope="row">{t.permissions[key]}</th>
                      {roles.data.map(role => {
                        const allowed = role.permissions.includes(key)
                        return (
                          <td key={role.id}>
                            {allowed ? <IconCheck size={17} stroke={2.2} aria-hidden /> : <span className="muted">–</span>}
                            <span className="hidden-text">{allowed ? t.allowed : t.refused}</span>
                          </td>
                        )
                      })}
                    </tr>
                  ))}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing && (
        <RoleDialog role={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} onSaved={refresh} />
      )}
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title={t.deleteRoleTitle(removing.name)}
          verb={t.delete}
          run={() => remove(removing)}
        >
          {t.deleteRoleBody}
        </Confirm>
      )}
    </Card>
  )
}

function RoleDialog({ role, onClose, onSaved }: { role?: Role; onClose: () => void; onSaved: () => void }) {
  const can = useCan()
  const form = useForm({
    initial: {
      name: role?.name ?? '',
      permissions: role?.permissions ?? (['contacts.read'] as Permission[]),
      visibility: role?.visibility ?? ('all' as Visibility),
    },
    check: (values): Record<string, string> => (values.name.trim() ? {} : { '/name': t.required }),
    submit: async values => {
      const body = { ...values, name: values.name.trim() }
      try {
        if (role)
          await data(api.PATCH('/roles/{id}', { params: { path: { id: role.id } }, body, headers: ifMatch(role.version) }))
        else await data(api.POST('/roles', { body }))
      } catch (error) {
        if (error instanceof ApiError && error.code === 'stale_version') onSaved()
        throw error
      }
      onSaved()
      onClose()
      toast(t.roleSaved)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={role ? t.editRole : t.newRole} size={560}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput label={t.roleName} required maxLength={80} data-autofocus {...form.text('name')} />
        <div>
          <div className="field-label">{t.visibility}</div>
          <SegmentedControl
            fullWidth
            aria-label={t.visibility}
            value={form.values.visibility}
            onChange={visibility => form.set({ visibility: visibility as Visibility })}
            data={(['own', 'team', 'all'] as const).map(value => ({ value, label: t.visibilities[value] }))}
          />
        </div>
        <PermissionChecks value={form.values.permissions} onChange={permissions => form.set({ permissions })} allowed={can} />
        <div className={classes.actions}>
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
