// Whole ways through the panel in Chromium: on a phone and in French, by keyboard alone, from a visitor's report to a suspension and back.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openBrowser } from '../../helpers/browser.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people } from './house.ts'
import { profile } from './tour.ts'

const browser = await openBrowser({ after })
const house = await openHouse({}, openPods)
after(house.close)
const { alice } = await people(house)
await alice.call('POST', '/api/sites', { name: 'stall' })
const url = `http://localhost:${house.port}`
const stall = `http://stall.localhost:${house.port}/`
const PHONE = { viewport: { width: 390, height: 800 }, locale: 'fr-FR', hasTouch: true }

test('an administrator suspends by keyboard alone, a visitor on a phone reads why in French and reports, and all is undone', async () => {
  const boss = await (await profile(browser, url, 'boss')).newPage()
  await boss.goto(`${url}/admin/accounts/alice`)
  await boss.getByLabel('Reason, as visitors read it').focus()
  await boss.keyboard.type('Impayé <b>depuis mars</b>')
  await boss.keyboard.press('Enter')
  await boss.waitForURL(/done=suspended/)

  const visitor = await (await browser.newContext(PHONE)).newPage()
  await visitor.goto(stall)
  assert.match(await visitor.textContent('main') ?? '', /Impayé <b>depuis mars<\/b>/)
  await visitor.getByText('Signaler ce site').click()
  await visitor.waitForURL(/\/report\?host=stall\.localhost/)
  assert.equal(await visitor.inputValue('#host'), 'stall.localhost')
  assert.equal(await visitor.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing sticks out of the phone')
  await visitor.selectOption('#kind', 'spam')
  await visitor.fill('#text', 'De la publicité partout.')
  await visitor.getByText('Envoyer').click()
  await visitor.getByText('L’administrateur va regarder').waitFor()

  await boss.goto(`${url}/admin/reports`)
  await boss.getByText('De la publicité partout.').waitFor()
  await boss.getByLabel('Dealt with: stall.localhost').focus()
  await boss.keyboard.press('Enter')
  await boss.waitForURL(/done=report_closed/)
  await boss.goto(`${url}/admin/accounts/alice`)
  await boss.getByRole('button', { name: 'Resume' }).focus()
  await boss.keyboard.press('Enter')
  await boss.waitForURL(/done=resumed/)
  assert.equal((await visitor.goto(stall))?.status(), 200)
})

test('somebody on a phone, in French, takes a suggested name and a name with accents', async () => {
  const page = await (await profile(browser, url, 'alice', PHONE)).newPage()
  await page.goto(`${url}/sites`)
  await page.fill('#name', 'stall')
  await page.getByRole('button', { name: 'stall-alice' }).click()
  await page.waitForSelector('.field.free')
  assert.equal(await page.inputValue('#name'), 'stall-alice')
  await page.fill('#name', 'café')
  await page.getByText('café, que l’internet connaît comme xn--caf-dma, est libre.').waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/sites\/xn--caf-dma\?done=created/)
  assert.equal(await page.textContent('h1'), 'xn--caf-dma')
  assert.match(await house.page('xn--caf-dma'), /<html/i)
})

test('a link of an invite leads to an account by keyboard alone', async t => {
  const invited = await openHouse({ signup: 'invite' })
  t.after(invited.close)
  const { code } = (await invited.console().call('POST', '/api/invites', { uses: 1 })).json()
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await page.goto(`http://localhost:${invited.port}/signup?invite=${code}`)
  await page.getByLabel('Username').focus()
  await page.keyboard.type('newcomer')
  await page.keyboard.press('Tab')
  await page.keyboard.type('password1')
  await page.keyboard.press('Enter')
  await page.locator('#password-hint[role=alert]').waitFor()
  assert.equal(await page.evaluate('document.activeElement.id'), 'password', 'what is wrong has the cursor')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/sites/)
})
