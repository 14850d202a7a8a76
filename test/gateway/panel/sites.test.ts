// Sites by the API: reserving, looking, changing, deploying, power, logs, backup, deleting; and each error's code.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, people } from './house.ts'
import { BREAKING, broken, noise, talking, TARGZ, ZIP } from './uploads.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

/** What happens just before a final backup is opened: another request may come between. */
let meanwhile: () => Promise<unknown> = async () => {}
/** And before a pod is made. */
let making: () => Promise<unknown> = async () => {}

async function slowPods(data: string) {
  const { provisioner, close } = await openPods(data)
  const finalBackup: typeof provisioner.finalBackup = async id => { await meanwhile(); return provisioner.finalBackup(id) }
  const create: typeof provisioner.create = async (name, spec) => { await making(); return provisioner.create(name, spec) }
  return { close, provisioner: { ...provisioner, finalBackup, create } }
}

const house = await openHouse({ routes: [{ host: 'old.example', upstream: { address: '192.0.2.7', port: 81 } }] }, slowPods)
after(house.close)
const { alice, bob, boss } = await people(house)

test('a name is free, then reserved, then taken, then free again', async () => {
  assert.deepEqual((await house.visitor().call('GET', '/api/names/blog')).json(), { name: 'blog', available: true })
  const made = await alice.call('POST', '/api/sites', { name: 'blog' })
  assert.equal(made.status, 201)
  const { name, url, state, owner, image } = made.json()
  assert.deepEqual({ name, url, state, owner, image }, { name: 'blog', url: `http://blog.localhost:${house.port}/`, state: 'asleep', owner: 'alice', image: 'php' })
  const taken = (await house.visitor().call('GET', '/api/names/blog')).json()
  assert.deepEqual([taken.available, taken.code], [false, 'name_taken'])
  assert.equal((await alice.call('DELETE', '/api/sites/blog')).status, 204)
  assert.equal((await alice.call('GET', '/api/sites/blog')).status, 404)
  assert.equal((await alice.call('GET', '/api/names/blog')).json().available, true, 'its last owner can have it back')
})

test('a name that can\'t be is refused with its own code, and nothing is made', async () => {
  await bob.call('POST', '/api/sites', { name: 'mine' })
  const cases: [string, number, string][] = [
    ['mine', 409, 'name_taken'], ['-a', 422, 'name_invalid'], ['a_b', 422, 'name_invalid'], ['xn--', 422, 'name_invalid'], ['x'.repeat(64), 422, 'name_invalid'],
    ['', 422, 'name_invalid'], ['a.b', 422, 'name_invalid'], ['www', 422, 'name_reserved'], ['admin', 422, 'name_reserved'],
  ]
  const before = (await alice.call('GET', '/api/sites')).json()
  for (const [name, status, expected] of cases) {
    const answer = await alice.call('POST', '/api/sites', { name })
    assert.deepEqual([answer.status, code(answer)], [status, expected], name)
  }
  assert.deepEqual((await alice.call('GET', '/api/sites')).json(), before)
})

test('what isn\'t JSON is 400, what isn\'t the right JSON is 422, what isn\'t there is 404', async () => {
  const headers = { origin: alice.origin, 'content-type': 'application/json' }
  assert.equal(code(await alice.send('POST', '/api/sites', { headers, body: '{"name":' })), 'bad_request')
  assert.equal(code(await alice.send('POST', '/api/sites', { headers, body: '{"__proto__":{"x":1},"name":"a"}' })), 'bad_request')
  for (const body of ['', '7', '{"name":7}', '{"name":"blog","kind":"castle"}', '{"name":"blog","kind":"external"}', '{"name":"blog","kind":"external","addresses":["nowhere"]}']) {
    assert.equal(code(await alice.send('POST', '/api/sites', { headers, body })), 'invalid', body)
  }
  assert.equal(code(await alice.send('POST', '/api/sites', { headers: { ...headers, 'content-type': 'text/plain' }, body: '{"name":"blog"}' })), 'unsupported_type')
  assert.equal(code(await alice.send('POST', '/api/sites', { headers, body: JSON.stringify({ name: 'x'.repeat(70_000) }) })), 'too_large')
  for (const path of ['/api/', '/api/nothing', '/api/sites/blog/nothing', '/api/sites/..%2f..%2fetc']) {
    const answer = await alice.call('GET', path)
    assert.deepEqual([answer.status, code(answer)], [404, 'not_found'], path)
    assert.match(String(answer.headers['content-type']), /^application\/json/)
  }
  assert.equal(code(await alice.call('GET', '/api/%zz')), 'bad_request')
})

