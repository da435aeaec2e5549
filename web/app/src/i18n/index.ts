// Language of the interface. French is the source catalogue; English must have the same shape (`en: typeof fr`).
// Catalogues import nothing at run time: they are awaited while modules load, and a cycle there would never settle.
export type Locale = 'fr' | 'en'

const KEY = 'vision.locale'

function initial(): Locale {
  if (typeof document === 'undefined') return 'fr'
  return document.documentElement.lang === 'en' ? 'en' : 'fr'
}

export const locale: Locale = initial()

/** Gives the catalogue of the current language; English is a separate chunk, so French readers never download it. */
export async function pick<T>(fr: T, en: () => Promise<T>): Promise<T> {
  return locale === 'fr' ? fr : en()
}

/** Catalogues are read once while the page loads, hence the reload. */
export function switchLocale(next: Locale) {
  if (next === locale) return
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Private windows may refuse storage; the language then follows the browser.
    return
  }
  location.reload()
}
