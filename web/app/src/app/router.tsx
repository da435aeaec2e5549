// The map of the application. A route's code and words load when it is first visited; hovering a link is enough to start.

import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
} from '@tanstack/react-router'
import { ApiError } from '@/api/problem'
import { homeQuery, meQuery, queryClient } from '@/api/queries'
import type { Me, Permission } from '@/api/types'
import { orderSearch } from '@/features/billing/orders/search'
import { invoiceSearch } from '@/features/billing/search'
import { contactSearch } from '@/features/contacts/filters'
import { entitySearch } from '@/features/entities/filters'
import { taskSearch } from '@/features/tasks/search'
import { switchLocale } from '@/i18n'
import { setTimeZone } from '@/i18n/format'
import { Empty, Failed } from '@/ui/states'
import { ButtonLink } from './button-link'
import { Shell } from './shell'
import { t } from './text'

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined)

/** Only a path of ours: a full address here would send people elsewhere after signing in. */
const ownPath = (value: unknown) => (typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined)

async function signedIn(href: string): Promise<Me> {
  try {
    const me = await queryClient.ensureQueryData(meQuery)
    setTimeZone(me.tenant.time_zone)
    switchLocale(me.user.locale)
    return me
  } catch (error) {
    if (error instanceof ApiError && error.status === 401)
      throw redirect({ to: '/connexion', search: href === '/' ? {} : { suite: href } })
    throw error
  }
}

const root = createRootRoute({ component: Outlet, notFoundComponent: () => <main>{NotFound()}</main>, errorComponent: Alone })

const auth = createRoute({
  getParentRoute: () => root,
  id: 'auth',
  component: lazyRouteComponent(() => import('@/features/auth/layout'), 'AuthLayout'),
})
const authPages = [
  createRoute({
    getParentRoute: () => auth,
    path: '/connexion',
    validateSearch: (search): { suite?: string } => ({ suite: ownPath(search.suite) }),
    component: lazyRouteComponent(() => import('@/features/auth/login'), 'Login'),
  }),
  createRoute({
    getParentRoute: () => auth,
    path: '/inscription',
    component: lazyRouteComponent(() => import('@/features/auth/signup'), 'Signup'),
  }),
  createRoute({
    getParentRoute: () => auth,
    path: '/verifier-email',
    validateSearch: (search): { token?: string; email?: string } => ({ token: text(search.token), email: text(search.email) }),
    component: lazyRouteComponent(() => import('@/features/auth/verify'), 'VerifyEmail'),
  }),
  createRoute({
    getParentRoute: () => auth,
    path: '/mot-de-passe-oublie',
    component: lazyRouteComponent(() => import('@/features/auth/forgotten'), 'Forgotten'),
  }),
  createRoute({
    getParentRoute: () => auth,
    path: '/reinitialiser',
    validateSearch: (search): { token?: string } => ({ token: text(search.token) }),
    component: lazyRouteComponent(() => import('@/features/auth/forgotten'), 'Reset'),
  }),
  createRoute({
    getParentRoute: () => auth,
    path: '/invitation/$token',
    component: lazyRouteComponent(() => import('@/features/auth/invitation'), 'Invitation'),
  }),
] as const

const onboarding = createRoute({
  getParentRoute: () => root,
  path: '/bienvenue',
  beforeLoad: ({ location }) => signedIn(location.href).then(() => undefined),
  component: lazyRouteComponent(() => import('@/features/onboarding/page'), 'Onboarding'),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ location }) => ({ me: await signedIn(location.href) }),
  component: Shell,
  errorComponent: Alone,
})

