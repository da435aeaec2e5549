import { expect, type Page, test } from '@playwright/test'
import { freshCompany, watchErrors } from './steps'

async function contact(page: Page, last: string) {
  await page.goto('/contacts?nouveau=true')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Nom', { exact: true }).fill(last)
  await dialog.getByRole('button', { name: 'Créer le contact' }).click()
  await expect(page.getByRole('heading', { name: last, level: 1 })).toBeVisible()
}

/** One blue pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('files of a contact: sent after a cut, looked at by keyboard, renamed, thrown away and brought back', async ({
  browser,
}) => {
  const page = await freshCompany(browser, 'fichiers')
  const errors = watchErrors(page)
  await contact(page, 'Classeur')
  const panel = page.getByRole('region', { name: 'Fichiers' })
  await expect(panel.getByText('Aucun fichier.', { exact: false })).toBeVisible()
  // The line breaks once, in the middle of the larger file.
  let cut = 0
  await page.route('**/api/v1/files/uploads/*', route => {
    if (route.request().method() === 'PATCH' && route.request().headers()['upload-offset'] === '2097152' && cut++ === 0)
      return route.abort()
    return route.continue()
  })
  await panel
    .locator('input[type=file]')
    .first()
    .setInputFiles([
      { name: 'photo.png', mimeType: 'image/png', buffer: PICTURE },
      { name: 'relevé.txt', mimeType: 'text/plain', buffer: Buffer.alloc(5_000_000, 'x') },
    ])
  const list = panel.getByRole('list', { name: 'Liste des fichiers' })
  await expect(list.getByRole('listitem')).toHaveCount(2, { timeout: 30_000 })
  expect(cut).toBeGreaterThan(0)
  await expect(panel.getByText('Vérification…')).toHaveCount(0, { timeout: 20_000 })

  await list.getByRole('button', { name: 'Ouvrir photo.png' }).click()
  const preview = page.getByRole('dialog')
  await expect(preview.getByRole('img', { name: 'Aperçu de photo.png' })).toBeVisible()
  await page.keyboard.press((await preview.getByRole('button', { name: 'Suivant' }).isEnabled()) ? 'ArrowRight' : 'ArrowLeft')
  await expect(preview.getByText('Ce fichier n’a pas d’aperçu.')).toBeVisible()
  const saved = page.waitForEvent('download')
  await preview.getByRole('button', { name: 'Télécharger' }).click()
  expect((await saved).suggestedFilename()).toBe('relevé.txt')
  await page.keyboard.press('Escape')

  await list.getByRole('button', { name: 'Actions : photo.png' }).click()
  await page.getByRole('menuitem', { name: 'Renommer' }).click()
  await page.getByRole('dialog').getByLabel('Nom').fill('façade.png')
  await page.getByRole('dialog').getByRole('button', { name: 'Enregistrer' }).click()
  await list.getByRole('button', { name: 'Actions : façade.png' }).click()
  await page.getByRole('menuitem', { name: 'Supprimer' }).click()
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await page.getByRole('button', { name: 'Annuler', exact: true }).click()
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await list.getByRole('button', { name: 'Actions : façade.png' }).click()
  await page.getByRole('menuitem', { name: 'Supprimer' }).click()
  await panel.getByRole('button', { name: 'Corbeille' }).click()
  const trash = page.getByRole('region', { name: 'Fichiers supprimés' })
  await expect(trash.getByText(/utilisés sur 10 Go/)).toBeVisible()
  await trash.getByRole('button', { name: 'Actions : façade.png' }).click()
  await page.getByRole('menuitem', { name: 'Supprimer définitivement' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Supprimer définitivement' }).click()
  await expect(trash.getByText('La corbeille est vide.')).toBeVisible()
  await trash.getByRole('button', { name: 'Retour aux fichiers' }).click()

  await panel
    .locator('input[type=file]')
    .first()
    .setInputFiles({ name: 'virus.exe', mimeType: 'text/plain', buffer: Buffer.from('MZ') })
  await expect(panel.getByRole('alert')).toContainText('Les programmes et les scripts ne sont pas acceptés')
  await panel.getByRole('button', { name: 'Annuler l’envoi de virus.exe' }).click()
  await expect(page.getByText('a supprimé un fichier').first()).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})
