import { expect, test } from '@playwright/test'
import { call, freshCompany, watchErrors } from './steps'

test('conditions become a view that is shared, changed, linked and deleted', async ({ browser }) => {
  const page = await freshCompany(browser, 'vues')
  const errors = watchErrors(page)
  for (const [last_name, city] of [
    ['Durand', 'Lyon'],
    ['Martin', 'Lyon'],
    ['Petit', 'Dijon'],
  ]) {
    await call(page, '/contacts', { last_name, addresses: [{ city }] })
  }
  await page.goto('/contacts')
  await page.getByRole('button', { name: 'Conditions', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Appliquer' })).toBeDisabled()
  await dialog.getByRole('combobox', { name: 'Champ' }).click()
  await page.getByRole('option', { name: 'Ville' }).click()
  await dialog.getByRole('combobox', { name: 'Valeur : Ville' }).fill('lyon')
  await page.keyboard.press('Enter')
  // Counted while one builds.
  await expect(dialog.getByText('2 contacts')).toBeVisible()
  await dialog.getByRole('button', { name: 'Ajouter un groupe' }).click()
  await dialog.getByRole('combobox', { name: 'Champ' }).nth(1).click()
  await page.getByRole('option', { name: 'Créé', exact: true }).click()
  await dialog.getByRole('button', { name: 'Appliquer' }).click()
  await expect(page.getByRole('link', { name: 'Petit' })).toBeHidden()
  await expect(page.getByRole('list', { name: 'Conditions' })).toContainText('Créé au cours des 30 derniers jours')

  await page.getByRole('button', { name: 'Enregistrer la vue' }).click()
  await page.getByLabel('Nom de la vue').fill('Clients de Lyon')
  await page.getByRole('switch', { name: 'Partager avec l’équipe' }).check()
  await dialog.getByRole('button', { name: 'Enregistrer' }).click()
  await expect(page.getByRole('button', { name: 'Vue : Clients de Lyon. Changer de vue' })).toBeVisible()
  await expect(page).toHaveURL(/vue=[0-9a-f-]{36}$/)

  // Changed: it says so, the address holds the change, and it can be taken back.
  await page.getByRole('button', { name: /^Retirer la condition Ville/ }).click()
  await expect(page.getByText('Vue modifiée, non enregistrée')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Petit' })).toBeVisible()
  await page.reload()
  await expect(page.getByText('Vue modifiée, non enregistrée')).toBeVisible()
  await page.getByRole('button', { name: 'Annuler les modifications' }).click()
  await expect(page.getByRole('link', { name: 'Petit' })).toBeHidden()

  // From now on the list opens with it.
  await page.getByRole('button', { name: 'Gérer la vue' }).click()
  await page.getByRole('menuitem', { name: 'Ouvrir la liste sur cette vue' }).click()
  await page.goto('/contacts')
  const current = page.getByRole('button', { name: 'Vue : Clients de Lyon. Changer de vue' })
  await expect(current).toBeVisible()
  await current.click()
  await expect(page.getByRole('menuitem', { name: /Clients de Lyon/ })).toContainText('2')
  await page.getByRole('menuitem', { name: 'Tous les contacts' }).click()
  await expect(page.getByRole('link', { name: 'Petit' })).toBeVisible()
  await page.goBack()

  await page.getByRole('button', { name: 'Gérer la vue' }).click()
  await page.getByRole('menuitem', { name: 'Supprimer la vue' }).click()
  await dialog.getByRole('button', { name: 'Supprimer la vue' }).click()
  await expect(page.getByRole('button', { name: 'Vue : Tous les contacts. Changer de vue' })).toBeVisible()
  await page.goto('/contacts?vue=01890000-0000-7000-8000-000000000000')
  await expect(page.getByText('Cette vue n’existe plus')).toBeVisible()
  expect(errors).toEqual([])
})

test('the list is sorted by a field once its settings ask for it', async ({ browser }) => {
  const page = await freshCompany(browser, 'tri')
  await call(page, '/custom-fields', { object: 'contact', label: 'Taille', kind: 'number' })
  for (const [last_name, taille] of [
    ['Durand', '40'],
    ['Martin', '9,5'],
  ]) {
    await call(page, '/contacts', { last_name, custom: { taille } })
  }
  await page.goto('/parametres/champs')
  await page.getByRole('button', { name: 'Modifier Taille' }).click()
  await page.getByRole('switch', { name: 'Trier les listes par ce champ' }).check()
  await expect(page.getByText('Triable')).toBeVisible({ timeout: 20_000 })
  await page.keyboard.press('Escape')
  await page.goto('/contacts')
  await page.getByRole('button', { name: 'Affichage' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Taille' }).click()
  await page.keyboard.press('Escape')
  const sort = page.getByRole('columnheader', { name: 'Taille' }).getByRole('button')
  await sort.click()
  await expect(page.getByRole('row').nth(1)).toContainText('Martin')
  await sort.click()
  await expect(page.getByRole('row').nth(1)).toContainText('Durand')
  await expect(page).toHaveURL(/sort=-custom\.taille/)
})
