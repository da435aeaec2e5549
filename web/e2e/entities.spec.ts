import { expect, test } from '@playwright/test'
import { freshCompany, signIn, watchErrors } from './steps'

test('a vehicle from its creation to another owner', async ({ browser }) => {
  const page = await freshCompany(browser, 'vehicule')
  const errors = watchErrors(page)
  for (const name of ['Vendeur', 'Acheteur']) {
    await page.goto('/contacts?nouveau=true')
    await page.getByRole('dialog').getByLabel('Nom', { exact: true }).fill(name)
    await page.getByRole('dialog').getByRole('button', { name: 'Créer le contact' }).click()
    await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
  }
  await page.goto('/contacts?q=vendeur')
  await page.getByRole('link', { name: 'Vendeur' }).click()
  await page.getByRole('button', { name: /^Nouve(au|lle)/ }).click()
  const dialog = page.getByRole('dialog')
  // A company without a trade may keep anything; a plate makes it a vehicle.
  await dialog.getByLabel('Plaque', { exact: true }).fill('AB-000-CD')
  await dialog.getByLabel('Marque').fill('Renault')
  await dialog.getByLabel('Modèle').fill('Clio')
  await dialog.getByLabel('Kilométrage').fill('52000')
  await dialog.getByRole('button', { name: 'Créer la fiche' }).click()
  await expect(dialog.getByText(/plaque française comme AB-123-CD/)).toBeVisible()
  await dialog.getByLabel('Plaque', { exact: true }).fill('ab 123 cd')
  await dialog.getByRole('button', { name: 'Créer la fiche' }).click()
  await expect(page.getByRole('heading', { name: 'Renault Clio', level: 1 })).toBeVisible()
  await expect(page.getByText('AB-123-CD').first()).toBeVisible()
  await expect(page.getByRole('region', { name: 'Propriétaires' }).getByRole('link', { name: 'Vendeur' })).toBeVisible()

  // Mileage that falls asks why.
  await page.getByRole('button', { name: 'Ajouter un relevé' }).click()
  await page.getByRole('dialog').getByLabel('Kilométrage relevé').fill('12')
  await page.getByRole('dialog').getByLabel('Pourquoi la valeur baisse-t-elle ?').fill('Compteur remplacé')
  await page.getByRole('dialog').getByRole('button', { name: 'Ajouter un relevé' }).click()
  await expect(page.getByRole('region', { name: 'Kilométrage' }).getByText('Compteur remplacé')).toBeVisible()

  await page.getByRole('region', { name: 'Propriétaires' }).getByRole('button', { name: 'Changer de propriétaire' }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: 'Nouveau propriétaire' }).fill('achet')
  await page.getByRole('option', { name: 'Acheteur' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Changer de propriétaire' }).click()
  const owners = page.getByRole('region', { name: 'Propriétaires' })
  await expect(owners.getByRole('link', { name: 'Acheteur' })).toBeVisible()
  await expect(owners).toContainText('Ancien propriétaire')
  // The former owner's name is nowhere on the page.
  await expect(page.locator('main')).not.toContainText('Vendeur')

  // By plate, in any spelling: the list, the contacts, the palette.
  await page.goto('/biens?q=ab123cd')
  await expect(page.getByRole('table', { name: 'Liste des biens' }).getByRole('link', { name: 'Renault Clio' })).toBeVisible()
  await page.goto('/contacts?q=AB123CD')
  await expect(page.getByRole('table', { name: 'Liste des contacts' }).getByRole('link')).toHaveCount(1)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('ab 123 cd')
  await expect(page.getByRole('option', { name: /Renault Clio.*Acheteur/ })).toBeVisible()
  await expect(page.getByRole('option', { name: /^.*Acheteur/ }).first()).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})

test('the garage’s vehicles: filters live in the address, sorting and export work', async ({ page }) => {
  await signIn(page)
  await page
    .getByRole('navigation', { name: 'Navigation principale' })
    .first()
    .getByRole('link', { name: 'Véhicules' })
    .click()
  await expect(page.getByRole('heading', { name: 'Véhicules', level: 1 })).toBeVisible()
  const list = page.getByRole('table', { name: 'Liste des biens' })
  await expect(list.getByRole('row').nth(3)).toBeVisible()
  await list.getByRole('button', { name: 'Plaque' }).click()
  await expect(page).toHaveURL(/sort=plate/)
  await page.getByRole('button', { name: 'Filtres' }).click()
  await page.getByLabel('Contrôle technique avant le').fill('2027-06-01')
  await expect(page).toHaveURL(/inspection_before=2027-06-01/)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Exporter' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: /CSV/ }).click()
  expect((await download).suggestedFilename()).toMatch(/^biens-.*\.csv$/)
})

test('a kind of one’s own', async ({ browser }) => {
  const page = await freshCompany(browser, 'types')
  await page.goto('/parametres/types')
  await page.getByRole('button', { name: 'Nouveau type' }).click()
  await page.getByRole('dialog').getByLabel('Nom du type').fill('Patients')
  await page.getByRole('dialog').getByRole('button', { name: 'Créer' }).click()
  await expect(page.getByRole('dialog').getByText(/données de santé/)).toBeVisible()
  await page.getByRole('dialog').getByLabel('Nom du type').fill('Piano')
  await page.getByRole('dialog').getByRole('button', { name: 'Créer' }).click()
  await expect(page.getByRole('list', { name: 'Vos types' })).toContainText('Piano')
  await page.context().close()
})
