// Who may do what: every route walked by strangers and by owners of something else; Origin, hosts and headers.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Dispatcher } from 'undici'
import { SECTIONS } from '../../../gateway/panel/pages/site/sections.ts'
import { placeOf } from '../../../gateway/panel/pages/site/show.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, people, type Visitor } from './house.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

type Method = Dispatcher.HttpMethod
type Described = { paths: Record<string, Record<string, unknown>> }

/** Every call of the API, as the house describes itself. */
async function calls(visitor: Visitor): Promise<[Method, string][]> {
  const { paths } = (await visitor.call('GET', '/api/openapi.json')).json<Described>()
  return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map(method => [method.toUpperCase() as Method, path] as [Method, string]))
}

const PAGES: [Method, string][] = [
  ['GET', '/sites/blog'], ...SECTIONS.map((section): [Method, string] => ['GET', placeOf('blog', section)]), ['POST', '/sites/blog/content'], ['POST', '/sites/blog/wake'], ['POST', '/sites/blog/sleep'], ['POST', '/sites/blog/restart'],
  ['POST', '/sites/blog/rollback'], ['POST', '/sites/blog/delete'], ['POST', '/sites/blog/restore'],
  ...['robots', 'egress', 'image', 'env', 'php', 'start', 'limits', 'database', 'records', 'points', 'www', 'tools', 'files/edit', 'files/new', 'files/move', 'files/remove', 'files/upload'].map((form): [Method, string] => ['POST', `/sites/blog/${form}`]),
]
const ADMIN_PAGES: [Method, string][] = [
  ['GET', '/admin'], ...['house', 'accounts', 'accounts/alice', 'class', 'images', 'reports', 'audit'].map((page): [Method, string] => ['GET', `/admin/${page}`]),
  ...['invites', 'invites/x/remove', 'accounts', 'class', 'images/php/build', 'images/php/roll', 'images/php/pin', 'images/php/remove', 'reports/1/close'].map((form): [Method, string] => ['POST', `/admin/${form}`]),
  ...['suspend', 'resume', 'role', 'names', 'password', 'delete'].map((form): [Method, string] => ['POST', `/admin/accounts/alice/${form}`]),
]
const FOR_ANYONE = new Set(['GET /healthz', 'POST /api/accounts', 'POST /api/session', 'DELETE /api/session', 'GET /api/names/{name}', 'POST /api/reports', 'GET /nic/update'])
const FOR_ACCOUNTS = new Set(['GET /api/session', 'PUT /api/account/password', 'GET /api/tokens', 'POST /api/tokens', 'DELETE /api/tokens/{id}', 'GET /api/sites', 'POST /api/sites', 'GET /api/images',
  'GET /api/account', 'PATCH /api/account', 'DELETE /api/account', 'GET /api/account/export', 'GET /api/sessions', 'DELETE /api/sessions', 'DELETE /api/sessions/{id}',
  'GET /api/backups', 'GET /api/backups/{id}', 'DELETE /api/backups/{id}', 'POST /api/backups/{id}/restore'])

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss } = await people(house)
await alice.call('POST', '/api/sites', { name: 'blog' })
const stranger = house.visitor()

test('another account\'s site is 404 on every route there is, and nothing of it changes', async () => {
  const site = async () => ({ ...(await alice.call('GET', '/api/sites/blog')).json(), usage: null })
  const before = await site()
  const walked = (await calls(bob)).filter(([, path]) => path.includes('/sites/{name}')).map(([method, path]) => [method, path.replace('{name}', 'blog')] as const)
  assert.ok(walked.length >= 14, `only ${walked.length} routes`)
  for (const [method, path] of [...walked, ...PAGES]) {
    const answer = await bob.call(method, path)
    assert.equal(answer.status, 404, `${method} ${path}`)
    const other = await bob.call(method, path.replace('blog', 'no-such-site'))
    if (method !== 'HEAD') assert.equal(other.text, answer.text.replaceAll('blog', 'no-such-site'), 'as for one that isn\'t there')
  }
  assert.deepEqual(await site(), before)
})

test('a stranger gets nowhere but to what is for everyone', async () => {
  for (const [method, path] of await calls(stranger)) {
    if (FOR_ANYONE.has(`${method} ${path}`)) continue
    const answer = await stranger.call(method, path.replace(/\{\w+\}/, 'alice'))
    assert.deepEqual([answer.status, method === 'HEAD' ? '' : code(answer)], [401, method === 'HEAD' ? '' : 'unauthenticated'], `${method} ${path}`)
  }
  for (const path of ['/sites', '/sites/blog', '/account', '/backups', '/admin', '/admin/accounts']) {
    const answer = await stranger.send('GET', path)
    assert.deepEqual([answer.status, answer.headers.location], [303, `/signin?next=${encodeURIComponent(path)}`])
  }
})

test('an account that is no administrator does nothing of theirs', async () => {
  for (const [method, path] of [...await calls(bob), ...ADMIN_PAGES]) {
    if (FOR_ANYONE.has(`${method} ${path}`) || FOR_ACCOUNTS.has(`${method} ${path}`) || path.includes('/sites/{name}')) continue
    const answer = await bob.call(method, path.replace(/\{\w+\}/, 'alice'))
    assert.equal(answer.status, 403, `${method} ${path}`)
  }
})