test('a name that points elsewhere has its own addresses', async () => {
  const made = await alice.call('POST', '/api/sites', { name: 'home', kind: 'external', addresses: ['192.0.2.9', '2001:db8::9'] })
  assert.equal(made.status, 201)
  assert.deepEqual([made.json().kind, made.json().ipv4, made.json().ipv6], ['external', ['192.0.2.9'], ['2001:db8::9']])
})

test('the owner decides whether robots wake a site, by the API and by the form', async () => {
  await alice.call('POST', '/api/sites', { name: 'quiet' })
  assert.equal((await alice.call('PATCH', '/api/sites/quiet', { wakeForRobots: true })).json().wakeForRobots, true)
  assert.match((await alice.send('GET', '/sites/quiet/settings')).text, /name="wake" value="on" checked/)
  assert.equal((await alice.form('/sites/quiet/robots', {})).status, 303)
  assert.equal((await alice.call('GET', '/api/sites/quiet')).json().wakeForRobots, false)
  assert.equal((await alice.call('PATCH', '/api/sites/quiet', { wakeForRobots: 'yes' })).status, 422)
  assert.equal((await bob.call('PATCH', '/api/sites/quiet', { wakeForRobots: true })).status, 404)
  await alice.call('DELETE', '/api/sites/quiet')
})

test('the owner decides what a site may reach, by the API and by the form', async () => {
  assert.equal((await alice.call('POST', '/api/sites', { name: 'hermit' })).json().egress, 'internet')
  assert.equal((await alice.call('PATCH', '/api/sites/hermit', { egress: 'none' })).json().egress, 'none')
  assert.match((await alice.send('GET', '/sites/hermit/settings')).text, /name="internet" value="on" aria/)
  assert.equal((await alice.form('/sites/hermit/egress', { internet: 'on' })).status, 303)
  assert.match((await alice.send('GET', '/sites/hermit/settings')).text, /name="internet" value="on" checked/)
  for (const egress of ['all', true, null]) assert.equal((await alice.call('PATCH', '/api/sites/hermit', { egress })).status, 422)
  assert.equal((await bob.call('PATCH', '/api/sites/hermit', { egress: 'none' })).status, 404)
  await alice.call('DELETE', '/api/sites/hermit')
})

test('a zip or tar.gz is deployed whatever its Content-Type says', async () => {
  await alice.call('POST', '/api/sites', { name: 'files' })
  const put = (body: Buffer, type?: string) =>
    alice.send('PUT', '/api/sites/files/content', { headers: { origin: alice.origin, ...(type === undefined ? {} : { 'content-type': type }) }, body })
  const first = (await put(ZIP)).json<{ release: string }>().release
  assert.equal(await house.page('files'), 'hello')
  const second = (await put(talking('told'), 'application/x-www-form-urlencoded')).json().release
  const third = (await put(TARGZ, 'application/json')).json().release
  const site = (await alice.call('GET', '/api/sites/files')).json()
  assert.deepEqual([site.release, site.releases], [third, ['initial', first, second, third]])
  const bad = await put(Buffer.from('MZ not an archive'), 'application/zip')
  assert.deepEqual([bad.status, code(bad)], [415, 'unsupported_type'])
  for (const broken of [ZIP.subarray(0, 30), TARGZ.subarray(0, 30)]) {
    const refused = await put(broken)
    assert.deepEqual([refused.status, code(refused)], [422, 'bad_archive'])
  }
  assert.equal(code(await alice.call('PUT', '/api/sites/files/content')), 'bad_request')
  const rolled = await alice.call('POST', '/api/sites/files/rollback', { release: first })
  assert.deepEqual(rolled.json(), { release: first })
  assert.equal((await alice.call('GET', '/api/sites/files')).json().release, first)
  assert.equal(await house.page('files'), 'hello')
  assert.equal(code(await alice.call('POST', '/api/sites/files/rollback', { release: 'r9' })), 'not_found')
})

