// The sample files through the wizard, in order, into an empty company: the counts are those of expected.json, to the row.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { freshCompany, watchErrors } from './steps'

const samples = process.env.IMPORT_SAMPLES ?? join(import.meta.dirname, '../../../shared/data/import')

interface Expected {
  files: { file: string; rows: number; created: number; matched: number; rejected: unknown[]; warnings: unknown[] }[]
  held_after: number
}

const expected = JSON.parse(readFileSync(join(samples, 'expected.json'), 'utf8')) as Expected

const figure = (page: Page, key: string) => page.getByTestId(`import-${key}`)
const spaced = (value: number) => value.toLocaleString('fr-FR')

test('the sample files give exactly what is expected', async ({ browser }) => {
  test.setTimeout(300_000)
  const page = await freshCompany(browser, 'import')
  const errors = watchErrors(page)
  for (const file of expected.files) {
    await test.step(file.file, async () => {
      await page.goto('/imports')
      await page.locator('input[type=file]').setInputFiles(join(samples, file.file))
      await expect(page.getByRole('heading', { name: file.file, level: 1 })).toBeVisible()
      await expect(page.getByRole('radio', { name: 'Compléter ses champs vides' })).toBeChecked()
      await page.getByRole('button', { name: 'Vérifier avant d’importer' }).click()
      const start = page.getByRole('button', { name: /^Importer .* ligne/ })
      await expect(start).toBeVisible({ timeout: 60_000 })
      await expect(figure(page, 'rows')).toHaveText(spaced(file.rows))
      await expect(figure(page, 'created')).toHaveText(spaced(file.created))
      await expect(figure(page, 'matched')).toHaveText(spaced(file.matched))
      await expect(figure(page, 'rejected')).toHaveText(spaced(file.rejected.length))
      await expect(figure(page, 'warnings')).toHaveText(spaced(file.warnings.length))
      await start.click()
      await expect(page.getByRole('heading', { name: 'Import terminé' })).toBeVisible({ timeout: 60_000 })
      await expect(figure(page, 'created')).toHaveText(spaced(file.created))
      await expect(figure(page, 'matched')).toHaveText(spaced(file.matched))
      await expect(figure(page, 'rejected')).toHaveText(spaced(file.rejected.length))
      if (file.rejected.length) {
        const download = page.waitForEvent('download')
        await page.getByRole('link', { name: 'Télécharger les lignes rejetées' }).click()
        const rejects = readFileSync(await (await download).path(), 'utf8')
        expect(rejects).toContain('motif')
      }
    })
  }
  await page.goto('/contacts')
  await expect(page.getByText(`${spaced(expected.held_after)} contacts`)).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})

test('a file of a garage becomes vehicles with their owners', async ({ browser }) => {
  test.setTimeout(180_000)
  const page = await freshCompany(browser, 'parc')
  const errors = watchErrors(page)
  await page.goto('/imports')
  await page.getByRole('radio', { name: 'Véhicules et autres biens' }).check()
  await page.locator('input[type=file]').setInputFiles({
    name: 'parc.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(
      'Immat;Marque;Modèle;Km;Date CT;Client;Tél\nab 123 cd;Peugeot;208;52 000 km;01/04/2027;Éloïse Dupré;06 12 34 56 78\n' +
        'FG-456-HJ;Fiat;Panda;98.500;31/02/2027;Éloïse Dupré;06 12 34 56 78\npas une plaque;;;;;;\n',
    ),
  })
  await expect(page.getByRole('combobox', { name: 'Champ pour la colonne Date CT' })).toHaveValue('Contrôle technique avant')
  await page.getByRole('checkbox', { name: 'Créer les propriétaires inconnus' }).check()
  await page.waitForTimeout(500)
  await page.getByRole('button', { name: 'Vérifier avant d’importer' }).click()
  await expect(figure(page, 'created')).toHaveText('2', { timeout: 60_000 })
  await expect(figure(page, 'rejected')).toHaveText('1')
  await page.getByRole('button', { name: 'Importer 2 lignes' }).click()
  await expect(page.getByRole('heading', { name: 'Import terminé' })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Voir les biens' }).click()
  await expect(page.getByText('AB-123-CD')).toBeVisible()
  await page.goto('/contacts')
  await expect(page.getByText('Éloïse Dupré')).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})

test('a file of tasks becomes tasks about contacts', async ({ browser }) => {
  test.setTimeout(180_000)
  const page = await freshCompany(browser, 'taches')
  const errors = watchErrors(page)
  await page.goto('/imports')
  await page.getByRole('radio', { name: 'Tâches' }).check()
  await page.locator('input[type=file]').setInputFiles({
    name: 'taches.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(
      "Objet;Type;Date d'échéance;Client;Priorité;Statut\nRappeler l’assureur;Appel;24/11/2099 14h30;Zoé Inconnue;Haute;Non commencée\n" +
        'Rappeler l’assureur;Appel;24/11/2099 14:30;Zoé Inconnue;;\n;;;;Haute;\n',
    ),
  })
  await expect(page.getByRole('combobox', { name: "Champ pour la colonne Date d'échéance" })).toHaveValue('Échéance')
  await expect(page.getByRole('radio', { name: 'Ne pas la créer une seconde fois' })).toBeChecked()
  await expect(page.getByRole('radio', { name: 'Compléter ses champs vides' })).toBeHidden()
  await page.getByRole('button', { name: 'Vérifier avant d’importer' }).click()
  await expect(figure(page, 'created')).toHaveText('1', { timeout: 60_000 })
  await expect(figure(page, 'matched')).toHaveText('1')
  await expect(figure(page, 'rejected')).toHaveText('1')
  await page.getByRole('button', { name: 'Importer 2 lignes' }).click()
  await expect(page.getByRole('heading', { name: 'Import terminé' })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText('Pas de titre')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Voir les tâches' })).toBeVisible()
  await page.goto('/taches?liste=upcoming')
  await expect(page.getByText('Rappeler l’assureur')).toBeVisible()
  expect(errors).toEqual([])
  await page.context().close()
})

test('an import can be taken back', async ({ browser }) => {
  test.setTimeout(180_000)
  const page = await freshCompany(browser, 'retour')
  await page.goto('/imports')
  await page.locator('input[type=file]').setInputFiles({
    name: 'clients.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('Nom;Téléphone mobile;Ville\nAna Reprise;06 11 22 33 44;Lyon\nPaul Reprise;06 55 66 77 88;Bron\n'),
  })
  // A column can be left out, and the choice survives a reload.
  await page.getByRole('combobox', { name: 'Champ pour la colonne Ville' }).click()
  await page.getByRole('option', { name: 'Ignorer' }).click()
  await page.waitForTimeout(500)
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Champ pour la colonne Ville' })).toHaveValue('Ignorer')
  await page.getByRole('button', { name: 'Vérifier avant d’importer' }).click()
  await page.getByRole('button', { name: 'Importer 2 lignes' }).click({ timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Import terminé' })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Annuler l’import' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Annuler l’import' }).click()
  await expect(page.getByRole('heading', { name: 'Import annulé' })).toBeVisible({ timeout: 60_000 })
  await page.goto('/contacts')
  await expect(page.getByText('Aucun contact pour l’instant')).toBeVisible()
  await page.context().close()
})
