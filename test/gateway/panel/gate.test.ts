// Who may do what: every route walked by strangers and by owners of something else; Origin, hosts and headers.
import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import { after, test } from 'node:test'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { Dispatcher } from 'undici'
import { stillMay } from '../../../gateway/panel/gate.ts'
import { changesBy } from '../../../gateway/panel/visit.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

type Method = Dispatcher.HttpMethod

/** Every route of every door, as it is made, and the request that was answered last. */
const made: RouteOptions[] = []
let last: FastifyRequest | null = null
subscribe('fastify.initialization', message => {
  const { fastify } = message as { fastify: FastifyInstance }
  fastify.addHook('onRoute', route => { made.push(route) })
  fastify.addHook('onResponse', async request => { last = request })
})

type Route = { method: Method; url: string; access: string; changes: boolean; isPage: boolean }

/** Each once, without what the browser loads. */
function routes(): Route[] {
  const all = made.flatMap(({ method, url, config = {} }) => [method].flat().map((one): [string, Route] =>
    [`${one} ${url}`, { method: one as Method, url, access: config.access ?? '', changes: changesBy(one, config), isPage: !/^\/(api\/|metrics|healthz|nic\/)/.test(url) }]))
  return [...new Map(all).values()].filter(({ url }) => !url.startsWith('/assets/'))
}

/** Where a request of that route goes: to alice's site, or to something that isn't there. */
const at = (url: string, site = 'blog'): string => url.replace(':name', site).replace(/:\w+/g, 'x')

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss } = await people(house)
await alice.call('POST', '/api/sites', { name: 'blog' })
const stranger = house.visitor()

/** What strangers may call, and what every account may, written down: neither grows unseen. */
const FOR_ANYONE = [
  'GET /healthz', 'GET /api/openapi.json', 'POST /api/accounts', 'POST /api/session', 'DELETE /api/session', 'GET /api/names/:name', 'POST /api/reports', 'GET /nic/update',
]
const FOR_ACCOUNTS = [
  'GET /api/session', 'PUT /api/account/password', 'GET /api/tokens', 'POST /api/tokens', 'DELETE /api/tokens/:id', 'GET /api/sites', 'POST /api/sites', 'GET /api/images',
  'GET /api/account', 'PATCH /api/account', 'DELETE /api/account', 'GET /api/account/export', 'GET /api/sessions', 'DELETE /api/sessions', 'DELETE /api/sessions/:id',
  'GET /api/backups', 'GET /api/backups/:id', 'DELETE /api/backups/:id', 'POST /api/backups/:id/restore',
]

test('what is for strangers and for every account is known, and what is about a site is its owner\'s', () => {
  const calls = (access: string) => routes().filter(route => route.access === access && !route.isPage && route.method !== 'HEAD').map(({ method, url }) => `${method} ${url}`).sort()
  assert.deepEqual(calls('anyone'), [...FOR_ANYONE].sort())
  assert.deepEqual(calls('account'), [...FOR_ACCOUNTS].sort())
  assert.deepEqual(routes().filter(({ url, access }) => /\/sites\/:name/.test(url) && access !== 'owner'), [])
  assert.deepEqual(routes().filter(({ url, access }) => url.startsWith('/admin') && access !== 'admin'), [])
})

test('another account\'s site is 404 on every route there is, and nothing of it changes', async () => {
  const site = async () => ({ ...(await alice.call('GET', '/api/sites/blog')).json(), usage: null })
  const before = await site()
  const walked = routes().filter(({ access }) => access === 'owner')
  assert.ok(walked.length >= 90, `only ${walked.length} routes`)
  for (const { method, url } of walked) {
    const answer = await bob.call(method, at(url))
    assert.equal(answer.status, 404, `${method} ${url}`)
    const other = await bob.call(method, at(url, 'no-such-site'))
    if (method !== 'HEAD') assert.equal(other.text, answer.text.replaceAll('blog', 'no-such-site'), 'as for one that isn\'t there')
  }
  assert.deepEqual(await site(), before)
})

