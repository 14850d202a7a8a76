import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { AubergeError } from '../../../wire/error.ts'
import { places } from '../../../wire/house.ts'
import { until } from './peers.ts'
import { gate, stage, type Stage } from './stage.ts'

const refuse = () => { throw new AubergeError('failed', 'no') }
const away = () => { throw new AubergeError('unavailable', 'not there') }

test('a site that is made resolves, routes and has a pod when its owner is told', async t => {
  const set = await stage(t)
  const [relay, dns] = [await set.relay(), await set.dns()]
  const view = await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  assert.deepEqual(dns.names.get('shop'), { a: ['127.0.0.1'], aaaa: ['::1'] })
  assert.equal(relay.state('shop.localhost'), 'asleep')
  assert.equal(set.rooms.pods.get('shop')?.tier, 'prepared')
  assert.equal(set.registry.reservations.get('shop')?.phase, 'held')
  assert.deepEqual([view.url, view.state, view.owner, view.image, view.ipv4], ['http://shop.localhost:8080/', 'asleep', 'alice', 'php', ['127.0.0.1']])
})

const STEPS: { step: string; breakIt: (set: Stage) => void }[] = [
  { step: 'the pod', breakIt: set => { set.rooms.before = call => { if (call === 'create shop') refuse() } } },
  { step: 'the serial of the zone', breakIt: set => { set.registry.settings.set = refuse } },
  { step: 'the last mark', breakIt: set => { set.registry.reservations.mark = refuse } },
]

for (const { step, breakIt } of STEPS) {
  test(`a site whose making fails at ${step} leaves nothing, and its name is free`, async t => {
    const set = await stage(t)
    const { settings, reservations } = set.registry
    const whole = { set: settings.set, mark: reservations.mark }
    const relay = await set.relay()
    breakIt(set)
    await assert.rejects(set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice }), { code: 'failed' })
    set.rooms.before = () => {}
    Object.assign(settings, { set: whole.set })
    Object.assign(reservations, { mark: whole.mark })
    await until(() => !relay.routes.has('shop.localhost'))
    await set.again()
    const dns = await set.dns()
    assert.equal(dns.names.has('shop') || set.rooms.pods.has('shop') || set.registry.sites.get('shop') !== null, false)
    assert.deepEqual(set.registry.reservations.check('shop'), { available: true })
    await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  })
}

test('a making that could not be undone is undone when the provisioner is back', async t => {
  const set = await stage(t)
  set.rooms.before = call => { if (call.includes('shop')) refuse() }
  await assert.rejects(set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice }), { code: 'failed' })
  assert.equal(set.registry.reservations.get('shop')?.phase, 'creating')
  set.rooms.before = () => {}
  await set.again()
  await until(() => set.registry.reservations.get('shop') === null)
  assert.deepEqual(set.rooms.calls, ['create shop', 'destroy shop purge', 'destroy shop purge'])
})

test('a making that could not be undone is undone by the next wish for its name', async t => {
  const set = await stage(t)
  set.rooms.before = call => { if (call.includes('shop')) refuse() }
  const make = () => set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await assert.rejects(make(), { code: 'failed' })
  await assert.rejects(make(), { code: 'failed' })
  set.rooms.before = () => {}
  assert.equal((await make()).name, 'shop')
  assert.deepEqual(set.rooms.calls, ['create shop', 'destroy shop purge', 'destroy shop purge', 'destroy shop purge', 'create shop'])
})

test('refused names and quotas change nothing and ask nothing of the provisioner', async t => {
  const set = await stage(t, { routes: [{ host: 'wiki.localhost', upstream: { address: '127.0.0.1', port: 1 } }] })
  const make = (name: string) => set.control.desk.createSite(set.alice, { name, owner: set.alice })
  await assert.rejects(make('www'), { code: 'name_reserved' })
  await assert.rejects(make('A'), { code: 'name_invalid' })
  await assert.rejects(make('wiki'), { code: 'name_taken' })
  assert.deepEqual(set.rooms.calls, [])
  await make('shop')
  await assert.rejects(make('shop'), { code: 'name_taken' })
  for (let count = 1; count < 20; count++) await make(`shop${count}`)
  await assert.rejects(make('onemore'), { code: 'quota' })
  assert.equal(set.rooms.pods.size, 20)
})

test('of many who reserve one name at once, one gets it and its pod stays', async t => {
  const set = await stage(t)
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })))
  assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 1)
  for (const one of outcomes) if (one.status === 'rejected') assert.equal(one.reason.code, 'name_taken')
  assert.deepEqual(set.rooms.calls, ['create shop'])
})

