import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { Permission } from '@/api/types'
import { useCan } from '@/app/me'
import { Page } from '@/ui/page'
import classes from './settings.module.css'
import { t } from './text'

type PageKey = keyof typeof t.pages

const SECTIONS: { group: keyof typeof t.groups; pages: { key: PageKey; needs?: Permission }[] }[] = [
  { group: 'me', pages: [{ key: 'profil' }, { key: 'securite' }, { key: 'sessions' }, { key: 'notifications' }] },
  {
    group: 'company',
    pages: [
      { key: 'entreprise', needs: 'company.manage' },
      { key: 'devis', needs: 'orders.read' },
      { key: 'facturation', needs: 'invoices.read' },
      { key: 'equipe', needs: 'team.read' },
      { key: 'roles', needs: 'team.read' },
      { key: 'etiquettes', needs: 'contacts.write' },
      { key: 'champs', needs: 'company.manage' },
      { key: 'consentements', needs: 'contacts.write' },
      { key: 'journal', needs: 'audit.read' },
      { key: 'cles-api', needs: 'api_keys.manage' },
      { key: 'types', needs: 'company.manage' },
      { key: 'confidentialite', needs: 'company.manage' },
      { key: 'reversibilite', needs: 'company.manage' },
    ],
  },
]

export function SettingsLayout() {
  const can = useCan()
  const menu = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // On a phone the menu is one line that scrolls: the current page must be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is what moves the mark
  useEffect(() => {
    menu.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <Page title={t.title}>
      <div className={classes.layout}>
        <nav ref={menu} aria-label={t.menu} className={classes.menu}>
          {SECTIONS.map(section => {
            const pages = section.pages.filter(page => !page.needs || can(page.needs))
            return (
              pages.length > 0 && (
                <div key={section.group} className={classes.group}>
                  <span className={classes.groupName}>{t.groups[section.group]}</span>
                  {pages.map(page => (
                    <Link
                      key={page.key}
                      to={`/parametres/${page.key}`}
                      activeOptions={{ includeSearch: false }}
                      className={classes.link}
                    >
                      {t.pages[page.key]}
                    </Link>
                  ))}
                </div>
              )
            )
          })}
        </nav>
        <div className={classes.content}>
          <Outlet />
        </div>
      </div>
    </Page>
  )
}

/** Settings open on what most people come for, and what everyone may see. */
export function SettingsIndex() {
  const can = useCan()
  return <Navigate to={can('company.manage') ? '/parametres/entreprise' : '/parametres/profil'} replace />
}
