import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { call, freshCompany, signIn, watchErrors } from './steps'

test('a person consents, is found, gets a copy of their data, and is erased with a certificate', async ({ page }) => {
  await signIn(page, 'owner@hotel.example')
  const errors = watchErrors(page)
  const { id } = await call(page, '/contacts', {
    first_name: 'Zélie',
    last_name: 'Loiseau',
    emails: [{ email: 'zelie@exemple.fr' }],
  })
  await call(page, `/contacts/${id}/notes`, { body: 'Préfère être appelée le soir' })
  await page.goto(`/contacts/${id}`)

  // A consent with its proof.
  const consents = page.getByRole('region', { name: 'Consentements' })
  await consents.getByRole('button', { name: /^E-mail, Offres.*Rien de dit/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Preuve').fill('Carnet, page 3')
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(consents.getByRole('button', { name: /^E-mail, Offres.*Accord/ })).toBeVisible()

  // Found from anywhere, in spite of a typing error.
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('loisseau')
  await expect(page.getByRole('option', { name: /Zélie Loiseau/ })).toBeVisible()
  await page.keyboard.press('Escape')

  // A request, and the copy that answers it.
  await page.goto('/parametres/confidentialite')
  await page.getByRole('button', { name: 'Noter une demande' }).click()
  await dialog.getByRole('combobox', { name: 'Fiche de la personne' }).fill('loiseau')
  await page.getByRole('option', { name: 'Zélie Loiseau' }).click()
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await page.getByRole('button', { name: /Accès · Zélie Loiseau/ }).click()
  await dialog.getByRole('button', { name: 'Préparer l’archive' }).click()
  const [copy] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('link', { name: 'Télécharger l’archive' }).click({ timeout: 30_000 }),
  ])
  expect((await readFile(await copy.path())).subarray(0, 2).toString()).toBe('PK')
  await dialog.getByLabel('Réponse donnée').fill('Archive remise en main propre')
  await dialog.getByRole('button', { name: 'Clore la demande' }).click()
  await expect(page.getByText('Traitée').first()).toBeVisible()

  // Erased: the name is typed, and the certificate names nobody.
  await page.goto(`/contacts/${id}`)
  await page.getByRole('button', { name: 'Autres actions' }).click()
  await page.getByRole('menuitem', { name: 'Effacer la personne' }).click()
  await dialog.getByLabel(/Pour confirmer/).fill('zelie loiseau')
  await dialog.getByRole('button', { name: 'Effacer la personne' }).click()
  await expect(page.getByRole('heading', { name: 'Personne effacée', level: 1 })).toBeVisible({ timeout: 30_000 })
  await page.goto('/parametres/confidentialite')
  await page.getByRole('button', { name: /Effacement · Personne effacée/ }).click({ timeout: 30_000 })
  const [certificate] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('link', { name: 'Télécharger (PDF)' }).click(),
  ])
  expect((await readFile(await certificate.path())).subarray(0, 5).toString()).toBe('%PDF-')
  expect(errors).toEqual([])
})

test('whoever is kept too long is reviewed: kept for a reason, or erased', async ({ page }) => {
  await signIn(page, 'owner@hotel.example')
  const errors = watchErrors(page)
  await page.goto('/parametres/confidentialite')
  await page.getByText('Conservation', { exact: true }).click()
  await expect(page.getByText('Personne n’est gardé trop longtemps')).toBeVisible()
  await page.getByLabel('Prospects, en mois').fill('24')
  await page.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(page.getByText('Durées enregistrées')).toBeVisible()
  expect(errors).toEqual([])
})

test('a company’s data are taken along and brought back into an empty company', async ({ browser, page }) => {
  await signIn(page, 'owner@restaurant.example')
  await page.goto('/parametres/reversibilite')
  await expect(page.getByText(/Une archive ne s’importe que dans une entreprise vide/)).toBeVisible()
  await page.getByRole('button', { name: 'Préparer l’archive' }).click()
  const [archive] = await Promise.all([
    page.waitForEvent('download', { timeout: 60_000 }),
    page.getByRole('button', { name: 'Télécharger' }).first().click({ timeout: 60_000 }),
  ])
  const fresh = await freshCompany(browser, 'reprise')
  const errors = watchErrors(fresh)
  await fresh.goto('/parametres/reversibilite')
  const [chooser] = await Promise.all([fresh.waitForEvent('filechooser'), fresh.getByLabel('Archive (.zip)').click()])
  await chooser.setFiles({ name: 'entreprise.zip', mimeType: 'application/zip', buffer: await readFile(await archive.path()) })
  await fresh.getByRole('button', { name: 'Importer', exact: true }).click()
  await expect(fresh.getByText('Import d’une entreprise : terminé')).toBeVisible({ timeout: 90_000 })
  await fresh.goto('/contacts')
  await expect(fresh.getByRole('table', { name: 'Liste des contacts' }).getByRole('link').first()).toBeVisible()
  await fresh.goto('/parametres/equipe')
  await expect(fresh.getByText('owner@restaurant.example')).toBeVisible()
  expect(errors).toEqual([])
  await fresh.context().close()
})
