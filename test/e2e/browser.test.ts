// A person with a browser, from the front page to a living site, with every part real; and an administrator who watches it happen.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser } from '../helpers/browser.ts'
import { startHouse } from '../helpers/house.ts'

test('someone signs up, reserves a name, and the site answers in the browser; the admin sees its row come alive', async t => {
  const browser = await openBrowser(t)
  const house = await startHouse(t)
  const url = house.ready.panel.replace(/\/$/, '')
  const visitor = await (await browser.newContext({ locale: 'fr-FR' })).newPage()
  await visitor.goto(`${url}/signup`)
  assert.equal(await visitor.getAttribute('html', 'lang'), 'fr')
  await visitor.fill('#username', 'margot')
  await visitor.fill('#password', 'une auberge au bord du lac')
  await visitor.click('main button')
  await visitor.waitForURL(/\/sites/)
  await visitor.fill('#name', 'margot')
  await visitor.waitForSelector('.field.free')
  await visitor.click('.reserve button')
  await visitor.waitForURL(/\/sites\/margot/)
  const address = await visitor.getAttribute('.address a', 'href')
  assert.equal(address, `http://margot.localhost:${house.http}/`)

  const site = await (await browser.newContext()).newPage()
  const answer = await site.goto(address ?? '')
  assert.equal(answer?.status(), 200)
  assert.match(await site.textContent('body') ?? '', /margot/)
  await visitor.waitForSelector('.door-plate[data-state="running"]')

  assert.equal((await house.auberge('account', 'create', 'chief', '--admin', '--password-stdin', { input: 'keys of the house' })).code, 0)
  const admin = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await admin.goto(`${url}/signin`)
  await admin.fill('#username', 'chief')
  await admin.fill('#password', 'keys of the house')
  await admin.click('main button')
  await admin.goto(`${url}/admin`)
  const row = admin.locator('tr', { hasText: 'margot.localhost' })
  await row.getByText('Awake').waitFor()
  assert.equal((await house.auberge('site', 'sleep', 'margot')).code, 0)
  await row.getByText('Asleep').or(row.getByText('Dozing')).waitFor()
})
