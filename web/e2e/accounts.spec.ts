import { expect, test } from '@playwright/test'
import { call, freshCompany, freshEmail, mailedCode, NEW_PASSWORD, signIn, signUp, watchErrors } from './steps'

test('signing in leads to Accueil, and out again', async ({ page }) => {
  const errors = watchErrors(page)
  await page.goto('/contacts')
  await expect(page).toHaveURL(/\/connexion\?suite=/)
  await page.getByLabel('Adresse e-mail').fill('owner@garage.example')
  await page.getByLabel(/^Mot de passe/).fill('pas-le-bon-mot-de-passe')
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('Adresse e-mail ou mot de passe incorrect')

  await page.getByLabel(/^Mot de passe/).fill('vision-demo-2026')
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await expect(page).toHaveURL(/\/contacts$/)
  await expect(page.getByRole('heading', { name: 'Contacts', level: 1 })).toBeVisible()

  await page.getByRole('button', { name: /Mon compte/ }).click()
  await page.getByRole('menuitem', { name: 'Se déconnecter' }).click()
  await expect(page).toHaveURL(/\/connexion/)
  await page.goto('/')
  await expect(page).toHaveURL(/\/connexion/)
  expect(errors).toEqual([])
})

test('an unknown address gets the same answer as a wrong password', async ({ page }) => {
  await page.goto('/connexion')
  await page.getByLabel('Adresse e-mail').fill('personne@nulle-part.example')
  await page.getByLabel(/^Mot de passe/).fill('pas-le-bon-mot-de-passe')
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('Adresse e-mail ou mot de passe incorrect')
})

test('signing up, verifying by e-mail, and the welcome steps', async ({ page }) => {
  const errors = watchErrors(page)
  const email = freshEmail('inscription')
  await page.goto('/inscription')
  await page.getByLabel(/^Mot de passe/).fill('court')
  await page.getByRole('button', { name: 'Créer mon compte' }).click()
  await expect(page.getByText('Ce mot de passe ne remplit pas encore les règles')).toBeVisible()

  await signUp(page, email, 'Atelier des Essais')
  await page.getByLabel('SIREN').fill('552100555')
  await expect(page.getByText('la clé de contrôle ne correspond pas')).toBeVisible()
  await page.getByLabel('SIREN').fill('552100554')
  await expect(page.getByText(/TVA intracommunautaire : FR\d{2}552100554/)).toBeVisible()
  await page.getByLabel('Ville').fill('Lyon')
  await page.getByRole('button', { name: 'Continuer' }).click()

  await expect(page.getByRole('heading', { name: 'Votre apparence' })).toBeVisible()
  await page.getByLabel('Couleur de l’entreprise').fill('#ffee88')
  await expect(page.getByText(/Trop claire/)).toBeVisible()
  await page.getByLabel('Couleur de l’entreprise').fill('#7a2e1f')
  await page.getByRole('button', { name: 'Continuer' }).click()

  await expect(page.getByRole('heading', { name: 'Votre équipe' })).toBeVisible()
  // What was left is found again.
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Votre équipe' })).toBeVisible()
  await page.getByLabel('Adresse e-mail').fill(freshEmail('collegue'))
  await page.getByRole('button', { name: 'Inviter' }).click()
  await expect(page.getByRole('list', { name: 'Invitations envoyées' })).toContainText('collegue')
  await page.getByRole('button', { name: 'Continuer' }).click()

  await page.getByRole('button', { name: 'Terminer' }).click()
  await expect(page.getByRole('heading', { name: /^Bon(jour|soir) Camille/ })).toBeVisible()
  await page.goto('/parametres/entreprise')
  await expect(page.getByLabel('SIREN')).toHaveValue(/552/)
  await expect(page.getByLabel('N° de TVA intracommunautaire')).toHaveValue(/FR\d{2}552100554/)
  expect(errors).toEqual([])
})

