// What surrounds every page once signed in: navigation, search, the tenant, the person, running operations.
import { ActionIcon, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { api, data } from '@/api/client'
import { startLive } from '@/api/live'
import { queryClient } from '@/api/queries'
import { locale, switchLocale } from '@/i18n'
import {
  IconAddressBook,
  IconCheck,
  IconHome,
  IconImport,
  IconKeyboard,
  IconLogout,
  IconSearch,
  IconSelector,
  IconSettings,
  IconShield,
  IconUser,
} from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { useShortcuts } from '@/ui/shortcuts'
import { Tag } from '@/ui/tag'
import { toastError } from '@/ui/toast'
import { JobsTray } from './jobs'
import { logoUrl, useCan, useMe } from './me'
import classes from './shell.module.css'
import { roleName, t } from './text'

const Palette = lazy(() => import('./palette'))
const ShortcutSheet = lazy(() => import('./shortcut-sheet'))

/** Leaves no trace of one tenant's data for the next. */
function startAfresh(to: string) {
  queryClient.clear()
  location.assign(to)
}

export function Shell() {
  const [searching, setSearching] = useState(false)
  const [helping, setHelping] = useState(false)

  useEffect(() => startLive(queryClient), [])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setSearching(true)
      }
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
  useShortcuts({ '?': () => setHelping(true) })

  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {t.skip}
      </a>
      <aside className={classes.side}>
        <TenantSwitch />
        <Navigation />
      </aside>
      <header className={classes.top}>
        <div className={classes.topTenant}>
          <TenantSwitch compact />
        </div>
        <UnstyledButton className={classes.search} onClick={() => setSearching(true)}>
          <IconSearch size={16} aria-hidden />
          <span>{t.search}</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </UnstyledButton>
        <div className={classes.topEnd}>
          <JobsTray />
          <ActionIcon
            className={classes.wideOnly}
            aria-label={t.shortcuts}
            title={`${t.shortcuts} (?)`}
            onClick={() => setHelping(true)}
          >
            <IconKeyboard size={18} aria-hidden />
          </ActionIcon>
          <UserMenu />
        </div>
      </header>
      <main id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </main>
      <div className={classes.bottom}>
        <Navigation />
      </div>
      <Suspense>
        {searching && <Palette onClose={() => setSearching(false)} />}
        {helping && <ShortcutSheet onClose={() => setHelping(false)} />}
      </Suspense>
    </div>
  )
}

function Navigation() {
  const can = useCan()
  const items = [
    { to: '/', label: t.nav.home, icon: IconHome, exact: true },
    ...(can('contacts.read') ? [{ to: '/contacts', label: t.nav.contacts, icon: IconAddressBook }] : []),
    ...(can('contacts.import') ? [{ to: '/imports', label: t.nav.imports, icon: IconImport }] : []),
    { to: '/parametres', label: t.nav.settings, icon: IconSettings },
  ]
  return (
    <nav className={classes.nav} aria-label={t.nav.label}>
      {items.map(item => (
        <Link
          key={item.to}
          to={item.to}
          activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
          className={classes.link}
        >
          <item.icon size={19} stroke={1.7} aria-hidden />
          <span>{item.label}</span>
        </Link>
      ))}
    </nav>
  )
}

function TenantSwitch({ compact }: { compact?: boolean }) {
  const me = useMe()
  const mark = (
    <Monogram
      name={me.tenant.name}
      square
      size={28}
      colour={me.tenant.accent_color ?? '#1f5fbf'}
      image={logoUrl(me.tenant.has_logo, me.tenant.id)}
    />
  )
  const name = (
    <span className={classes.tenantName}>
      <span className="truncate">{me.tenant.name}</span>
      {me.features.demo && !compact && <Tag tone="info">{t.demo}</Tag>}
    </span>
  )
  if (me.tenants.length < 2) {
    return (
      <div className={classes.tenant}>
        {mark}
        {name}
      </div>
    )
  }
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
        <UnstyledButton className={classes.tenant} aria-label={`${t.switchTenant} : ${me.tenant.name}`}>
          {mark}
          {name}
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

function UserMenu() {
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
    startAfresh('/connexion')
  }

  return (
    <Menu width={250}>
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
        {(['light', 'dark', 'auto'] as const).map(scheme => (
          <Menu.Item
            key={scheme}
            closeMenuOnClick={false}
            rightSection={scheme === colorScheme && <IconCheck size={16} />}
            aria-current={scheme === colorScheme || undefined}
            onClick={() => setColorScheme(scheme)}
          >
            {scheme === 'light' ? t.light : scheme === 'dark' ? t.dark : t.system}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t.language}</Menu.Label>
        {(['fr', 'en'] as const).map(code => (
          <Menu.Item
            key={code}
            lang={code}
            rightSection={code === locale && <IconCheck size={16} />}
            aria-current={code === locale || undefined}
            onClick={() => void speak(code)}
          >
            {code === 'fr' ? 'Français' : 'English'}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void logout()}>
          {t.logout}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