test('a change with the cookie needs the panel\'s own Origin', async () => {
  const origins = [undefined, 'null', 'http://localhost', `http://localhost:${house.port + 1}`, `https://localhost:${house.port}`, `http://blog.localhost:${house.port}`, `http://localhost:${house.port}.evil.example`, '']
  for (const origin of origins) {
    const headers: Record<string, string> = { ...(origin === undefined ? {} : { origin }), 'content-type': 'application/json' }
    for (const [method, path] of [['POST', '/api/sites'], ['DELETE', '/api/sites/blog'], ['PATCH', '/api/sites/blog'], ['POST', '/api/sites/blog/wake'], ['DELETE', '/api/session']] as const) {
      const answer = await alice.send(method, path, { headers, body: '{"name":"other"}' })
      assert.deepEqual([answer.status, code(answer)], [403, 'bad_origin'], `${method} ${path} from ${origin}`)
    }
  }
  assert.deepEqual((await alice.call('GET', '/api/sites')).json<{ name: string; state: string }[]>().map(site => [site.name, site.state]), [['blog', 'asleep']])
})

test('forms are refused without Origin, even to sign in', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const forEveryone = ['/signin', '/signup', '/signout', '/language']
  for (const [visitor, paths] of [[alice, [...forEveryone, '/sites', '/account/password']], [stranger, forEveryone]] as const) {
    for (const path of paths) {
      assert.equal((await visitor.send('POST', path, { headers, body: '' })).status, 403, path)
      assert.equal((await visitor.send('POST', path, { headers: { ...headers, origin: `http://evil.localhost:${house.port}` }, body: '' })).status, 403, path)
    }
  }
})

test('nobody is signed in from another site', async () => {
  const answer = await stranger.call('POST', '/api/session', { username: 'alice', password: 'seven wet umbrellas' }, { origin: `http://blog.localhost:${house.port}` })
  assert.equal(code(answer), 'bad_origin')
  assert.equal(stranger.jar.size, 0)
})

test('the panel answers at the zone and nowhere else', async t => {
  const house = await openHouse({ zone: 'example.org' })
  t.after(house.close)
  for (const host of ['evil.example', 'alice.example.org', 'example.org.evil.example', '127.0.0.1', '']) {
    const answer = await house.visitor({ host, scheme: 'https' }).send('GET', '/')
    assert.ok([400, 404].includes(answer.status), `${host}: ${answer.status}`)
    assert.equal(answer.text.includes('class="hero"'), false)
  }
  assert.equal((await house.visitor({ host: 'EXAMPLE.org:8443', scheme: 'https' }).send('GET', '/')).status, 200)
})

test('a bad token is refused even where none is needed; a bad cookie is ignored', async () => {
  const visitor = house.visitor()
  for (const authorization of ['Bearer wrong', 'Bearer', 'Basic YTpi', 'Bearer a b']) {
    const answer = await visitor.call('GET', '/api/names/blog', undefined, { authorization })
    assert.deepEqual([answer.status, code(answer)], [401, 'unauthenticated'], authorization)
  }
  visitor.jar.set('session', 'wrong')
  assert.equal((await visitor.call('GET', '/api/names/blog')).status, 200)
})

test('every answer carries the security headers, errors and assets included', async () => {
  const icon = /\/assets\/[0-9a-f]+\/icon\.svg/.exec((await stranger.send('GET', '/')).text)?.[0] ?? ''
  const cases: [Visitor, Method, string][] = [
    [stranger, 'GET', '/'], [stranger, 'GET', '/signup'], [stranger, 'GET', '/signin'], [stranger, 'GET', '/sites'], [stranger, 'GET', '/nowhere'], [stranger, 'GET', '/api/nowhere'], [stranger, 'GET', '/%zz'],
    [stranger, 'GET', icon], [stranger, 'GET', '/assets/nothing.js'], [stranger, 'GET', '/healthz'], [stranger, 'POST', '/api/sites'],
    [alice, 'GET', '/sites'], [alice, 'GET', '/sites/blog'], [alice, 'GET', '/account'], [alice, 'GET', '/api/sites/blog'], [alice, 'GET', '/api/sites/blog/logs'], [alice, 'GET', '/api/sites/blog/backup'], [alice, 'DELETE', '/api/tokens/x'],
    [boss, 'GET', '/admin'], [boss, 'GET', '/admin/accounts'], [boss, 'GET', '/api/routes'], [boss, 'GET', '/metrics'],
  ]
  for (const [visitor, method, path] of cases) {
    const { headers } = await visitor.call(method, path)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'$/, `${method} ${path}`)
    assert.doesNotMatch(policy, /unsafe|https?:|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['referrer-policy'], 'same-origin', path)
    assert.equal(headers['cache-control'], path === icon ? 'public, max-age=31536000, immutable' : 'no-store', path)
  }
})

test('a head too full of cookies is answered with their end', async () => {
  for (const [size, status] of [[10_000, 400], [70_000, 431]] as const) {
    const answer = await house.visitor().send('GET', '/', { headers: { cookie: `planted=${'x'.repeat(size)}` } })
    assert.equal(answer.status, status)
    if (status === 431) assert.equal(answer.headers['clear-site-data'], '"cookies"')
    else assert.ok([answer.headers['set-cookie']].flat().includes('planted=; Domain=localhost; Path=/; Max-Age=0'))
    assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/)
  }
})
