// The administrator's table with 10,000 routes: a page of rows is drawn, and a change touches the row that changed.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { request } from 'undici'
import { openBrowser } from '../../helpers/browser.ts'
import { openHouse, PASSWORD } from './house.ts'
import { profile } from './tour.ts'

const ROUTES = 10_000
const browser = await openBrowser({ after })
const routes = Array.from({ length: ROUTES }, (_, index) => ({ host: `host-${String(index).padStart(5, '0')}.example`, upstream: { address: '127.0.0.1', port: 9 } }))
const house = await openHouse({ routes })
after(house.close)
await house.registry.accounts.create({ username: 'boss', password: PASSWORD, role: 'admin' })
const url = `http://localhost:${house.port}`

test('the table of 10,000 routes shows a page of them, and a change redraws one row', async t => {
  const context = await profile(browser, url, 'boss')
  const page = await context.newPage()
  await page.goto(`${url}/admin`)
  const painted = await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0]?.startTime') as number
  t.diagnostic(`first paint after ${Math.round(painted)} ms`)
  await page.waitForSelector('#live:not([hidden])')
  assert.equal(await page.locator('#routes tbody tr').count(), 100)
  await page.evaluate(`{
    window.touched = new Set()
    for (const row of document.querySelectorAll('#routes tbody tr')) row.kept = true
    new MutationObserver(changes => { for (const { target } of changes) touched.add((target.closest ?? (() => target.parentElement?.closest('tr'))).call(target, 'tr')?.dataset.host) })
      .observe(document.querySelector('#routes tbody'), { subtree: true, childList: true, characterData: true })
  }`)
  await request(`http://127.0.0.1:${house.port}/`, { headers: { host: 'host-00003.example' }, reset: true }).then(answer => answer.body.dump())
  await page.locator('tr[data-host="host-00003.example"] td:nth-child(7)', { hasText: '1' }).waitFor()
  assert.deepEqual(await page.evaluate('[...touched]'), ['host-00003.example'])
  assert.equal(await page.evaluate('[...document.querySelectorAll("#routes tbody tr")].every(row => row.kept)'), true)
  await page.fill('#filter', '0999')
  await page.waitForFunction('document.querySelectorAll("#routes tbody tr").length === 11')
  await page.click('th[data-column="requests"] a')
  await page.fill('#filter', '')
  await page.click('th[data-column="requests"] a')
  await page.locator('#routes tbody tr:nth-child(2)[data-host="host-00003.example"]').waitFor()
  await context.close()
})
