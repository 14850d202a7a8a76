// A site's Adminer through the relay: one click, one database, on its own origin; and who gets nowhere.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { request } from 'undici'
import { Passes } from '../../../gateway/panel/tools/passes.ts'
import { openBrowser } from '../../helpers/browser.ts'
import { until } from '../../helpers/patience.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people } from './house.ts'

const browser = await openBrowser({ after })
const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss } = await people(house)
for (const name of ['blog', 'other']) await alice.call('POST', '/api/sites', { name })
const host = (site: string) => `${site}--tools.localhost:${house.port}`

type Visit = { status: number; headers: Record<string, string | string[] | undefined>; text: string }
async function visit(site: string, path: string, { cookie = '', method = 'GET', origin = '', body = '' } = {}): Promise<Visit> {
  const headers = { host: host(site), ...(cookie ? { cookie } : {}), ...(origin ? { origin } : {}), ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) }
  const answer = await request(`http://127.0.0.1:${house.port}${path}`, { method: method as 'GET', headers, body: body || null, reset: true })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

const ticket = async (who = alice, site = 'blog') => new URL((await who.call('POST', `/api/sites/${site}/tools`)).json<{ url: string }>().url)
async function signedIn(site = 'blog', who = alice): Promise<string> {
  const url = await ticket(who, site)
  const entered = await visit(site, url.pathname + url.search)
  assert.equal(entered.status, 303, entered.text)
  return String(entered.headers['set-cookie']).split(';')[0] ?? ''
}

test('a ticket opens the database of its site, once, and the site wakes for it', async () => {
  const url = await ticket()
  assert.equal(url.host, host('blog'))
  const entered = await visit('blog', url.pathname + url.search)
  assert.deepEqual([entered.status, entered.headers.location], [303, '/'])
  assert.match(String(entered.headers['set-cookie']), /^tools=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax$/)
  const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? ''
  const { database } = (await alice.call('GET', '/api/sites/blog')).json<{ database: { name: string; password: string } }>()
  const page = await until('the database server has started', async () => {
    const answer = await visit('blog', '/', { cookie })
    return answer.status === 200 && answer
  })
  assert.match(page.text, /Create table/)
  assert.ok(page.text.includes(database.name) && !page.text.includes(database.password))
  assert.equal((await alice.call('GET', '/api/sites/blog')).json().state, 'running')
  assert.equal((await visit('blog', url.pathname + url.search)).status, 401, 'a ticket works once')
  assert.equal((await visit('blog', '/?server=10.0.0.1&username=root&db=mysql&pgsql=x', { cookie })).text.includes(database.name), true, 'this database alone')
})

test('without a pass, with one of another site, from a sibling and by an unusual method nothing is reached', async () => {
  const cookie = await signedIn()
  await signedIn('other')
  assert.equal((await visit('blog', '/')).status, 401)
  assert.equal((await visit('other', '/', { cookie })).status, 401)
  const elsewhere = await ticket()
  assert.equal((await visit('other', elsewhere.pathname + elsewhere.search)).status, 401)
  assert.equal((await visit('blog', elsewhere.pathname + elsewhere.search)).status, 401, 'and it is used up')
  for (const origin of ['', `http://other.localhost:${house.port}`, 'null']) assert.equal((await visit('blog', '/', { cookie, method: 'POST', origin, body: 'x=1' })).status, 403, origin)
  assert.equal((await visit('blog', '/', { cookie, method: 'DELETE', origin: `http://${host('blog')}` })).status, 405)
  assert.equal((await bob.call('POST', '/api/sites/blog/tools')).status, 404)
  assert.equal((await visit('none', '/')).status, 404)
  assert.equal((await bob.call('POST', '/api/sites', { name: 'x--tools' })).status, 422)
})

test('the pod is told neither the pass nor any cookie of the panel, and a visitor of the site finds no Adminer', async () => {
  const cookie = await signedIn()
  assert.equal((await request(`http://127.0.0.1:${house.port}/`, { headers: { host: `blog.localhost:${house.port}`, 'auberge-tools': 'x' }, reset: true })).statusCode, 200)
  const at = (await house.desk.tools(house.registry.accounts.byName('alice')!, 'blog'))
  at.leave()
  for (const key of ['', 'x']) assert.equal((await request(`http://${at.address}:${at.port}/`, { headers: key ? { 'auberge-tools': key } : {}, reset: true })).statusCode, 404)
  assert.equal((await visit('blog', '/', { cookie: `${cookie}; session=secret` })).status, 200)
})

test('it ends with the session on the panel, with a suspension and with the site', async () => {
  const dora = await house.visitor().signUp('dora')
  await dora.call('POST', '/api/sites', { name: 'notes' })
  const first = await signedIn('notes', dora)
  assert.equal((await visit('notes', '/', { cookie: first })).status, 200)
  await dora.call('DELETE', '/api/session')
  assert.equal((await visit('notes', '/', { cookie: first })).status, 401)
  await dora.signIn('dora')
  const second = await signedIn('notes', dora)
  await boss.call('PATCH', '/api/accounts/dora', { state: 'suspended', reason: 'x' })
  assert.equal((await visit('notes', '/', { cookie: second })).status, 401)
  await boss.call('DELETE', '/api/sites/notes?purge=1')
  assert.equal((await visit('notes', '/', { cookie: second })).status, 401)
})

test('tickets and passes grow old', () => {
  let now = 0
  const passes = new Passes(() => now)
  const account = { id: 1, username: 'a', role: 'user', suspended: null, createdAt: 0 } as never
  const late = passes.ticket({ site: 'blog', account, proof: 'console', secret: null })
  now += 61_000
  assert.equal(passes.redeem(late, 'blog'), null)
  const pass = passes.redeem(passes.ticket({ site: 'blog', account, proof: 'console', secret: null }), 'blog') ?? ''
  for (let hours = 0; hours < 7; hours++) {
    now += 59 * 60_000
    assert.equal(passes.find(pass, 'blog')?.site, 'blog')
  }
  assert.deepEqual([...passes.sites()], ['blog'])
  now += 61 * 60_000
  assert.equal(passes.find(pass, 'blog'), null)
  assert.deepEqual([...passes.sites()], [])
})

test('in a browser it is one click from the page of the site, and a table is made', async () => {
  const context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(`http://localhost:${house.port}/signin?next=/sites/blog/database`)
  await page.fill('#username', 'alice')
  await page.fill('#password', PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(/database/)
  const [tab] = await Promise.all([context.waitForEvent('page'), page.getByText('Open Adminer', { exact: true }).click()])
  await tab.getByText('SQL command').first().click()
  await tab.locator('textarea[name=query]').waitFor({ state: 'attached' })
  assert.equal(new URL(tab.url()).host, host('blog'))
  await tab.evaluate(`{
    const form = document.querySelector('textarea[name=query]').form
    form.query.value = 'CREATE TABLE guests (name text); INSERT INTO guests VALUES ("Ada")'
    HTMLFormElement.prototype.submit.call(form)
  }`).catch(() => {})
  await tab.getByText(/Query executed OK/).first().waitFor()
  await tab.getByRole('link', { name: 'guests' }).first().waitFor()
})
