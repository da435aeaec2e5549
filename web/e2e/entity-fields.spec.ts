import { expect, test } from '@playwright/test'
import { call, freshCompany, watchErrors } from './steps'

test('a field of vehicles: defined, filled in, shown, filtered by, kept in a view', async ({ browser }) => {
  const page = await freshCompany(browser, 'champs-biens')
  const errors = watchErrors(page)
  const dialog = page.getByRole('dialog')

  // Defined in the settings, for vehicles only.
  await page.goto('/parametres/champs')
  await page.getByRole('radiogroup', { name: 'Fiches concernées' }).getByText('Véhicules et biens').click()
  await page.getByRole('button', { name: 'Ajouter un champ' }).click()
  await dialog.getByLabel('Nom du champ').fill('Puissance fiscale')
  await dialog.getByRole('combobox', { name: 'Type', exact: true }).click()
  await page.getByRole('option', { name: 'Nombre' }).click()
  await dialog.getByRole('combobox', { name: 'Sur les fiches' }).click()
  await page.getByRole('option', { name: 'Véhicules' }).click()
  await dialog.getByRole('button', { name: 'Ajouter un champ' }).click()
  await expect(page.getByText('Nombre · Véhicules')).toBeVisible()

  // Filled in at creation, and shown on the page of the vehicle.
  await call(page, '/entities', { name: 'Petite', custom: { puissance_fiscale: '4' } })
  await page.goto('/biens?nouveau=true')
  await dialog.getByLabel('Marque').fill('Renault')
  await dialog.getByLabel('Puissance fiscale').fill('beaucoup')
  await dialog.getByRole('button', { name: 'Créer la fiche' }).click()
  await expect(dialog.getByLabel('Puissance fiscale')).toHaveAttribute('aria-invalid', 'true')
  await dialog.getByLabel('Puissance fiscale').fill('7,5')
  await dialog.getByRole('button', { name: 'Créer la fiche' }).click()
  const card = page.getByRole('region', { name: 'Champs personnalisés' })
  await expect(card).toContainText('7,5')
  await card.getByRole('button', { name: 'Modifier Champs personnalisés' }).click()
  await dialog.getByLabel('Puissance fiscale').fill('12')
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(card).toContainText('12')
  await expect(page.getByRole('region', { name: 'Historique' })).toContainText('Puissance fiscale')

  // A column of the list.
  await page.goto('/biens')
  await page.getByRole('button', { name: 'Affichage' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Puissance fiscale' }).click()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('columnheader', { name: 'Puissance fiscale' })).toBeVisible()
  await expect(page.getByRole('row', { name: /Renault/ })).toContainText('12')

  // A condition, counted while it is built.
  await page.getByRole('button', { name: 'Conditions', exact: true }).click()
  await dialog.getByRole('combobox', { name: 'Champ' }).click()
  await page.getByRole('option', { name: 'Puissance fiscale' }).click()
  await dialog.getByRole('textbox', { name: 'Valeur : Puissance fiscale' }).fill('10')
  await expect(dialog.getByText('1 fiche', { exact: true })).toBeVisible()
  await dialog.getByRole('button', { name: 'Appliquer' }).click()
  await expect(page.getByRole('link', { name: 'Petite' })).toBeHidden()
  await expect(page.getByRole('list', { name: 'Conditions' })).toContainText('Puissance fiscale au moins 10')

  // Kept as a view, with its columns.
  await page.getByRole('button', { name: 'Enregistrer la vue' }).click()
  await page.getByLabel('Nom de la vue').fill('Puissantes')
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(page.getByRole('button', { name: 'Vue : Puissantes. Changer de vue' })).toBeVisible()
  await expect(page).toHaveURL(/biens\?vue=[0-9a-f-]{36}$/)
  await page.getByRole('button', { name: 'Gérer la vue' }).click()
  await page.getByRole('menuitem', { name: 'Ouvrir la liste sur cette vue' }).click()
  await page.goto('/biens')
  const current = page.getByRole('button', { name: 'Vue : Puissantes. Changer de vue' })
  await expect(current).toBeVisible()
  await expect(page.getByRole('columnheader', { name: 'Puissance fiscale' })).toBeVisible()
  await current.click()
  await expect(page.getByRole('menuitem', { name: /Puissantes/ })).toContainText('1')
  await page.getByRole('menuitem', { name: 'Toutes les fiches' }).click()
  await expect(page.getByRole('link', { name: 'Petite' })).toBeVisible()
  // The contact list knows nothing of it.
  await page.goto('/contacts')
  await expect(page.getByRole('button', { name: 'Vue : Tous les contacts. Changer de vue' })).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})