test('nothing is begun for a name that is being made: it may yet be somebody else\'s', async () => {
  const said: string[] = []
  const elsewhere = await house.visitor().signIn('alice')
  making = async () => {
    said.push(String((await elsewhere.call('GET', '/api/sites/halfway')).json().state))
    for (const [method, path] of [['PUT', '/content'], ['PATCH', ''], ['DELETE', ''], ['POST', '/wake']] as const) said.push(code(await elsewhere.call(method, `/api/sites/halfway${path}`)))
  }
  assert.equal(code(await alice.call('POST', '/api/sites', { name: 'halfway', image: 'nothing' })), 'not_found')
  making = async () => {}
  assert.deepEqual(said, ['creating', 'conflict', 'conflict', 'conflict', 'conflict'])
  assert.equal((await bob.call('POST', '/api/sites', { name: 'halfway' })).status, 201)
})

test('wake, sleep and restart change the state', async () => {
  await alice.call('POST', '/api/sites', { name: 'power' })
  const state = async (path: string, body?: unknown) => (await alice.call('POST', `/api/sites/power/${path}`, body)).json().state
  assert.equal(await state('wake'), 'running')
  assert.equal(await state('sleep'), 'frozen')
  assert.equal(await state('sleep', { tier: 'asleep' }), 'asleep')
  assert.equal(await state('restart'), 'running')
  assert.equal(code(await alice.call('POST', '/api/sites/power/sleep', { tier: 'dead' })), 'invalid')
  await alice.call('POST', '/api/sites/power/sleep', { tier: 'asleep' })
  await alice.send('PUT', '/api/sites/power/content', { headers: { origin: alice.origin }, body: broken('no') })
  await alice.call('PATCH', '/api/sites/power', { env: BREAKING })
  const failed = await alice.call('POST', '/api/sites/power/wake')
  assert.deepEqual([failed.status, code(failed)], [503, 'wake_failed'])
  assert.equal((await alice.call('GET', '/api/sites/power')).json().state, 'failed')
})

test('owners choose limits within what they were given; administrators give more', async () => {
  await alice.call('POST', '/api/sites', { name: 'limits' })
  const memory = (bytes: number) => ({ limits: { memory: bytes } })
  assert.equal((await alice.call('PATCH', '/api/sites/limits', memory(128 * 2 ** 20))).json<{ limits: { memory: number } }>().limits.memory, 128 * 2 ** 20)
  assert.equal(code(await alice.call('PATCH', '/api/sites/limits', memory(2 ** 34))), 'quota')
  assert.equal((await boss.call('PATCH', '/api/sites/limits', memory(2 ** 30))).status, 200)
  assert.equal((await alice.call('PATCH', '/api/sites/limits', memory(2 ** 29))).status, 200)
  assert.deepEqual((await alice.call('PATCH', '/api/sites/limits', { env: { STAGE: 'test' } })).json().env, { STAGE: 'test' })
  for (const change of [{ env: { 'A B': '1' } }, { env: { A: 1 } }, { limit: {} }, { limits: { memory: '1G' } }]) {
    assert.equal(code(await alice.call('PATCH', '/api/sites/limits', change)), 'invalid', JSON.stringify(change))
  }
  assert.equal((await alice.call('PATCH', '/api/sites/limits', { tier: 'running' })).json().state, 'running')
})

