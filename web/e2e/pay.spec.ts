import { expect, type Page, test } from '@playwright/test'
import { signIn, watchErrors } from './steps'

/** The address of the link in the newest mail to somebody, read where a person would: in the test mailbox. */
async function mailedLink(page: Page, email: string, subject: RegExp): Promise<string> {
  let link: string | undefined
  await expect
    .poll(
      async () => {
        const list = await (await page.request.get(`/boite-essai?a=${encodeURIComponent(email)}`)).text()
        const row = list.split('<a class="row').find(part => subject.test(part))
        const id = /\/boite-essai\/([0-9a-f-]{36})/.exec(row ?? '')?.[1]
        if (!id) return
        const mail = await (await page.request.get(`/boite-essai/${id}`)).text()
        link = /\/payer\/[A-Za-z0-9_-]{64}/.exec(mail)?.[0]
        return link
      },
      { timeout: 20_000, message: `a mail to ${email}` },
    )
    .toBeTruthy()
  return link!
}

test('an invoice is issued, mailed, refused once, paid online and receipted', async ({ page, browser }) => {
  const errors = watchErrors(page)
  await signIn(page)
  await page.goto('/parametres/encaissement')
  await expect(page.getByText('Votre entreprise encaisse en ligne.')).toBeVisible()
  await page.goto('/factures')
  await page.getByRole('button', { name: 'Nouvelle facture' }).click()
  await page.getByRole('combobox', { name: 'Client' }).fill('Péres')
  await page.getByRole('option', { name: /Péres/ }).first().click()
  await page.getByRole('button', { name: 'Ajouter une ligne' }).click()
  const line = page.getByRole('listitem', { name: 'Ligne 1' })
  await line.getByLabel('Désignation').fill('Lavage')
  await line.getByLabel('Prix unitaire HT').fill('50')
  await page.getByRole('button', { name: 'Émettre', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Émettre' }).click()
  const title = page.getByRole('heading', { name: /^F\d{4}-\d{6}$/, level: 1 })
  await expect(title).toBeVisible()
  const number = (await title.textContent()) ?? ''
  const email = `payeur.${Date.now().toString(36)}@essai.example`
  await page.getByRole('button', { name: 'Envoyer' }).click()
  await page.getByLabel('Destinataire').fill(email)
  await page.getByRole('dialog').getByRole('button', { name: 'Envoyer' }).click()
  await expect(page.getByText(`E-mail à ${email}`)).toBeVisible()

  // The payer has no account, a telephone, and no JavaScript.
  const payer = await (await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } })).newPage()
  const link = await mailedLink(page, email, new RegExp(number))
  await payer.goto(link)
  await expect(payer.getByRole('heading', { name: `Facture ${number}` })).toBeVisible()
  expect(await payer.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await payer.getByRole('button', { name: /^Payer 60,00/ }).click()
  await payer.getByRole('button', { name: 'Refuser la carte' }).click()
  await expect(payer.getByText('Le paiement a été refusé')).toBeVisible()
  await payer.getByRole('button', { name: /^Payer 60,00/ }).click()
  const desk = payer.url()
  await payer.getByRole('button', { name: 'Payer', exact: true }).click()
  await expect(payer.getByText('Merci, cette facture est réglée.')).toBeVisible()
  const receipt = payer.getByRole('link', { name: /reçu RL-\d{6}/ })
  const pdf = await page.request.get((await receipt.getAttribute('href')) ?? '')
  expect((await pdf.body()).subarray(0, 5).toString()).toBe('%PDF-')

  // Said again, in whatever way, it changes nothing.
  await payer.goto(desk)
  await expect(payer.getByText('Ce paiement est fait.')).toBeVisible()
  const again = await page.request.post(`${new URL(desk).pathname}/choisir`, { form: { choix: 'pay' }, maxRedirects: 0 })
  expect(again.status()).toBe(303)
  const forged = await payer.request.post('/webhooks/payments/local', {
    headers: { 'stripe-signature': 't=1,v1=00' },
    data: '{"id":"evt_1"}',
  })
  expect(forged.status()).toBe(400)
  // The invoice's page was open meanwhile, and has heard of it.
  await expect(page.getByText('Payée', { exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: /^Reçu RL-/ })).toHaveCount(1)
  await page.goto('/caisse')
  await expect(page.getByText('Chaînes vérifiées à l’instant : rien n’a été modifié.')).toBeVisible()
  await expect(page.getByText('Caisse en ligne')).toBeVisible()
  expect(errors).toEqual([])
})
