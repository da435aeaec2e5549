import { createHash } from 'node:crypto'
import { expect, type Page, test } from '@playwright/test'
import { call, freshEmail, mailed, signIn, watchErrors } from './steps'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A quote of three items of the catalogue for a customer with an address of their own. */
async function draft(page: Page, email: string): Promise<string> {
  await page.goto('/devis')
  await page.getByRole('button', { name: 'Nouveau devis' }).click()
  await expect(page.getByRole('heading', { name: 'Brouillon', level: 1 })).toBeVisible()
  const stamp = email.split('@')[0]!.split('.')[1]!
  await call(page, '/contacts', {
    first_name: 'Inès',
    last_name: `Garnier ${stamp}`,
    emails: [{ email }],
    addresses: [{ line1: '3 quai des Étroits', postal_code: '69005', city: 'Lyon', country: 'FR' }],
  })
  await page.getByRole('combobox', { name: 'Client', exact: true }).fill(stamp)
  await page.getByRole('option', { name: /Garnier/ }).click()
  await page.getByLabel('Objet').fill('Freins et vidange')
  for (const [place, typed, found] of [
    [1, 'vidange', /Forfait vidange/],
    [2, 'plaquettes', /Plaquettes de frein avant/],
    [3, 'batterie', /Batterie 70 Ah/],
  ] as const) {
    await page.getByRole('button', { name: 'Ajouter une ligne' }).click()
    await page
      .getByRole('listitem', { name: `Ligne ${place}` })
      .getByLabel('Désignation')
      .fill(typed)
    await page.getByRole('option', { name: found }).click()
  }
  return email
}