test('logs are plain text that no browser takes for anything else', async () => {
  await alice.call('POST', '/api/sites', { name: 'logs' })
  await alice.send('PUT', '/api/sites/logs/content', { headers: { origin: alice.origin }, body: talking('<script>alert(1)</script>\n') })
  assert.equal(await house.page('logs'), 'hello')
  const { headers, text } = await alice.call('GET', '/api/sites/logs/logs')
  assert.match(text, /^<script>alert\(1\)<\/script>$/m)
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(code(await alice.call('GET', '/api/sites/logs/logs?follow=maybe')), 'invalid')
})

test('a backup is a download, and goes back in', async () => {
  await alice.call('POST', '/api/sites', { name: 'saved' })
  await alice.send('PUT', '/api/sites/saved/content', { headers: { origin: alice.origin }, body: ZIP })
  const { body, headers } = await alice.client.request({ method: 'GET', path: '/api/sites/saved/backup', headers: alice.headers() })
  const backup = Buffer.from(await body.arrayBuffer())
  assert.equal(headers['content-disposition'], 'attachment; filename="saved.tar.gz"')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  const put = (body: Buffer) => alice.send('PUT', '/api/sites/saved/backup', { headers: { origin: alice.origin }, body })
  await alice.send('PUT', '/api/sites/saved/content', { headers: { origin: alice.origin }, body: talking('') })
  assert.equal((await put(backup)).json().name, 'saved')
  assert.equal(await house.page('saved'), 'hello')
  assert.equal(code(await put(ZIP)), 'unsupported_type')
  assert.equal(code(await put(backup.subarray(0, 12))), 'bad_archive')
})

test('a site has one backup read at a time, for each takes up room on the disk', async () => {
  await alice.call('POST', '/api/sites', { name: 'large' })
  await alice.send('PUT', '/api/sites/large/content', { headers: { origin: alice.origin }, body: await noise(8 * 2 ** 20) })
  const read = (who: typeof alice) => who.client.request({ method: 'GET', path: '/api/sites/large/backup', headers: who.headers() })
  const other = await house.visitor().signIn('alice')
  const slow = await read(alice)
  assert.equal(code(await other.call('GET', '/api/sites/large/backup')), 'conflict')
  slow.body.on('error', () => {}).destroy()
  await until('the next may begin', async () => {
    const { statusCode, body } = await read(other)
    await body.dump({ limit: 2 ** 30 })
    return statusCode === 200
  })
})

test('a deleted site is brought back by its last owner alone, with its settings, under its own name or another', async () => {
  await alice.call('POST', '/api/sites', { name: 'gone' })
  await alice.send('PUT', '/api/sites/gone/content', { headers: { origin: alice.origin }, body: ZIP })
  await alice.call('PATCH', '/api/sites/gone', { env: { STAGE: 'late' } })
  assert.equal((await alice.call('DELETE', '/api/sites/gone')).status, 204)
  type Final = { id: string; name: string; owner: string; bytes: number }
  const finals = async (who: typeof alice) => (await who.call('GET', '/api/backups')).json<Final[]>().filter(each => each.name === 'gone')
  const [final] = await finals(alice)
  assert.ok(final && final.owner === 'alice' && final.bytes > 100)
  assert.deepEqual([await finals(bob), await finals(boss)], [[], [final]])
  const path = `/api/backups/${final.id}`
  for (const [method, where] of [['GET', path], ['DELETE', path], ['POST', `${path}/restore`]] as const) assert.equal(code(await bob.call(method, where)), 'not_found', method)
  assert.equal(code(await alice.call('POST', `${path}/restore`, { name: 'mine' })), 'name_taken', 'which is bob\'s')
  const { headers, body } = await boss.client.request({ method: 'GET', path, headers: boss.headers() })
  assert.equal((await body.arrayBuffer()).byteLength, final.bytes)
  assert.equal(headers['content-disposition'], `attachment; filename="${final.id}.tar.gz"`)
  assert.deepEqual((await alice.call('POST', `${path}/restore`)).json().env, { STAGE: 'late' })
  assert.equal(await house.page('gone'), 'hello')
  assert.equal((await alice.call('POST', `${path}/restore`, { name: 'again' })).json().owner, 'alice')
  assert.equal(await house.page('again'), 'hello')
  meanwhile = () => bob.call('POST', '/api/sites', { name: 'swift' })
  assert.equal(code(await alice.call('POST', `${path}/restore`, { name: 'swift' })), 'name_taken', 'by who came first')
  meanwhile = async () => {}
  assert.deepEqual((await bob.call('GET', '/api/sites/swift')).json().env, {}, 'whose site stays as it is')
  assert.equal((await alice.call('DELETE', path)).status, 204)
  assert.deepEqual(await finals(alice), [])
})