test('a name that points elsewhere is answered by DNS and routed nowhere', async t => {
  const set = await stage(t)
  const [relay, dns] = [await set.relay(), await set.dns()]
  const view = await set.control.desk.createSite(set.alice, { name: 'blog', owner: set.alice, addresses: { a: ['192.0.2.7'], aaaa: [] } })
  assert.deepEqual([view.kind, view.state, view.ipv4, view.image], ['external', 'running', ['192.0.2.7'], null])
  assert.deepEqual(dns.names.get('blog'), { a: ['192.0.2.7'], aaaa: [] })
  assert.equal(relay.routes.has('blog.localhost'), false)
  await assert.rejects(set.control.desk.wake(set.alice, 'blog'), { code: 'conflict' })
  await set.control.desk.deleteSite(set.alice, 'blog')
  assert.equal(dns.names.has('blog'), false)
  assert.deepEqual(set.rooms.calls, [])
})

test('a deleted site is gone everywhere but for its final backup, and its name waits for its owner', async t => {
  const set = await stage(t)
  const [relay, dns] = [await set.relay(), await set.dns()]
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.deleteSite(set.alice, 'shop')
  assert.equal(relay.routes.has('shop.localhost') || dns.names.has('shop') || set.rooms.pods.has('shop'), false)
  await assert.rejects(set.control.desk.view('shop'), { code: 'not_found' })
  assert.match(set.registry.audit.list(1)[0]?.detail ?? '', /^final backup shop-\d{8}T\d{9}Z, 7 bytes, kept until \d{4}-\d\d-\d\d$/)
  const bob = await set.registry.accounts.create({ username: 'bob', password: 'correct horse' })
  await assert.rejects(set.control.desk.createSite(bob, { name: 'shop', owner: bob }), { code: 'name_taken' })
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
})

test('routes go before names, names before pods, pods before rows', async t => {
  const set = await stage(t)
  const [relay, dns] = [await set.relay(), await set.dns()]
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  set.rooms.before = call => {
    if (call !== 'destroy shop') return
    assert.equal(relay.routes.has('shop.localhost'), false)
    assert.equal(dns.names.has('shop'), false)
    assert.equal(set.registry.reservations.get('shop')?.phase, 'deleting')
  }
  await set.control.desk.deleteSite(set.alice, 'shop')
  assert.equal(set.rooms.count('destroy shop'), 1)
})

test('a deletion that was interrupted is finished at the next start', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.createSite(set.alice, { name: 'other', owner: set.alice })
  set.registry.reservations.mark('shop', 'purging')
  set.registry.reservations.mark('other', 'deleting')
  await set.again()
  await until(() => set.registry.reservations.list().length === 0)
  assert.deepEqual(set.rooms.calls.filter(call => call.startsWith('destroy')).sort(), ['destroy other', 'destroy shop purge'])
  assert.equal(set.rooms.pods.size, 0)
})

test('a reservation that was interrupted is undone at the next start, with its pod', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  set.registry.reservations.mark('shop', 'creating')
  await set.again()
  const [relay, dns] = [await set.relay(), await set.dns()]
  await until(() => set.registry.reservations.get('shop') === null)
  assert.equal(set.rooms.pods.size, 0)
  assert.equal(relay.routes.has('shop.localhost') || dns.names.has('shop'), false)
})

test('at start running pods are adopted, pods of nobody are removed with a backup, missed changes are told', async t => {
  const set = await stage(t)
  for (const name of ['awake', 'cold', 'ice']) await set.control.desk.createSite(set.alice, { name, owner: set.alice })
  await set.control.desk.wake(set.alice, 'awake')
  await set.control.desk.wake(set.alice, 'ice')
  await set.control.desk.sleep(set.alice, 'ice')
  await set.rooms.create('stray', { image: 'php', limits: { memory: 1, cpu: 1, disk: 1, pids: 1, database: 1 }, env: {}, php: {}, start: null, egress: 'internet', database: null, exposed: null })
  set.registry.sites.update('cold', { env: { A: '1' } })
  await set.again()
  const relay = await set.relay()
  assert.deepEqual(['awake', 'ice', 'cold'].map(name => relay.state(`${name}.localhost`)), ['running', 'frozen', 'asleep'])
  await until(() => set.rooms.count('destroy stray') === 1 && set.rooms.count('update cold') === 1)
  assert.deepEqual(set.rooms.pods.get('cold')?.spec.env, { A: '1' })
  assert.equal(set.rooms.count('destroy awake'), 0)
})

test('a control that starts without the provisioner goes on routing to what ran', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.wake(set.alice, 'shop')
  const upstream = { address: set.rooms.pods.get('shop')?.ipv4, port: 80 }
  set.rooms.before = away
  await set.again()
  const relay = await set.relay()
  assert.deepEqual(relay.routes.get('shop.localhost')?.upstream, upstream)
  assert.equal(set.control.desk.health().parts.provisioner, false)
  set.rooms.before = () => {}
  await until(() => set.control.desk.health().parts.provisioner === true)
})

