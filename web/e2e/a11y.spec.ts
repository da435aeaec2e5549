// axe on every route, in light and dark, on a desk and in a hand. An empty allow-list.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page, test } from '@playwright/test'
import { signIn, watchErrors } from './steps'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

const OPEN = [
  '/connexion',
  '/inscription',
  '/verifier-email',
  '/mot-de-passe-oublie',
  '/reinitialiser',
  '/invitation/inconnue',
  '/nulle-part',
  '/verifier',
  '/verifier?empreinte=00',
  '/proposition/inconnue',
  '/payer/inconnu',
]
const STAFF = [
  '/',
  '/contacts',
  '/contacts?nouveau=true',
  '/contacts?q=introuvable-xyz',
  '/doublons',
  '/biens',
  '/biens?nouveau=true',
  '/biens?q=introuvable-xyz',
  '/imports',
  '/taches',
  '/taches?liste=overdue&qui=anyone',
  '/taches?liste=done&qui=anyone',
  '/taches?nouveau=true',
  '/devis',
  '/devis?q=introuvable-xyz',
  '/devis?modeles=true',
  '/factures',
  '/factures?q=introuvable-xyz',
  '/catalogue',
  '/caisse',
  '/comptabilite',
  '/relances',
  '/recurrentes',
  '/bienvenue',
  '/parametres/entreprise',
  '/parametres/devis',
  '/parametres/facturation',
  '/parametres/encaissement',
  '/parametres/reversibilite',
  '/parametres/equipe',
  '/parametres/roles',
  '/parametres/etiquettes',
  '/parametres/champs',
  '/parametres/consentements',
  '/parametres/confidentialite',
  '/parametres/journal',
  '/parametres/cles-api',
  '/parametres/profil',
  '/parametres/securite',
  '/parametres/sessions',
  '/parametres/types',
  '/parametres/notifications',
]

async function clean(page: Page, name: string) {
  await page.waitForLoadState('networkidle').catch(() => undefined)
  await page.waitForTimeout(250)
  const found = await page.evaluate(
    async ([source, rules]) => {
      // Evaluated through the debugger, which the content policy does not bind.
      // biome-ignore lint/security/noGlobalEval: the checker is a script to run in the page
      if (!('axe' in window)) window.eval(source as string)
      const { violations } = await (
        window as unknown as { axe: { run: (o: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
      ).axe.run({
        runOnly: rules,
      })
      return violations.map(violation => `${violation.id}: ${violation.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`)
    },
    [axe, RULES] as const,
  )
  expect.soft(found, name).toEqual([])
}

for (const scheme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1366, 820],
    [390, 844],
  ] as const) {
    test.describe(`${scheme}, ${width} px`, () => {
      test.use({
        colorScheme: scheme,
        viewport: { width, height },
        hasTouch: width < 500,
        contextOptions: { reducedMotion: 'reduce' },
        bypassCSP: true,
      })

      test('before signing in', async ({ page }) => {
        for (const path of OPEN) {
          await page.goto(path)
          await clean(page, path)
        }
      })

      test('every page of the staff', async ({ page }) => {
        test.setTimeout(240_000)
        const errors = watchErrors(page)
        await signIn(page)
        for (const path of STAFF) {
          await page.goto(path)
          await clean(page, path)
        }
        await page.goto('/contacts')
        await page.getByRole('table', { name: 'Liste des contacts' }).getByRole('link').first().click()
        await expect(page.getByRole('region', { name: 'Historique' })).toBeVisible()
        await clean(page, 'a contact')
        await page.goto('/biens')
        await page.getByRole('table', { name: 'Liste des biens' }).getByRole('link').first().click()
        await expect(page.getByRole('region', { name: 'Propriétaires' })).toBeVisible()
        await clean(page, 'a vehicle')
        for (const [list, name] of [
          ['/devis?etat=draft', 'a draft of a quote'],
          ['/devis?etat=accepted', 'an accepted quote'],
          ['/factures?etat=draft', 'a draft of an invoice'],
          ['/factures?etat=due', 'an invoice'],
        ] as const) {
          await page.goto(list)
          await page.getByRole('table').getByRole('link').first().click()
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
          await clean(page, name)
        }
        await page.getByRole('button', { name: /^Notifications/ }).click()
        await clean(page, 'the bell')
        await page.keyboard.press('Escape')
        // At 390 px nothing may be wider than the screen.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
        expect(errors).toEqual([])
      })
    })
  }
}