test('without a final backup nothing is left, and only an administrator deletes like that', async () => {
  await alice.call('POST', '/api/sites', { name: 'purged' })
  assert.equal(code(await alice.call('DELETE', '/api/sites/purged?purge=1')), 'forbidden')
  assert.equal((await boss.call('DELETE', '/api/sites/purged?purge=1')).status, 204)
  assert.equal((await boss.call('GET', '/api/backups')).text.includes('purged'), false)
})

test('the registry and keys of the house leave it on the admin socket alone', async () => {
  for (const path of ['/api/house/registry', '/api/house/certificates', '/api/house/keyring']) assert.deepEqual([code(await alice.call('GET', path)), code(await boss.call('GET', path))], ['forbidden', 'forbidden'])
  assert.equal((await house.console().call('GET', '/api/house/registry')).text.slice(0, 15), 'SQLite format 3')
})

test('images are listed for all, built and removed by administrators', async () => {
  const images = (await alice.call('GET', '/api/images')).json<{ name: string }[]>()
  assert.ok(images.some(image => image.name === 'php'))
  assert.equal(code(await alice.call('POST', '/api/images/php/build')), 'forbidden')
  assert.equal(code(await boss.call('POST', '/api/images/nothing/build')), 'not_found')
  assert.equal(code(await alice.call('DELETE', '/api/images/php')), 'forbidden')
  assert.equal(code(await boss.call('DELETE', '/api/images/php')), 'conflict', 'new sites are made of it')
  const newest = Math.max(...(await boss.call('GET', '/api/images')).json<{ name: string; version: number }[]>().filter(image => image.name === 'php').map(image => image.version))
  assert.equal(code(await boss.call('DELETE', `/api/images/php@${newest}`)), 'conflict', 'the newest stays')
})

test('the routing table is the administrator\'s', async () => {
  await alice.call('POST', '/api/sites', { name: 'routed' })
  assert.equal(code(await alice.call('GET', '/api/routes')), 'forbidden')
  assert.equal(code(await alice.call('GET', '/metrics')), 'forbidden')
  assert.match((await boss.call('GET', '/metrics')).text, /^auberge_sites\{state=/m)
  const rows = (await boss.call('GET', '/api/routes')).json<{ host: string; kind: string }[]>()
  assert.deepEqual(rows.filter(row => row.kind !== 'site' || row.host === 'routed.localhost').map(row => [row.host, row.kind]).sort(), [['localhost', 'panel'], ['old.example', 'static'], ['routed.localhost', 'site']])
})

test('the API describes itself', async () => {
  const { openapi, paths } = (await house.visitor().call('GET', '/api/openapi.json')).json<{ openapi: string; paths: Record<string, object> }>()
  assert.equal(openapi, '3.1.0')
  for (const path of ['/api/accounts', '/api/sites/{name}/content', '/api/routes', '/healthz']) assert.ok(paths[path], path)
})

test('health is 503 until everything is connected, and names its parts to the console only', async t => {
  const without = await openHouse({ dns: [{ address: '127.0.0.1', port: 0 }] })
  t.after(without.close)
  for (const [one, status] of [[house, 200], [without, 503]] as const) {
    const seen = await one.visitor({ host: 'anything.test' }).call('GET', '/healthz')
    assert.deepEqual([seen.status, seen.json()], [status, { ready: status === 200 }])
    assert.deepEqual((await one.console().call('GET', '/healthz')).json(), one.desk.health())
  }
})
