import { ActionIcon, Button, Menu, PasswordInput, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '@/api/client'
import { invitationsQuery, rolesQuery, usersQuery } from '@/api/queries'
import type { Invitation, User } from '@/api/types'
import { useCan, useMe } from '@/app/me'
import { InviteForm } from '@/app/tenant/invite-form'
import { roleName } from '@/app/text'
import { ago, date } from '@/i18n/format'
import { Confirm, Dialog } from '@/ui/dialog'
import { useForm } from '@/ui/form'
import { IconDots } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { Card, useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

export function TeamSettings() {
  useTitle(t.pages.equipe)
  const me = useMe()
  const can = useCan()
  const client = useQueryClient()
  const users = useQuery(usersQuery)
  const [editing, setEditing] = useState<User>()
  const [stopping, setStopping] = useState<User>()
  const [heir, setHeir] = useState<User>()
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['users'] })
    void client.invalidateQueries({ queryKey: ['roles'] })
    void client.invalidateQueries({ queryKey: ['me'] })
  }
  const setActive = async (user: User, active: boolean) => {
    const path = { params: { path: { id: user.id } } }
    try {
      await (active ? api.POST('/users/{id}/reactivate', path) : api.POST('/users/{id}/deactivate', path))
      refresh()
    } catch (error) {
      toastError(error)
    }
  }
  const manage = can('team.manage')
  const owner = me.role.key === 'owner'
  return (
    <>
      {manage && (
        <Card title={t.invite}>
          <InviteForm />
        </Card>
      )}
      {manage && <Pending />}
      <Card title={t.members} flush>
        {users.isError ? (
          <Failed error={users.error} retry={() => void users.refetch()} />
        ) : !users.data ? (
          <Loading lines={4} height={52} />
        ) : (
          <Rows label={t.members}>
            {users.data.map(user => {
              const self = user.id === me.user.id
              const away = user.status === 'deactivated'
              return (
                <Row
                  key={user.id}
                  lead={<Monogram name={user.full_name} size={32} />}
                  title={
                    <>
                      {user.full_name} {self && <span className="muted">({t.you})</span>}
                    </>
                  }
                  detail={[user.email, user.team, user.last_seen_at ? t.lastSeen(ago(user.last_seen_at)) : t.neverSeen]
                    .filter(Boolean)
                    .join(' · ')}
                  marks={
                    <>
                      <Tag tone={user.role.key === 'owner' ? 'info' : 'neutral'}>{roleName(user.role)}</Tag>
                      {away && <Tag tone="bad">{t.deactivated}</Tag>}
                    </>
                  }
                  actions={
                    manage && (
                      <Menu>
                        <Menu.Target>
                          <ActionIcon aria-label={t.memberActions(user.full_name)}>
                            <IconDots size={18} aria-hidden />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setEditing(user)}>{t.editMember}</Menu.Item>
                          {owner && !self && !away && user.role.key !== 'owner' && (
                            <Menu.Item onClick={() => setHeir(user)}>{t.transfer}</Menu.Item>
                          )}
                          {away && <Menu.Item onClick={() => void setActive(user, true)}>{t.reactivate}</Menu.Item>}
                          {!away && !self && (
                            <Menu.Item color="red" onClick={() => setStopping(user)}>
                              {t.deactivate}
                            </Menu.Item>
                          )}
                        </Menu.Dropdown>
                      </Menu>
                    )
                  }
                />
              )
            })}
          </Rows>
        )}
      </Card>
      {editing && <EditMember user={editing} onClose={() => setEditing(undefined)} onSaved={refresh} />}
      {heir && <Transfer user={heir} onClose={() => setHeir(undefined)} onDone={refresh} />}
      {stopping && (
        <Confirm
          opened
          onClose={() => setStopping(undefined)}
          title={t.deactivateTitle(stopping.full_name)}
          verb={t.deactivate}
          run={() => setActive(stopping, false)}
        >
          {t.deactivateBody}
        </Confirm>
      )}
    </>
  )
}

function Pending() {
  const client = useQueryClient()
  const { data: invitations = [] } = useQuery(invitationsQuery)
  if (!invitations.length) return null
  const act = async (invitation: Invitation, again: boolean) => {
    const path = { params: { path: { id: invitation.id } } }
    try {
      await (again ? api.POST('/invitations/{id}/resend', path) : api.DELETE('/invitations/{id}', path))
      toast(again ? t.resent(invitation.email) : t.withdrawn)
      void client.invalidateQueries({ queryKey: ['invitations'] })
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Card title={t.pending} flush>
      <Rows label={t.pending}>
        {invitations.map(invitation => (
          <Row
            key={invitation.id}
            title={invitation.email}
            detail={[
              roleName(invitation.role),
              Date.parse(invitation.expires_at) < Date.now() ? t.expired : t.expires(date(invitation.expires_at)),
            ].join(' · ')}
            actions={
              <>
                <Button size="compact-sm" variant="default" onClick={() => void act(invitation, true)}>
                  {t.resend}
                </Button>
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void act(invitation, false)}>
                  {t.withdraw}
                </Button>
              </>
            }
          />
        ))}
      </Rows>
    </Card>
  )
}

function EditMember({ user, onClose, onSaved }: { user: User; onClose: () => void; onSaved: () => void }) {
  const { data: roles = [] } = useQuery(rolesQuery)
  // Ownership moves by transfer, so that there is always exactly one decision and one password behind it.
  const offered =
    user.role.key === 'owner' ? roles.filter(role => role.key === 'owner') : roles.filter(role => role.key !== 'owner')
  const form = useForm({
    initial: { full_name: user.full_name, role_id: user.role.id, team: user.team ?? '' },
    submit: async values => {
      const body = {
        ...(values.full_name.trim() !== user.full_name ? { full_name: values.full_name.trim() } : {}),
        ...(values.role_id !== user.role.id ? { role_id: values.role_id } : {}),
        ...(values.team.trim() !== (user.team ?? '') ? { team: values.team.trim() || null } : {}),
      }
      if (Object.keys(body).length) await data(api.PATCH('/users/{id}', { params: { path: { id: user.id } }, body }))
      onSaved()
      onClose()
      toast(t.memberSaved)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={user.full_name}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <TextInput label={t.fullName} required maxLength={200} data-autofocus {...form.text('full_name')} />
        <Select
          label={t.role}
          data={offered.map(role => ({ value: role.id, label: roleName(role) }))}
          value={form.values.role_id}
          onChange={role_id => form.set({ role_id: role_id ?? user.role.id })}
          error={form.errors['/role_id']}
          allowDeselect={false}
        />
        <TextInput label={t.team} description={t.teamHint} maxLength={80} {...form.text('team')} />
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

function Transfer({ user, onClose, onDone }: { user: User; onClose: () => void; onDone: () => void }) {
  const form = useForm({
    initial: { password: '' },
    submit: async values => {
      await api.POST('/tenant/transfer-ownership', { body: { user_id: user.id, password: values.password } })
      onDone()
      onClose()
      toast(t.transferred(user.full_name))
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t.transferTitle(user.full_name)}>
      <p>{t.transferBody}</p>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <PasswordInput
          label={t.currentPassword}
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': t.passwordWords.show }}
          {...form.text('password')}
        />
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>
            {ui.cancel}
          </Button>
          <Button type="submit" color="red.8" loading={form.busy} disabled={!form.values.password}>
            {t.transfer}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