test('a forgotten password is replaced through the mail', async ({ page }) => {
  const email = freshEmail('oubli')
  await signUp(page, email)
  await page.request.post('/api/v1/auth/logout').catch(() => undefined)
  await page.context().clearCookies()
  await page.goto('/mot-de-passe-oublie')
  await page.getByLabel('Adresse e-mail').fill(email)
  await page.getByRole('button', { name: 'Envoyer le lien' }).click()
  await expect(page.getByText('Si un compte existe à cette adresse')).toBeVisible()

  let link: string | undefined
  await expect
    .poll(
      async () => {
        const list = await (await page.request.get(`/boite-essai?a=${encodeURIComponent(email)}`)).text()
        for (const [, id] of list.matchAll(/\/boite-essai\/([0-9a-f-]{36})/g)) {
          const message = await (await page.request.get(`/boite-essai/${id}`)).text()
          link ??= /\/reinitialiser\?token=[^"&<\s]+/.exec(message)?.[0]
        }
        return link
      },
      { timeout: 20_000 },
    )
    .toBeTruthy()
  await page.goto(link!)
  await page.getByLabel(/^Nouveau mot de passe/).fill(`${NEW_PASSWORD}-bis`)
  await page.getByRole('button', { name: 'Changer le mot de passe' }).click()
  await expect(page.getByRole('heading', { name: 'Connexion' })).toBeVisible()
  await page.getByLabel('Adresse e-mail').fill(email)
  await page.getByLabel(/^Mot de passe/).fill(`${NEW_PASSWORD}-bis`)
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
  await expect(page.getByRole('heading', { name: /^Bon(jour|soir)/ })).toBeVisible()
})

test('a verification code that is wrong says so and lets one try again', async ({ page }) => {
  const email = freshEmail('code')
  await page.goto('/inscription')
  await page.getByLabel('Nom de l’entreprise').fill('Code faux')
  await page.getByLabel('Votre nom').fill('Camille Essai')
  await page.getByLabel('Adresse e-mail').fill(email)
  await page.getByLabel(/^Mot de passe/).fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Créer mon compte' }).click()
  const code = await mailedCode(page, email)
  await page.getByLabel('Code à 6 chiffres').fill(code === '000000' ? '111111' : '000000')
  await page.getByRole('button', { name: 'Vérifier', exact: true }).click()
  await expect(page.getByText('Ce code n’est pas bon ou a expiré')).toBeVisible()
  await page.getByLabel('Code à 6 chiffres').fill(code)
  await page.getByRole('button', { name: 'Vérifier', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Votre entreprise' })).toBeVisible()
})

test('the language follows the person', async ({ page }) => {
  await signIn(page, 'member@hotel.example')
  await page.getByRole('button', { name: /Mon compte/ }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await expect(page.getByRole('link', { name: 'Settings' }).first()).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('button', { name: /My account/ }).click()
  await page.getByRole('menuitemradio', { name: 'Français' }).click()
  await expect(page.getByRole('link', { name: 'Paramètres' }).first()).toBeVisible()
})

test('a passkey is added with the password and signs in without it', async ({ browser }) => {
  const page = await freshCompany(browser, 'cle')
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.goto('/parametres/securite')
  await page.getByRole('button', { name: 'Ajouter une clé d’accès' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Nom').fill('Mon ordinateur')
  await dialog.getByLabel('Mot de passe actuel').fill('pas-le-bon')
  await dialog.getByRole('button', { name: 'Ajouter une clé d’accès' }).click()
  await expect(dialog.getByLabel('Mot de passe actuel')).toHaveAttribute('data-invalid', 'true')
  await dialog.getByLabel('Mot de passe actuel').fill(NEW_PASSWORD)
  await dialog.getByRole('button', { name: 'Ajouter une clé d’accès' }).click()
  await expect(page.getByText('Mon ordinateur')).toBeVisible()

  await page.getByRole('button', { name: /Mon compte/ }).click()
  await page.getByRole('menuitem', { name: 'Se déconnecter' }).click()
  await page.getByRole('button', { name: 'Se connecter avec une clé d’accès' }).click()
  await expect(page.getByRole('heading', { name: /^Bon(jour|soir)/ })).toBeVisible()
})

test('a colleague follows the link of an invitation', async ({ browser }) => {
  const page = await freshCompany(browser, 'equipe')
  const roles = await (await page.request.get('/api/v1/roles')).json()
  const email = freshEmail('collegue')
  const member = roles.items.find((role: { key: string }) => role.key === 'member')
  await call(page, '/invitations', { email, role_id: member.id })
  let link: string | undefined
  await expect
    .poll(async () => {
      const list = await (await page.request.get(`/boite-essai?a=${encodeURIComponent(email)}`)).text()
      for (const [, id] of list.matchAll(/\/boite-essai\/([0-9a-f-]{36})/g)) {
        const message = await (await page.request.get(`/boite-essai/${id}`)).text()
        link ??= /\/invitation\/[\w.-]+/.exec(message)?.[0]
      }
      return link
    })
    .toBeTruthy()
  const other = await (await browser.newContext()).newPage()
  await other.goto(link!)
  await expect(other.getByRole('heading', { name: /^Rejoindre/ })).toBeVisible()
  await other.getByLabel('Votre nom').fill('Paul Collègue')
  await other.getByLabel(/^Mot de passe/).fill(NEW_PASSWORD)
  await other.getByRole('button', { name: 'Rejoindre', exact: true }).click()
  await expect(other.getByRole('heading', { name: /^Bon(jour|soir)/ })).toBeVisible()
})
