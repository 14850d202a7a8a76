// A PHP application that knows nothing of us: WordPress, uploaded, set up in a browser by its own installer, and still there after its site slept.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../helpers/browser.ts'
import { startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { wordpressArchive } from '../helpers/wordpress.ts'
import { newOwner, type Owner } from './owner.ts'

type Database = { host: string; port: number; name: string; user: string; password: string }
type Seen = { state: string; usage: { database: number | null } | null; database: Database }

const PASSWORD = 'a novel by the fire 27'
const seen = async (owner: Owner): Promise<Seen> => JSON.parse((await owner.api('GET', '/api/sites/novel')).text) as Seen

test('WordPress is installed through the front door in a browser; its posts are there after its site slept', { timeout: 280_000 }, async t => {
  const archive = await wordpressArchive(t)
  const browser = await openBrowser(t)
  const house = await startHouse(t)
  const owner = await newOwner(house, 'zoe')
  await owner.api('POST', '/api/sites', { name: 'novel' })
  assert.equal((await owner.raw('PUT', '/api/sites/novel/content', { body: readFileSync(archive) })).status, 200)
  await until('the database is there', async () => (await seen(owner)).usage?.database !== null, 60_000)
  // Without scripts: those of the installer think about the password while it is being typed.
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
  page.setDefaultTimeout(120_000)
  await install(page, `http://novel.localhost:${house.http}`, (await seen(owner)).database)

  assert.match(await post(house, 'The inn by the lake', 'It was a dark night.'), /<string>\d+<\/string>/)
  for (const tier of ['frozen', 'asleep']) {
    assert.equal((await house.auberge('site', 'sleep', 'novel', '--tier', tier)).code, 0)
    assert.equal((await seen(owner)).state, tier)
    await page.goto(`http://novel.localhost:${house.http}/`)
    assert.match(await page.textContent('body') ?? '', /The inn by the lake/, tier)
  }
  assert.match(await post(house, 'The second chapter', 'It dawned.'), /<string>\d+<\/string>/, 'its author can write on')
})

/** The installer's own pages: where the database is, then whose blog it is. */
async function install(page: Page, url: string, { host, name, user, password }: Database): Promise<void> {
  await page.goto(`${url}/wp-admin/setup-config.php?step=1`)
  for (const [field, value] of Object.entries({ dbname: name, uname: user, pwd: password, dbhost: host })) await page.fill(`#${field}`, value)
  await page.click('input[type=submit]')
  await page.click('a.button[href^="install.php"]')
  await page.fill('#weblog_title', 'A novel')
  await page.fill('#user_login', 'zoe')
  for (const field of ['#pass1', '#pass2']) await page.fill(field, PASSWORD)
  await page.fill('#admin_email', 'zoe@example.org')
  await page.click('#submit')
  await page.waitForSelector('a[href*="wp-login.php"]')
}

/** Publishes a post by XML-RPC, as programs for writing do. */
async function post(house: TestHouse, title: string, text: string): Promise<string> {
  const values = ['1', 'zoe', PASSWORD].map(value => `<param><value><string>${value}</string></value></param>`).join('')
  const members = Object.entries({ title, description: text }).map(([name, value]) => `<member><name>${name}</name><value><string>${value}</string></value></member>`).join('')
  const body = `<?xml version="1.0"?><methodCall><methodName>metaWeblog.newPost</methodName><params>${values}<param><value><struct>${members}</struct></value></param><param><value><boolean>1</boolean></value></param></params></methodCall>`
  return (await house.visit('novel.localhost', '/xmlrpc.php', { method: 'POST', headers: { 'content-type': 'text/xml' }, body })).text
}
