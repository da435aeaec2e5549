// The menus of the shell, loaded just after the first paint.
import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, data } from '@/api/client'
import { queryClient } from '@/api/queries'
import { locale, switchLocale } from '@/i18n'
import { IconCheck, IconLogout, IconSelector, IconShield, IconUser } from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { toastError } from '@/ui/toast'
import { useMe } from './me'
import classes from './shell.module.css'
import { SIGNED_OUT } from './signed-out'
import { roleName, t } from './text'

/** Leaves no trace of one tenant's data for the next. */
function startAfresh(to: string) {
  queryClient.clear()
  location.assign(to)
}

export function TenantMenu({ children }: { children: ReactNode }) {
  const me = useMe()
  const choose = async (id: string) => {
    try {
      await data(api.POST('/auth/switch-tenant', { body: { tenant_id: id } }))
      startAfresh('/')
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <UnstyledButton className={classes.tenant}>
          {children}
          <span className="hidden-text">{t.switchTenant}</span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {me.tenants.map(tenant => (
          <Menu.Item
            key={tenant.id}
            leftSection={<Monogram name={tenant.name} square size={24} />}
            rightSection={tenant.id === me.tenant.id && <IconCheck size={16} aria-label={t.currentTenant} />}
            onClick={() => tenant.id !== me.tenant.id && void choose(tenant.id)}
          >
            <div>{tenant.name}</div>
            <div className="muted small">{tenant.role_name}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function UserMenu() {
  const me = useMe()
  const navigate = useNavigate()
  const { colorScheme, setColorScheme } = useMantineColorScheme()

  const speak = async (next: 'fr' | 'en') => {
    try {
      await api.PATCH('/me', { body: { locale: next } })
      switchLocale(next)
    } catch (error) {
      toastError(error)
    }
  }
  const logout = async () => {
    // Whatever the server answers, this browser leaves.
    await api.POST('/auth/logout').catch(() => undefined)
    // Other tabs must not go on showing what one has signed out of.
    localStorage.setItem(SIGNED_OUT, String(Date.now()))
    startAfresh('/connexion')
  }

  return (
    <Menu width={250} withinPortal={false}>
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={`${t.userMenu} : ${me.user.full_name}`}>
          <Monogram name={me.user.full_name} size={30} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.identity}>
          <div className="truncate">{me.user.full_name}</div>
          <div className="muted small truncate">{me.user.email}</div>
          <div className="muted small truncate">{roleName(me.role)}</div>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconUser size={16} />} onClick={() => navigate({ to: '/parametres/profil' })}>
          {t.profile}
        </Menu.Item>
        <Menu.Item leftSection={<IconShield size={16} />} onClick={() => navigate({ to: '/parametres/securite' })}>
          {t.security}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.theme}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={value => setColorScheme(value as typeof colorScheme)}>
          {(['light', 'dark', 'auto'] as const).map(scheme => (
            <Menu.RadioItem key={scheme} value={scheme} closeMenuOnClick={false}>
              {scheme === 'light' ? t.light : scheme === 'dark' ? t.dark : t.system}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t.language}</Menu.Label>
        <Menu.RadioGroup value={locale} onChange={value => void speak(value === 'en' ? 'en' : 'fr')}>
          {(['fr', 'en'] as const).map(code => (
            <Menu.RadioItem key={code} value={code} lang={code}>
              {code === 'fr' ? 'Français' : 'English'}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void logout()}>
          {t.logout}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
