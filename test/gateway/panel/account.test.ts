// An account in its owner's hands: sessions, tokens and what they may, language, export, leaving.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, type Visitor } from './house.ts'
import { ZIP } from './uploads.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

const house = await openHouse({}, openPods)
after(house.close)

type Session = { id: string; current: boolean; browser: string | null; system: string | null; address: string }
const sessions = async (visitor: Visitor) => (await visitor.call('GET', '/api/sessions')).json<Session[]>()

test('sessions are listed with their device and end one by one or all at once, and nobody else\'s do', async () => {
  const here = await house.visitor().signUp('sam')
  const there = house.visitor({ address: '198.51.100.9' })
  await there.call('POST', '/api/session', { username: 'sam', password: PASSWORD }, { 'user-agent': AGENT })
  const other = await house.visitor().signUp('other')
  const list = await sessions(here)
  assert.equal(list.length, 2)
  const far = list.find(one => !one.current)
  assert.deepEqual([far?.browser, far?.system, far?.address], ['Firefox', 'Linux', '198.51.100.9'])
  assert.equal(code(await other.call('DELETE', `/api/sessions/${far?.id}`)), 'not_found')
  assert.equal((await there.call('GET', '/api/session')).status, 200)
  assert.equal((await here.call('DELETE', `/api/sessions/${far?.id}`)).status, 204)
  assert.equal((await there.call('GET', '/api/session')).status, 401)
  await Promise.all([there.signIn('sam'), house.visitor().signIn('sam')])
  assert.equal((await here.call('DELETE', '/api/sessions')).status, 204)
  assert.deepEqual((await sessions(here)).map(one => one.current), [true])
})

/** A script with a token of this scope. */
async function script(owner: Visitor, wish: Record<string, string>) {
  const made = await owner.call('POST', '/api/tokens', { name: 'script', ...wish })
  assert.equal(made.status, 201, made.text)
  const { token } = made.json<{ token: string }>()
  const visitor = house.visitor()
  return (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: string | Buffer | null = null) =>
    visitor.send(method, path, { headers: { authorization: `Bearer ${token}`, ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}) }, body })
}

test('a token does what it was made for and nothing else', async () => {
  const tess = await house.visitor().signUp('tess')
  for (const name of ['shop', 'notes']) assert.equal((await tess.call('POST', '/api/sites', { name })).status, 201)
  const looks = await script(tess, { scope: 'read' })
  const { paths } = await house.described()
  const calls = Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, { 'x-access': access }]) => ({ method: method.toUpperCase() as 'GET', path, access })))
  assert.equal((await looks('GET', '/api/sites/shop')).status, 200)
  const refused = async (ask: typeof looks, { method, path }: { method: 'GET'; path: string }, site: string, status = 403) => {
    const answer = await ask(method, path.replace('{name}', site).replace(/\{\w+\}/g, 'x'))
    assert.deepEqual([answer.status, code(answer)], [status, status === 403 ? 'forbidden' : 'not_found'], `${method} ${path}`)
  }
  for (const call of calls) if (call.method !== 'GET' || /\/(exec|console)$/.test(call.path)) await refused(looks, call, 'shop')
  const deploys = await script(tess, { scope: 'deploy', site: 'shop' })
  assert.equal((await deploys('PUT', '/api/sites/shop/content', ZIP)).status, 200)
  assert.equal((await deploys('PUT', '/api/sites/notes/content', ZIP)).status, 404)
  const points = await script(tess, { scope: 'dyndns' })
  const shop = async () => ({ ...(await tess.call('GET', '/api/sites/shop')).json(), usage: null })
  const before = await shop()
  for (const call of calls.filter(({ method, path, access }) => !(access === 'anyone' && method === 'GET') && !/^\/nic\//.test(path))) {
    const isItsOwn = /\/(content|rollback|session)$/.test(call.path) && !(call.path === '/api/session' && call.method !== 'GET')
    if (!isItsOwn) await refused(deploys, call, 'shop')
    if (call.access === 'owner') await refused(deploys, call, 'notes', 404)
    await refused(points, call, 'shop')
  }
  assert.deepEqual(await shop(), before)
  for (const [wish, expected] of [[{ scope: 'deploy' }, 'invalid'], [{ scope: 'deploy', site: 'nobody' }, 'not_found'], [{ scope: 'read', site: 'shop' }, 'invalid'], [{ scope: 'root' }, 'invalid']] as const) {
    assert.equal(code(await tess.call('POST', '/api/tokens', { name: 'x', ...wish })), expected)
  }
  const listed = (await tess.call('GET', '/api/tokens')).json<{ scope: string; site: string | null }[]>()
  assert.deepEqual(listed.map(one => [one.scope, one.site]).sort(), [['deploy', 'shop'], ['dyndns', null], ['read', null]])
  await tess.call('DELETE', '/api/sites/shop')
  assert.equal((await deploys('GET', '/api/session')).status, 401, 'a token for one site goes with it')
})

