// What surrounds every page once signed in: navigation, search, the tenant, the person, running operations.
import { ActionIcon, UnstyledButton } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { startLive } from '@/api/live'
import { queryClient } from '@/api/queries'
import {
  IconAddressBook,
  IconBox,
  IconCar,
  IconCashRegister,
  IconHome,
  IconImport,
  IconKeyboard,
  IconListDetails,
  IconQuote,
  IconReceipt,
  IconSearch,
  IconSettings,
  IconTasks,
} from '@/ui/icons'
import { Monogram } from '@/ui/monogram'
import { useShortcuts } from '@/ui/shortcuts'
import { Tag } from '@/ui/tag'
import { logoUrl, useCan, useMe } from './me'
import classes from './shell.module.css'
import { t } from './text'

// Menus bring the positioning library with them; the page need not wait for it to be read.
const Menus = {
  tenant: lazy(() => import('./menus').then(part => ({ default: part.TenantMenu }))),
  user: lazy(() => import('./menus').then(part => ({ default: part.UserMenu }))),
}
const JobsTray = lazy(() => import('./jobs').then(part => ({ default: part.JobsTray })))
const Bell = lazy(() => import('./bell').then(part => ({ default: part.Bell })))
const Palette = lazy(() => import('./palette'))
const ShortcutSheet = lazy(() => import('./shortcut-sheet'))

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
          <Suspense>
            <JobsTray />
          </Suspense>
          <Suspense>
            <Bell />
          </Suspense>
          <ActionIcon
            className={classes.wideOnly}
            aria-label={t.shortcuts}
            title={`${t.shortcuts} (?)`}
            onClick={() => setHelping(true)}
          >
            <IconKeyboard size={18} aria-hidden />
          </ActionIcon>
          <Suspense fallback={<UserMark />}>
            <Menus.user />
          </Suspense>
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
  const { trade } = useMe().tenant
  const items = [
    { to: '/', label: t.nav.home, icon: IconHome, exact: true, wide: false },
    ...(can('contacts.read') ? [{ to: '/contacts', label: t.nav.contacts, icon: IconAddressBook }] : []),
    ...(can('contacts.read') ? [{ to: '/biens', label: t.nav.things[trade], icon: trade === 'garage' ? IconCar : IconBox }] : []),
    ...(can('contacts.import') ? [{ to: '/imports', label: t.nav.imports, icon: IconImport, wide: true }] : []),
    ...(can('orders.read') ? [{ to: '/devis', label: t.nav.orders, icon: IconQuote }] : []),
    ...(can('invoices.read') ? [{ to: '/factures', label: t.nav.invoices, icon: IconReceipt }] : []),
    ...(can('catalog.read') ? [{ to: '/catalogue', label: t.nav.catalog, icon: IconListDetails, wide: true }] : []),
    ...(can('invoices.read') ? [{ to: '/caisse', label: t.nav.till, icon: IconCashRegister, wide: true }] : []),
    ...(can('tasks.read') ? [{ to: '/taches', label: t.nav.tasks, icon: IconTasks }] : []),
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
          data-wide={item.wide || undefined}
        >
          <item.icon size={19} stroke={1.7} aria-hidden />
          <span>{item.label}</span>
        </Link>
      ))}
    </nav>
  )
}

function UserMark() {
  const me = useMe()
  return (
    <span className={classes.person}>
      <Monogram name={me.user.full_name} size={30} />
    </span>
  )
}

function TenantSwitch({ compact }: { compact?: boolean }) {
  const me = useMe()
  const content = (
    <>
      <Monogram
        name={me.tenant.name}
        square
        size={28}
        colour={me.tenant.accent_color ?? '#1f5fbf'}
        image={logoUrl(me.tenant.has_logo, me.tenant.id)}
      />
      <span className={classes.tenantName}>
        <span className="truncate">{me.tenant.name}</span>
        {me.features.demo && !compact && <Tag tone="info">{t.demo}</Tag>}
      </span>
    </>
  )
  const plain = <div className={classes.tenant}>{content}</div>
  if (me.tenants.length < 2) return plain
  return (
    <Suspense fallback={plain}>
      <Menus.tenant>{content}</Menus.tenant>
    </Suspense>
  )
}