test('a stranger gets nowhere but to what is for everyone', async () => {
  for (const { method, url, isPage } of routes().filter(({ access }) => access !== 'anyone')) {
    const answer = await stranger.call(method, at(url))
    if (isPage && method === 'GET') assert.match(`${answer.status} ${answer.headers.location}`, /^303 \/signin(\?|$)/, `${method} ${url}`)
    else if (isPage) assert.equal(answer.status, 401, `${method} ${url}`)
    else assert.deepEqual([answer.status, method === 'HEAD' ? '' : code(answer)], [401, method === 'HEAD' ? '' : 'unauthenticated'], `${method} ${url}`)
  }
  for (const path of ['/sites', '/sites/blog', '/account', '/backups', '/admin', '/admin/accounts']) {
    const answer = await stranger.send('GET', path)
    assert.deepEqual([answer.status, answer.headers.location], [303, `/signin?next=${encodeURIComponent(path)}`])
  }
})

test('an account that is no administrator does nothing of theirs', async () => {
  const theirs = routes().filter(({ access }) => access === 'admin')
  assert.ok(theirs.length >= 60, `only ${theirs.length} routes`)
  for (const { method, url } of theirs) assert.equal((await bob.call(method, at(url))).status, 403, `${method} ${url}`)
})

test('every change with the cookie needs the panel\'s own Origin: none will not do, nor a sibling site\'s', async () => {
  const changes = routes().filter(route => route.changes)
  assert.ok(changes.length >= 100, `only ${changes.length} routes`)
  for (const { method, url, isPage } of changes) {
    for (const origin of [undefined, `http://blog.localhost:${house.port}`]) {
      const answer = await alice.send(method, at(url), { headers: origin === undefined ? {} : { origin } })
      assert.deepEqual([answer.status, isPage ? 'bad_origin' : code(answer)], [403, 'bad_origin'], `${method} ${url} from ${origin}`)
    }
  }
  for (const origin of ['null', 'http://localhost', `http://localhost:${house.port + 1}`, `https://localhost:${house.port}`, `http://localhost:${house.port}.evil.example`, '']) {
    assert.equal(code(await alice.send('DELETE', '/api/sites/blog', { headers: { origin } })), 'bad_origin', origin)
  }
  assert.deepEqual((await alice.call('GET', '/api/sites')).json<{ name: string; state: string }[]>().map(site => [site.name, site.state]), [['blog', 'asleep']])
})

test('a long answer is for who may have it: until they sign out, are no administrator any more, or the site is gone', async () => {
  await house.registry.accounts.create({ username: 'chief', password: PASSWORD, role: 'admin' })
  const chief = await house.visitor().signIn('chief')
  const asked = async (who: Visitor, path: string) => {
    const answered = await new Promise<FastifyRequest>(resolve => {
      void who.call('GET', path)
      const look = setInterval(() => { if (last?.url === path) { clearInterval(look); resolve(last) } }, 1)
    })
    return () => stillMay(house, answered)
  }
  const [table, site] = [await asked(chief, '/api/routes'), await asked(chief, '/api/sites/blog?chief')]
  const role = (role: string) => boss.call('PATCH', '/api/accounts/chief', { role })
  assert.deepEqual([table(), site()], [true, true])
  await role('user')
  assert.deepEqual([table(), site()], [false, false])
  await role('admin')
  assert.deepEqual([table(), site()], [true, true])
  await chief.call('DELETE', '/api/session')
  assert.deepEqual([table(), site()], [false, false])
  const own = await asked(alice, '/api/sites/blog')
  assert.equal(own(), true)
  await alice.call('DELETE', '/api/sites/blog')
  assert.equal(own(), false)
  await alice.call('POST', '/api/sites', { name: 'blog' })
  assert.equal(own(), false, 'nor is it for another of the same name')
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