test('nobody makes a token that deploys another account\'s site', async () => {
  const eve = await house.visitor().signUp('eve')
  await (await house.visitor().signUp('vic')).call('POST', '/api/sites', { name: 'vics' })
  assert.equal(code(await eve.call('POST', '/api/tokens', { name: 'x', scope: 'deploy', site: 'vics' })), 'not_found')
})

test('the language chosen goes along to every browser', async () => {
  const lou = await house.visitor().signUp('lou')
  assert.equal((await lou.form('/account/language', { language: 'fr' })).status, 303)
  const elsewhere = await house.visitor().signIn('lou')
  assert.match((await elsewhere.send('GET', '/account', { headers: { 'accept-language': 'en' } })).text, /<html lang="fr">/)
  assert.equal((await lou.call('PATCH', '/api/account', { language: null })).json().language, null)
  assert.equal(code(await lou.call('PATCH', '/api/account', { language: 'tlh' })), 'invalid')
})

/** The export's files by their names. */
function unzipped(t: TestContext, zip: Buffer): (path: string) => Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'aub-export-'))
  t.after(() => { rmSync(folder, { recursive: true, force: true }) })
  writeFileSync(join(folder, 'all.zip'), zip)
  execFileSync('unzip', ['-q', 'all.zip'], { cwd: folder })
  return path => readFileSync(join(folder, path))
}

test('the export is one zip with the account, each site\'s files and what was deleted, and no secret', async t => {
  const max = await house.visitor().signUp('max')
  for (const name of ['kept', 'dropped']) await max.call('POST', '/api/sites', { name })
  await max.send('PUT', '/api/sites/kept/content', { headers: { origin: max.origin }, body: ZIP })
  await max.call('DELETE', '/api/sites/dropped')
  const { token } = (await max.call('POST', '/api/tokens', { name: 'laptop' })).json<{ token: string }>()
  const answer = await max.client.request({ method: 'GET', path: '/api/account/export', headers: max.headers() })
  assert.deepEqual([answer.statusCode, answer.headers['content-disposition']], [200, 'attachment; filename="max.zip"'])
  const file = unzipped(t, Buffer.from(await answer.body.arrayBuffer()))
  const account = file('account.json').toString()
  assert.equal(JSON.parse(account).sites[0].name, 'kept')
  for (const secret of [token, max.jar.get('session') ?? '', 'scrypt']) assert.equal(account.includes(secret), false)
  const listing = execFileSync('tar', ['-tzf', '-'], { input: file('sites/kept.tar.gz') }).toString()
  assert.match(listing, /^auberge\.json$/m)
  assert.match(listing, /index\.(php|html)/)
})

test('leaving needs the name and the password, takes the sites along and ends every session', async () => {
  const zoe = await house.visitor().signUp('zoe')
  const elsewhere = await house.visitor().signIn('zoe')
  await zoe.call('POST', '/api/sites', { name: 'zoes' })
  assert.equal((await zoe.form('/account/delete', { 'leave-name': 'zo', 'leave-password': PASSWORD })).status, 422)
  assert.equal((await zoe.form('/account/delete', { 'leave-name': 'zoe', 'leave-password': 'wrong' })).status, 401)
  assert.equal(code(await zoe.call('DELETE', '/api/account', { password: 'wrong' })), 'bad_credentials')
  assert.equal((await zoe.call('GET', '/api/sites/zoes')).status, 200)
  const gone = await zoe.form('/account/delete', { 'leave-name': 'zoe', 'leave-password': PASSWORD })
  assert.deepEqual([gone.status, zoe.jar.has('session')], [200, false])
  assert.equal((await elsewhere.call('GET', '/api/session')).status, 401)
  assert.equal(house.registry.reservations.get('zoes'), null)
  assert.equal(house.registry.accounts.byName('zoe'), null)
})

test('the only administrator can\'t leave', async () => {
  await house.registry.accounts.create({ username: 'boss', password: PASSWORD, role: 'admin' })
  const boss = await house.visitor().signIn('boss')
  assert.equal(code(await boss.call('DELETE', '/api/account', { password: PASSWORD })), 'conflict')
})