/** The server refuses anyway; this keeps people from a page that would be empty for them. */
function needs(permission: Permission) {
  return ({ context }: { context: { me: Me } }) => {
    if (!context.me.role.permissions.includes(permission)) throw new Denied()
  }
}
class Denied extends Error {}

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  loader: () => void queryClient.prefetchQuery(homeQuery),
  component: lazyRouteComponent(() => import('@/features/home/page'), 'Home'),
})
const contacts = createRoute({
  getParentRoute: () => shell,
  path: '/contacts',
  beforeLoad: needs('contacts.read'),
  validateSearch: contactSearch,
  component: lazyRouteComponent(() => import('@/features/contacts/page'), 'Contacts'),
})
const contact = createRoute({
  getParentRoute: () => shell,
  path: '/contacts/$id',
  beforeLoad: needs('contacts.read'),
  component: lazyRouteComponent(() => import('@/features/contacts/detail'), 'ContactPage'),
})
const duplicates = createRoute({
  getParentRoute: () => shell,
  path: '/doublons',
  beforeLoad: needs('contacts.read'),
  component: lazyRouteComponent(() => import('@/features/contacts/duplicates'), 'Duplicates'),
})
const entities = createRoute({
  getParentRoute: () => shell,
  path: '/biens',
  beforeLoad: needs('contacts.read'),
  validateSearch: entitySearch,
  component: lazyRouteComponent(() => import('@/features/entities/page'), 'Entities'),
})
const entity = createRoute({
  getParentRoute: () => shell,
  path: '/biens/$id',
  beforeLoad: needs('contacts.read'),
  component: lazyRouteComponent(() => import('@/features/entities/detail'), 'EntityPage'),
})
const imports = createRoute({
  getParentRoute: () => shell,
  path: '/imports',
  beforeLoad: needs('contacts.import'),
  component: lazyRouteComponent(() => import('@/features/imports/page'), 'Imports'),
})
const importPage = createRoute({
  getParentRoute: () => shell,
  path: '/imports/$id',
  beforeLoad: needs('contacts.import'),
  component: lazyRouteComponent(() => import('@/features/imports/detail'), 'ImportPage'),
})

const tasks = createRoute({
  getParentRoute: () => shell,
  path: '/taches',
  beforeLoad: needs('tasks.read'),
  validateSearch: taskSearch,
  component: lazyRouteComponent(() => import('@/features/tasks/page'), 'Tasks'),
})

const invoices = createRoute({
  getParentRoute: () => shell,
  path: '/factures',
  beforeLoad: needs('invoices.read'),
  validateSearch: invoiceSearch,
  component: lazyRouteComponent(() => import('@/features/billing/page'), 'Invoices'),
})
const invoice = createRoute({
  getParentRoute: () => shell,
  path: '/factures/$id',
  beforeLoad: needs('invoices.read'),
  component: lazyRouteComponent(() => import('@/features/billing/detail'), 'InvoicePage'),
})
const orders = createRoute({
  getParentRoute: () => shell,
  path: '/devis',
  beforeLoad: needs('orders.read'),
  validateSearch: orderSearch,
  component: lazyRouteComponent(() => import('@/features/billing/orders/page'), 'Orders'),
})
const order = createRoute({
  getParentRoute: () => shell,
  path: '/devis/$id',
  beforeLoad: needs('orders.read'),
  component: lazyRouteComponent(() => import('@/features/billing/orders/detail'), 'OrderPage'),
})
const catalog = createRoute({
  getParentRoute: () => shell,
  path: '/catalogue',
  beforeLoad: needs('catalog.read'),
  component: lazyRouteComponent(() => import('@/features/billing/catalog'), 'Catalog'),
})
const till = createRoute({
  getParentRoute: () => shell,
  path: '/caisse',
  beforeLoad: needs('invoices.read'),
  component: lazyRouteComponent(() => import('@/features/billing/till'), 'Till'),
})

const accounting = createRoute({
  getParentRoute: () => shell,
  path: '/comptabilite',
  beforeLoad: needs('invoices.read'),
  component: lazyRouteComponent(() => import('@/features/billing/accounting/page'), 'Accounting'),
})

