// A lived-in house and every page of its panel: for tests that look at each of them, and for the pictures in docs/screenshots.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { PASSWORD, people, type TestHouse } from './house.ts'
import { TARGZ, ZIP } from './uploads.ts'

export type Who = 'stranger' | 'alice' | 'boss'
/** A page: its name, where it is, who looks at it, and what they do there first. */
export type Stop = { name: string; path: string; who: Who; act?: (page: Page) => Promise<unknown> }

export const STOPS: Stop[] = [
  { name: 'front', path: '/', who: 'stranger' }, { name: 'signup', path: '/signup?name=bakery', who: 'stranger' }, { name: 'signin', path: '/signin', who: 'stranger' },
  { name: 'report', path: '/report?host=bakery.localhost', who: 'stranger' }, { name: 'api', path: '/api', who: 'stranger' }, { name: 'not-found', path: '/nowhere', who: 'stranger' },
  { name: 'sites', path: '/sites', who: 'alice' }, { name: 'name-taken', path: '/sites', who: 'alice', act: typeName }, { name: 'site', path: '/sites/bakery', who: 'alice' },
  { name: 'backups', path: '/backups', who: 'alice' }, { name: 'account', path: '/account', who: 'alice' }, { name: 'token', path: '/account', who: 'alice', act: makeToken },
  { name: 'routes', path: '/admin', who: 'boss' }, { name: 'house', path: '/admin/house', who: 'boss' }, { name: 'accounts', path: '/admin/accounts', who: 'boss' },
  { name: 'one-account', path: '/admin/accounts/bob', who: 'boss' }, { name: 'class', path: '/admin/class', who: 'boss' }, { name: 'sheet', path: '/admin/class', who: 'boss', act: takeClass },
  { name: 'images', path: '/admin/images', who: 'boss' }, { name: 'reports', path: '/admin/reports', who: 'boss' }, { name: 'audit', path: '/admin/audit', who: 'boss' },
]

async function typeName(page: Page): Promise<void> {
  await page.fill('#name', 'bakery')
  await page.waitForSelector('.field.wrong')
}

async function makeToken(page: Page): Promise<void> {
  await page.fill('#token-name', 'my laptop')
  await page.selectOption('#token-scope', 'deploy bakery')
  await page.click('form[action="/account/tokens"] button')
  await page.waitForSelector('code.token')
}

let classes = 0
async function takeClass(page: Page): Promise<void> {
  const mark = String.fromCharCode(97 + classes++ % 26)
  await page.fill('#list', `Martin;Zoé ${mark}\nNguyen;Linh ${mark}\nDupont;Ada ${mark}\nOkafor;Chidi ${mark}`)
  await page.click('main form button')
  await page.waitForSelector('.sheet')
}

/** Sites in several states, people, an invite, reports. */
export async function furnish(house: TestHouse): Promise<void> {
  const { alice, bob, boss, stranger } = await people(house)
  for (const name of ['bakery', 'choir', 'old-blog']) await alice.call('POST', '/api/sites', { name })
  await bob.call('POST', '/api/sites', { name: 'chess-club' })
  for (const body of [ZIP, TARGZ]) await alice.send('PUT', '/api/sites/bakery/content', { headers: { origin: alice.origin }, body })
  await house.page('bakery')
  await alice.call('POST', '/api/sites/choir/wake')
  await alice.call('POST', '/api/sites/choir/sleep', {})
  await alice.call('DELETE', '/api/sites/old-blog')
  await alice.call('POST', '/api/tokens', { name: 'nightly deploy', scope: 'deploy', site: 'choir' })
  await house.visitor({ address: '198.51.100.20' }).call('POST', '/api/session', { username: 'alice', password: PASSWORD }, { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1' })
  await boss.call('POST', '/api/invites', { uses: 30 })
  await stranger.call('POST', '/api/reports', { host: 'chess-club.localhost', kind: 'phishing', text: 'It asks for the password of my bank.', contact: 'me@example.org' })
  await boss.call('PATCH', '/api/accounts/bob', { state: 'suspended', reason: 'Reported for phishing; write to the school office.', mostNames: 3 })
}

/** A browser's profile in which `who` is signed in. */
export async function profile(browser: Browser, url: string, who: Who, options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  if (who === 'stranger') return context
  const page = await context.newPage()
  await page.goto(`${url}/signin`)
  await page.fill('#username', who)
  await page.fill('#password', PASSWORD)
  await page.click('main button')
  await page.waitForURL(/\/sites/)
  await page.close()
  return context
}
