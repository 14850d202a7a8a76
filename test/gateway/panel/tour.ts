// A lived-in house and every page of its panel: for tests that look at each of them, and for the pictures in docs/screenshots.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openPods } from '../../helpers/pods.ts'
import { openResolver } from '../../helpers/resolver.ts'
import { PASSWORD, people, type TestHouse } from './house.ts'
import { openNamedHouse } from './named.ts'
import { TARGZ, ZIP } from './uploads.ts'

export type Who = 'stranger' | 'alice' | 'boss'
/** A page: its name, where it is, who looks at it, and what they do there first. */
export type Stop = { name: string; path: string; who: Who; act?: (page: Page) => Promise<unknown> }

export const STOPS: Stop[] = [
  { name: 'front', path: '/', who: 'stranger' }, { name: 'signup', path: '/signup?name=bakery', who: 'stranger' }, { name: 'signin', path: '/signin', who: 'stranger' },
  { name: 'report', path: '/report?host=bakery.localhost', who: 'stranger' }, { name: 'api', path: '/api', who: 'stranger' }, { name: 'not-found', path: '/nowhere', who: 'stranger' },
  { name: 'sites', path: '/sites', who: 'alice' }, { name: 'name-taken', path: '/sites', who: 'alice', act: typeName },
  { name: 'overview', path: '/sites/bakery', who: 'alice' }, { name: 'files', path: '/sites/bakery/files', who: 'alice' }, { name: 'folder', path: '/sites/bakery/files?path=html', who: 'alice' },
  { name: 'editor', path: '/sites/bakery/files/edit?path=html%2Findex.html', who: 'alice' }, { name: 'console', path: '/sites/bakery/console', who: 'alice', act: openConsole },
  { name: 'logs', path: '/sites/bakery/logs', who: 'alice' }, { name: 'visits', path: '/sites/bakery/logs?source=access', who: 'alice' }, { name: 'database', path: '/sites/bakery/database', who: 'alice' },
  { name: 'domains', path: '/sites/bakery/domains', who: 'alice' }, { name: 'backup', path: '/sites/bakery/backup', who: 'alice' }, { name: 'settings', path: '/sites/bakery/settings', who: 'alice' },
  { name: 'backups', path: '/backups', who: 'alice' }, { name: 'account', path: '/account', who: 'alice' }, { name: 'token', path: '/account', who: 'alice', act: makeToken },
  { name: 'routes', path: '/admin', who: 'boss' }, { name: 'house', path: '/admin/house', who: 'boss' }, { name: 'accounts', path: '/admin/accounts', who: 'boss' },
  { name: 'one-account', path: '/admin/accounts/bob', who: 'boss' }, { name: 'class', path: '/admin/class', who: 'boss' }, { name: 'sheet', path: '/admin/class', who: 'boss', act: takeClass },
  { name: 'images', path: '/admin/images', who: 'boss' }, { name: 'dns', path: '/admin/dns', who: 'boss' }, { name: 'certificates', path: '/admin/certificates', who: 'boss' },
  { name: 'reports', path: '/admin/reports', who: 'boss' }, { name: 'audit', path: '/admin/audit', who: 'boss' },
]

async function typeName(page: Page): Promise<void> {
  await page.fill('#name', 'bakery')
  await page.waitForSelector('.field.wrong')
}

async function openConsole(page: Page): Promise<void> {
  await page.click('#open')
  await page.locator('.xterm textarea:focus').waitFor({ state: 'attached' })
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

/** A house with all that a house may have: a signed zone, a secondary, certificates of its own, an ACME server (that nobody reaches), a prefix for ports of sites' own. */
export async function openLivedIn() {
  const resolver = await openResolver({ 'www.bakery.example': { cname: 'bakery.localhost' } })
  const acme = { url: 'https://127.0.0.1:9/directory', email: null, caFile: null, binding: null, chain: null, profile: null }
  const sides = [40_001, 40_002, 40_003, 40_004].map(port => ({ address: '::', port }))
  const house = await openNamedHouse('localhost', { dnssec: true, https: [{ address: '127.0.0.1', port: 8443 }], acme, publicIpv6: '2001:db8::53', ipv6Prefix: '2001:db8:1:2::/64', sides, resolvers: [resolver.address] }, openPods)
  const close = async (): Promise<void> => {
    await house.close()
    resolver.close()
  }
  try {
    await furnish(house)
    return { ...house, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Sites in several states, people, an invite, reports. */
async function furnish(house: TestHouse): Promise<void> {
  const { alice, bob, boss, stranger } = await people(house)
  for (const name of ['bakery', 'choir', 'old-blog']) await alice.call('POST', '/api/sites', { name })
  await bob.call('POST', '/api/sites', { name: 'chess-club' })
  for (const body of [ZIP, TARGZ]) await alice.send('PUT', '/api/sites/bakery/content', { headers: { origin: alice.origin }, body })
  await house.page('bakery')
  await alice.call('POST', '/api/sites/choir/wake')
  await alice.call('POST', '/api/sites/choir/sleep', {})
  await alice.call('DELETE', '/api/sites/old-blog')
  await boss.call('PATCH', '/api/sites/bakery', { mostPorts: 2 })
  await alice.call('POST', '/api/sites/bakery/ports', { port: 5432, proxyProtocol: true })
  for (const domain of ['www.bakery.example', 'bakery.example']) await alice.call('POST', '/api/sites/bakery/domains', { domain })
  await alice.call('PUT', '/api/sites/bakery/records', [{ type: 'MX', data: '10 mail.example.org' }])
  await boss.call('PUT', '/api/zone/records', [{ type: 'MX', data: '10 mail.example.org.' }, { name: '_dmarc', type: 'TXT', data: 'v=DMARC1; p=quarantine' }])
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
