// What several journeys begin with: signing in to the demo, or signing up as somebody new.
import { type Browser, expect, type Page } from '@playwright/test'

export const DEMO_PASSWORD = 'vision-demo-2026'
export const NEW_PASSWORD = 'une-longue-route-tranquille-42'

export async function signIn(page: Page, email = 'owner@garage.example', password = DEMO_PASSWORD) {
  await page.goto('/connexion')
  await page.getByLabel('Adresse e-mail').fill(email)
  await page.getByLabel(/^Mot de passe/).fill(password)
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await expect(page.getByRole('navigation', { name: 'Navigation principale' }).first()).toBeVisible()
}

/** The six digits of the newest message to an address, read where a person would: in the test mailbox. */
export async function mailedCode(page: Page, email: string): Promise<string> {
  let code: string | undefined
  await expect
    .poll(
      async () => {
        const list = await page.request.get(`/boite-essai?a=${encodeURIComponent(email)}`)
        code = /\b(\d{6}) est votre code/.exec(await list.text())?.[1]
        return code
      },
      { timeout: 20_000, message: `a verification message to ${email}` },
    )
    .toBeTruthy()
  return code!
}

export const freshEmail = (who: string) => `${who}.${Date.now().toString(36)}@essai.example`

export async function signUp(page: Page, email: string, company = 'Garage d’essai') {
  await page.goto('/inscription')
  await page.getByLabel('Nom de l’entreprise').fill(company)
  await page.getByLabel('Votre nom').fill('Camille Essai')
  await page.getByLabel('Adresse e-mail').fill(email)
  await page.getByLabel(/^Mot de passe/).fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Créer mon compte' }).click()
  await expect(page.getByRole('heading', { name: 'Vérifiez votre e-mail' })).toBeVisible()
  await page.getByLabel('Code à 6 chiffres').fill(await mailedCode(page, email))
  await page.getByRole('button', { name: 'Vérifier', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Votre entreprise' })).toBeVisible()
}

/** A company of one's own, past the welcome screens. */
export async function freshCompany(browser: Browser, who: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await signUp(page, freshEmail(who))
  await page.getByRole('link', { name: 'Finir plus tard' }).click()
  await expect(page.getByRole('heading', { name: /^Bon(jour|soir)/ })).toBeVisible()
  return page
}

/** Fails the test on any error that the page itself reports: a refused style, an exception, a missing chunk. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    // The browser reports refused requests by itself; journeys provoke some on purpose.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) errors.push(message.text())
  })
  return errors
}

/** Posts to the API as the person whose page it is. */
export async function call<T = { id: string }>(page: Page, path: string, body: object): Promise<T> {
  return page.evaluate(
    async ([path, body]) => {
      const csrf = /vision_csrf=([^;]+)/.exec(document.cookie)?.[1] ?? ''
      const answer = await fetch(`/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(await answer.text())
      return answer.json()
    },
    [path, body] as const,
  )
}

/** What a pattern finds in the newest mail to somebody whose subject fits, read where a person would: in the test mailbox. */
export async function mailed(page: Page, email: string, subject: RegExp, wanted: RegExp): Promise<string> {
  let found: string | undefined
  await expect
    .poll(
      async () => {
        const list = await (await page.request.get(`/boite-essai?a=${encodeURIComponent(email)}`)).text()
        const row = list.split('<a class="row').find(part => subject.test(part))
        const id = /\/boite-essai\/([0-9a-f-]{36})/.exec(row ?? '')?.[1]
        if (!id) return
        const mail = await (await page.request.get(`/boite-essai/${id}`)).text()
        found = wanted.exec(mail)?.[0]
        return found
      },
      { timeout: 20_000, message: `a mail to ${email}` },
    )
    .toBeTruthy()
  return found!
}