test('a quote is sent, accepted for two of its three lines with a code, its deposit and its balance are paid', async ({
  page,
  browser,
}) => {
  test.slow()
  const errors = watchErrors(page)
  await signIn(page)
  const email = await draft(page, freshEmail('ines'))
  // The lines change places by keyboard too.
  const handle = page.getByRole('button', { name: /^Déplacer la ligne Batterie/ })
  await handle.focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Space')
  await expect(page.getByRole('listitem', { name: 'Ligne 2' }).getByLabel('Désignation')).toHaveValue('Batterie 70 Ah')
  await expect(page.getByText('Enregistré', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
  const sending = page.getByRole('dialog')
  await expect(sending.getByLabel('Adresse e-mail du client')).toHaveValue(email)
  await sending.getByLabel('Un mot d’accompagnement').fill('Comme convenu ce matin.')
  await sending.getByRole('button', { name: 'Envoyer' }).click()
  const title = page.getByRole('heading', { name: /^D\d{4}-\d{6}$/, level: 1 })
  await expect(title).toBeVisible()
  const number = (await title.textContent()) ?? ''

  // The customer, on a telephone.
  const phone = await (await browser.newContext({ viewport: { width: 360, height: 740 } })).newPage()
  const phoneErrors = watchErrors(phone)
  const sent = await mailed(page, email, new RegExp(`Votre devis ${number}`), /\/proposition\/[A-Za-z0-9_-]{64}/)
  await phone.goto(sent)
  await expect(phone.getByRole('heading', { name: `Devis ${number} – Freins et vidange` })).toBeVisible()
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await expect(page.getByText('Vu', { exact: true })).toBeVisible()
  const before = await phone.locator('#sommes').textContent()
  await phone.getByRole('checkbox', { name: /Batterie/ }).uncheck()
  await expect(phone.locator('#sommes')).not.toHaveText(before ?? '')
  await phone.getByRole('button', { name: 'Continuer pour accepter' }).click()
  await expect(phone.getByText('Non retenu : Batterie 70 Ah')).toBeVisible()
  await phone.getByLabel('Votre nom').fill('Inès Garnier')
  await phone.getByLabel('J’ai lu et j’accepte les conditions générales').check()
  await phone.getByRole('button', { name: 'Recevoir mon code par e-mail' }).click()
  const code = await mailed(page, email, /votre code pour signer/, /\b\d{6}\b/)
  await phone.getByLabel('Code à six chiffres').fill(code)
  await phone.getByRole('button', { name: 'Commander avec obligation de paiement' }).click()
  await expect(phone.getByText('Accepté en partie')).toBeVisible()
  await expect(phone.getByRole('link', { name: 'Renoncer au contrat ici' })).toBeVisible()

  // The signed paper verifies in the browser; one flipped byte does not.
  const signed = (await phone.getByRole('link', { name: 'Devis signé (PDF)' }).getAttribute('href')) ?? ''
  const pdf = await (await phone.request.get(signed)).body()
  await expect(phone.getByText(sha256(pdf))).toBeVisible()
  const check = await (await browser.newContext()).newPage()
  await check.goto('/verifier')
  await check.getByLabel(/Choisissez un PDF/).setInputFiles({ name: 'devis.pdf', mimeType: 'application/pdf', buffer: pdf })
  await expect(check.getByText('Ce document est identique à l’original')).toBeVisible()
  await expect(check.getByText(number)).toBeVisible()
  const flipped = Buffer.from(pdf)
  flipped[Math.floor(flipped.length / 2)]! ^= 1
  await check.getByLabel(/Choisissez un PDF/).setInputFiles({ name: 'devis.pdf', mimeType: 'application/pdf', buffer: flipped })
  await expect(check.getByText('Aucun original ne porte cette empreinte')).toBeVisible()

  // The deposit is paid at once, with the local provider.
  await phone.getByRole('link', { name: 'Régler l’acompte' }).click()
  await phone.getByRole('button', { name: /^Payer/ }).click()
  await phone.getByRole('button', { name: 'Payer', exact: true }).click()
  await expect(phone.getByText('Merci, cette facture est réglée.')).toBeVisible()

  // The balance is invoiced by the staff, and paid by transfer.
  await expect(page.getByText('Accepté en partie', { exact: true })).toBeVisible()
  await expect(page.getByText(/Facture d’acompte/)).toBeVisible()
  await page.getByRole('button', { name: 'Facturer' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Préparer la facture' }).click()
  await page.getByRole('button', { name: 'Émettre', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Émettre' }).click()
  await expect(page.getByRole('heading', { name: /^F\d{4}-\d{6}$/, level: 1 })).toBeVisible()
  await expect(page.getByText('Facture de solde')).toBeVisible()
  await page.getByRole('button', { name: 'Encaisser' }).click()
  const paying = page.getByRole('dialog')
  await paying.getByText('Virement', { exact: true }).click()
  await paying.getByRole('button', { name: 'Encaisser' }).click()
  await expect(page.getByText('Payée', { exact: true }).first()).toBeVisible()
  const receipt = page.getByRole('link', { name: /^Reçu/ }).first()
  const paper = await page.request.get((await receipt.getAttribute('href')) ?? '')
  expect((await paper.body()).subarray(0, 5).toString()).toBe('%PDF-')
  expect([...errors, ...phoneErrors]).toEqual([])
})

test('a quote is refused without JavaScript, replaced, signed on the spot, and withdrawn', async ({ page, browser }) => {
  test.slow()
  const errors = watchErrors(page)
  await signIn(page)
  const email = await draft(page, freshEmail('hugo'))
  await expect(page.getByText('Enregistré', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Envoyer' }).click()
  await expect(page.getByRole('heading', { name: /^D\d{4}-\d{6}$/, level: 1 })).toBeVisible()
  const plain = await (await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } })).newPage()
  const link = await mailed(page, email, /Votre devis/, /\/proposition\/[A-Za-z0-9_-]{64}/)
  await plain.goto(link)
  await plain.getByRole('link', { name: 'Refuser' }).click()
  await plain.getByLabel('Pourquoi ?').fill('Trop cher')
  await plain.getByRole('button', { name: 'Refuser le devis' }).click()
  await expect(plain.getByText('« Trop cher »')).toBeVisible()
  await expect(page.getByText('Trop cher').first()).toBeVisible()

  await page.getByRole('button', { name: 'Autres actions' }).click()
  await page.getByRole('menuitem', { name: 'Préparer une nouvelle version' }).click()
  await page.getByLabel('Remise sur le total (%)').fill('10')
  await expect(page.getByText('Enregistré', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Envoyer', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Envoyer' }).click()
  await expect(page.getByRole('heading', { name: / v2$/, level: 1 })).toBeVisible()
  await plain.goto(link)
  await expect(plain.getByText('« Trop cher »')).toBeVisible()

  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Signer sur place' }).click()
  const tablet = await opened
  await tablet.getByRole('button', { name: 'Continuer pour accepter' }).click()
  await tablet.getByLabel('Votre nom').fill('Hugo')
  await tablet.getByLabel('J’ai lu et j’accepte les conditions générales').check()
  await tablet.getByRole('button', { name: 'Commander avec obligation de paiement' }).click()
  await expect(tablet.getByText('Signez dans le cadre.')).toBeVisible()
  const pad = tablet.locator('canvas')
  await pad.scrollIntoViewIfNeeded()
  const box = (await pad.boundingBox())!
  await tablet.mouse.move(box.x + 30, box.y + 60)
  await tablet.mouse.down()
  await tablet.mouse.move(box.x + 120, box.y + 110, { steps: 5 })
  await tablet.mouse.move(box.x + 200, box.y + 40, { steps: 5 })
  await tablet.mouse.up()
  await tablet.getByLabel('J’ai lu et j’accepte les conditions générales').check()
  await tablet.getByRole('button', { name: 'Commander avec obligation de paiement' }).click()
  await expect(tablet.getByText(/^Accepté par Hugo/)).toBeVisible()
  await expect(page.getByText('Signature sur place')).toBeVisible()
  expect(errors).toEqual([])
})