const dunning = createRoute({
  getParentRoute: () => shell,
  path: '/relances',
  beforeLoad: needs('invoices.read'),
  component: lazyRouteComponent(() => import('@/features/billing/dunning/page'), 'Dunning'),
})
const recurring = createRoute({
  getParentRoute: () => shell,
  path: '/recurrentes',
  beforeLoad: needs('invoices.read'),
  component: lazyRouteComponent(() => import('@/features/billing/recurring/page'), 'Recurring'),
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/parametres',
  component: lazyRouteComponent(() => import('@/features/settings/layout'), 'SettingsLayout'),
})
const settingsPages = [
  createRoute({
    getParentRoute: () => settings,
    path: '/',
    component: lazyRouteComponent(() => import('@/features/settings/layout'), 'SettingsIndex'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/entreprise',
    beforeLoad: needs('company.manage'),
    component: lazyRouteComponent(() => import('@/features/settings/company'), 'CompanySettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/equipe',
    beforeLoad: needs('team.read'),
    component: lazyRouteComponent(() => import('@/features/settings/team'), 'TeamSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/roles',
    beforeLoad: needs('team.read'),
    component: lazyRouteComponent(() => import('@/features/settings/roles'), 'RoleSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/etiquettes',
    beforeLoad: needs('contacts.write'),
    component: lazyRouteComponent(() => import('@/features/settings/tags'), 'TagSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/champs',
    beforeLoad: needs('company.manage'),
    component: lazyRouteComponent(() => import('@/features/settings/custom-fields'), 'CustomFieldSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/consentements',
    beforeLoad: needs('contacts.write'),
    component: lazyRouteComponent(() => import('@/features/consents/settings'), 'ConsentSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/journal',
    beforeLoad: needs('audit.read'),
    validateSearch: (search): { action?: string; actor_id?: string; object_type?: string; from?: string; to?: string } => ({
      action: text(search.action),
      object_type: text(search.object_type),
      actor_id: text(search.actor_id),
      from: text(search.from),
      to: text(search.to),
    }),
    component: lazyRouteComponent(() => import('@/features/settings/audit'), 'AuditLog'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/cles-api',
    beforeLoad: needs('api_keys.manage'),
    component: lazyRouteComponent(() => import('@/features/settings/api-keys'), 'ApiKeys'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/profil',
    component: lazyRouteComponent(() => import('@/features/settings/profile'), 'Profile'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/securite',
    component: lazyRouteComponent(() => import('@/features/settings/security'), 'Security'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/sessions',
    component: lazyRouteComponent(() => import('@/features/settings/sessions'), 'Sessions'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/types',
    beforeLoad: needs('company.manage'),
    component: lazyRouteComponent(() => import('@/features/entities/kinds'), 'KindSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/confidentialite',
    beforeLoad: needs('company.manage'),
    component: lazyRouteComponent(() => import('@/features/privacy/page'), 'PrivacyDesk'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/reversibilite',
    beforeLoad: needs('company.manage'),
    component: lazyRouteComponent(() => import('@/features/settings/transfer'), 'TransferPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/devis',
    beforeLoad: needs('orders.read'),
    component: lazyRouteComponent(() => import('@/features/billing/orders/settings'), 'QuoteSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/facturation',
    beforeLoad: needs('invoices.read'),
    component: lazyRouteComponent(() => import('@/features/billing/settings'), 'BillingSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/encaissement',
    beforeLoad: needs('invoices.read'),
    component: lazyRouteComponent(() => import('@/features/billing/online-settings'), 'OnlineSettings'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/notifications',
    component: lazyRouteComponent(() => import('@/features/settings/notifications'), 'NotificationSettingsPage'),
  }),
] as const

const tree = root.addChildren([
  auth.addChildren(authPages),
  onboarding,
  shell.addChildren([
    home,
    tasks,
    contacts,
    contact,
    duplicates,
    imports,
    importPage,
    entities,
    entity,
    orders,
    order,
    invoices,
    invoice,
    catalog,
    till,
    accounting,
    dunning,
    recurring,
    settings.addChildren(settingsPages),
  ]),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: RouteFailed,
  defaultPendingMs: 200,
  scrollRestoration: true,
  // Plain strings, so that an address stays readable and ?q=06 is not taken for the number 6.
  parseSearch: search => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: search => {
    const kept = Object.entries(search as Record<string, unknown>).filter(([, value]) => value !== undefined && value !== '')
    const query = new URLSearchParams(
      kept.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    ).toString()
    return query ? `?${query}` : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function NotFound() {
  return (
    <Empty page title={t.notFound} action={<ButtonLink to="/">{t.backHome}</ButtonLink>}>
      {t.notFoundDetail}
    </Empty>
  )
}

/** A failure without the shell around it. */
function Alone(props: ErrorComponentProps) {
  return (
    <main>
      <RouteFailed {...props} />
    </main>
  )
}

function RouteFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  if (error instanceof Denied)
    return (
      <Empty page title={t.denied}>
        {t.deniedDetail}
      </Empty>
    )
  if (error instanceof ApiError && error.status === 404) return <NotFound />
  const retry = () => {
    // A chunk of a replaced release is gone: only a reload finds the new one.
    if (error instanceof Error && /dynamically imported module|module script/i.test(error.message)) return location.reload()
    void queryClient.resetQueries({ predicate: query => query.state.status === 'error' })
    reset()
    void router.invalidate()
  }
  return <Failed page error={error} retry={retry} />
}
