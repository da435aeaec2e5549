import { expect, test } from '@playwright/test'
import { call, signIn } from './steps'

test('a field of one’s own is added, filled, shown in the list and in the history', async ({ page }) => {
  await signIn(page, 'owner@hotel.example')
  await page.goto('/parametres/champs')
  await page.getByRole('button', { name: 'Ajouter un champ' }).first().click()
  const dialog = page.getByRole('dialog')
  const label = `Chambre ${Date.now()}`
  await dialog.getByLabel('Nom du champ').fill('Ville')
  await dialog.getByRole('button', { name: 'Ajouter un champ' }).click()
  await expect(dialog.getByText('Vision CRM a déjà un champ de ce nom.')).toBeVisible()
  await dialog.getByLabel('Nom du champ').fill(label)
  await dialog.getByLabel('Type').click()
  await page.getByRole('option', { name: 'Choix unique' }).click()
  await dialog.getByLabel('Choix 1', { exact: true }).fill('Côté jardin')
  await dialog.getByRole('button', { name: 'Ajouter un choix' }).click()
  await dialog.getByLabel('Choix 2', { exact: true }).fill('Côté rue')
  await dialog.getByRole('button', { name: 'Ajouter un champ' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('list', { name: 'Champs personnalisés' }).getByText(label)).toBeVisible()

  await page.goto('/contacts')
  await page.getByRole('table').getByRole('link').first().click()
  await page.getByRole('button', { name: 'Modifier', exact: true }).first().click()
  await dialog.getByLabel(label).click()
  await page.getByRole('option', { name: 'Côté jardin' }).click()
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('region', { name: 'Champs personnalisés' }).getByText('Côté jardin')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Historique' }).getByText('Côté jardin').first()).toBeVisible()

  // The deletion says what it costs.
  await page.goto('/parametres/champs')
  await page.getByRole('button', { name: `Supprimer ${label}` }).click()
  await expect(dialog.getByText('1 fiche a une valeur ; 1 sera perdue définitivement.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Supprimer', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText(label)).toBeHidden()
})

test('two contacts are compared, merged, found under the old address and parted again', async ({ page }) => {
  await signIn(page, 'owner@restaurant.example')
  const mail = `double${Date.now()}@exemple.fr`
  const kept = await call(page, '/contacts', { first_name: 'Amélie', last_name: 'Rousseau', emails: [{ email: mail }] })
  const other = await call(page, '/contacts', {
    first_name: 'Amelie',
    last_name: 'Rousseau',
    emails: [{ email: mail.toUpperCase() }],
    source: 'Salon',
  })
  await page.goto('/doublons')
  const group = page.locator('section').filter({ hasText: mail })
  await group.getByRole('button', { name: 'Comparer' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radiogroup', { name: 'Prénom' }).getByLabel('Amelie').check()
  await dialog.getByRole('button', { name: 'Fusionner', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(group).toBeHidden()

  await page.goto(`/contacts/${other.id}`)
  await expect(page).toHaveURL(new RegExp(`/contacts/${kept.id}$`))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Amelie Rousseau')
  await page.getByRole('button', { name: 'Annuler la fusion' }).click()
  await expect(page.getByText('Fusion annulée')).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Amélie Rousseau')
  await page.goto(`/contacts/${other.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Amelie Rousseau')
})
