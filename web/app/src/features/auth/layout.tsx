import { Outlet } from '@tanstack/react-router'
import { locale, switchLocale } from '@/i18n'
import { IconWorld } from '@/ui/icons'
import classes from './auth.module.css'
import { t } from './text'

export function AuthLayout() {
  const other = locale === 'fr' ? 'en' : 'fr'
  return (
    <div className={classes.page}>
      <header className={classes.brand}>
        <img src="/favicon.svg" alt="" width={28} height={28} />
        <span>{t.product}</span>
      </header>
      <main className={classes.main}>
        <Outlet />
      </main>
      <footer className={classes.foot}>
        <button type="button" lang={other} onClick={() => switchLocale(other)}>
          <IconWorld size={16} aria-hidden /> {other === 'en' ? 'English' : 'Français'}
        </button>
      </footer>
    </div>
  )
}