test('a request to a site that is being made waits for it, and for one being deleted is too late', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  const slow = gate()
  set.rooms.before = call => call === 'create shop' ? slow.opened : undefined
  const made = set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await until(() => relay.state('shop.localhost') === 'creating')
  relay.wake('shop')
  slow.open()
  await made
  await until(() => relay.state('shop.localhost') === 'running')
  const deleted = set.control.desk.deleteSite(set.alice, 'shop')
  await assert.rejects(set.control.desk.wake(set.alice, 'shop'), { code: 'not_found' })
  await deleted
  assert.equal(set.rooms.pods.size, 0)
})

test('a change that the provisioner refuses is not kept', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const view = await set.control.desk.updateSite(set.alice, 'shop', { limits: { cpu: 0.5 }, env: { A: '1' } })
  assert.deepEqual([view.limits?.cpu, view.env], [0.5, { A: '1' }])
  assert.deepEqual(set.rooms.pods.get('shop')?.spec.env, { A: '1' })
  set.rooms.before = () => { throw new AubergeError('invalid', 'no such image') }
  await assert.rejects(set.control.desk.updateSite(set.alice, 'shop', { image: 'nope', env: {} }), { code: 'invalid' })
  const site = set.registry.sites.get('shop')
  assert.deepEqual([site?.image, site?.env, site?.limits.cpu], ['php', { A: '1' }, 0.5])
})

test('a deploy is a release of the site and wakes nothing', async t => {
  const set = await stage(t)
  const { desk } = set.control
  await desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  assert.deepEqual(await desk.deploy(set.alice, 'shop', 'zip', Readable.from(['content'])), { release: 'r1' })
  const view = await desk.view('shop', { usage: true })
  assert.deepEqual([view.release, view.releases, view.state, view.usage?.memory], ['r1', ['r1'], 'asleep', 10])
  assert.equal(await text(await desk.logs('shop', { follow: false })), 'log of shop\n')
})

test("watchers see each change of a site, and the admin's table the rows that changed", async t => {
  const set = await stage(t)
  const leaving = new AbortController()
  const states: string[] = []
  const rows: string[] = []
  set.control.desk.watch('shop', view => { states.push(view?.state ?? 'gone') }, leaving.signal)
  set.control.desk.watchRoutes(change => { rows.push(...change.rows.map(row => `${row.host} ${row.state}`), ...change.gone.map(host => `${host} gone`)) }, leaving.signal)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.wake(set.alice, 'shop')
  assert.deepEqual(states.filter((state, index) => state !== states[index - 1]), ['creating', 'asleep', 'waking', 'running'])
  await until(() => rows.includes('shop.localhost running'))
  await set.control.desk.deleteSite(set.alice, 'shop')
  await until(() => rows.includes('shop.localhost gone'))
  assert.equal(states.at(-1), 'gone')
  leaving.abort()
  const seen = states.length
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  assert.equal(states.length, seen)
})

test('a house without pods has static routes, the panel and names that point elsewhere', async t => {
  const set = await stage(t, { runtime: 'none', routes: [{ host: 'wiki.localhost', upstream: { address: '127.0.0.1', port: 8081 } }, { host: 'grpc.test', upstream: { address: '::1', port: 1, protocol: 'h2c' } }] })
  const [relay, dns] = [await set.relay(), await set.dns()]
  await assert.rejects(set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice }), { code: 'unavailable' })
  assert.equal(set.registry.reservations.get('shop'), null)
  await set.control.desk.createSite(set.alice, { name: 'blog', owner: set.alice, addresses: { a: ['192.0.2.7'], aaaa: [] } })
  assert.deepEqual(set.control.desk.routes().map(row => [row.host, row.kind, row.upstream]), [
    ['localhost', 'panel', places(set.house.data).panelSocket], ['wiki.localhost', 'static', '127.0.0.1:8081'], ['grpc.test', 'static', 'h2c://[::1]:1']])
  assert.deepEqual(relay.routes.get('grpc.test'), { host: 'grpc.test', kind: 'static', upstream: { address: '::1', port: 1, protocol: 'h2c' } })
  assert.deepEqual([...dns.names.keys()], ['wiki', 'blog'])
  assert.equal(relay.routes.size, 3)
  assert.deepEqual(set.control.desk.health(), { ready: true, parts: { registry: true, relays: true, dns: true }, warnings: [] })
})

test('the snapshot of the routes follows the table', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const file = places(set.house.data).routesSnapshot
  await until(() => readFileSync(file, 'utf8').includes('"host":"shop.localhost"'))
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).zone, 'localhost')
})
