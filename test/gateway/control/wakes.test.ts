import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AubergeError } from '../../../wire/error.ts'
import { until } from './peers.ts'
import { gate, stage } from './stage.ts'

test('50 relays\' wakes at once are one wake, and the route then leads to the pod', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const slow = gate()
  set.rooms.before = call => call === 'wake shop' ? slow.opened : undefined
  for (let count = 0; count < 50; count++) relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'waking')
  const owner = set.control.desk.wake(set.alice, 'shop')
  slow.open()
  await until(() => relay.state('shop.localhost') === 'running')
  assert.equal((await owner).state, 'running')
  assert.equal(set.rooms.count('wake shop'), 1)
  const route = relay.routes.get('shop.localhost')
  assert.deepEqual(route?.upstream, { address: set.rooms.pods.get('shop')?.ipv4, port: 80 })
  const { lastWake } = await set.control.desk.view('shop')
  assert.deepEqual(lastWake?.cause, { by: 'visitor', method: 'GET', path: '/', agent: 'browser' })
  assert.partialDeepStrictEqual(lastWake?.phases, { prepare: 0, start: 1, probe: 1 })
  assert.equal(lastWake?.from, 'asleep')
})

test('a wake that fails is told to relays with the time of the next try, and visitors do not try before it', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  set.rooms.before = call => { if (call === 'wake shop') throw new AubergeError('wake_failed', 'apache2: syntax error') }
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'failed')
  const route = relay.routes.get('shop.localhost')
  assert.ok(route?.kind === 'site' && (route.retryAt ?? 0) > Date.now())
  assert.match((await set.control.desk.view('shop')).failure ?? '', /syntax error/)
  relay.wake('shop')
  await set.control.desk.view('shop')
  assert.equal(set.rooms.count('wake shop'), 1)
  set.rooms.before = () => {}
  assert.equal((await set.control.desk.wake(set.alice, 'shop')).state, 'running')
  assert.equal((await set.control.desk.view('shop')).failure, null)
})

test('a failed site is tried again by the first request after its time', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  let failing = true
  set.rooms.before = call => { if (failing && call === 'wake shop') throw new AubergeError('wake_failed', 'no') }
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'failed')
  failing = false
  await until(() => {
    relay.wake('shop')
    return relay.state('shop.localhost') === 'running'
  })
  assert.equal(set.rooms.count('wake shop'), 2)
})

test('while the provisioner is away a wake waits for it', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  let away = 3
  set.rooms.before = call => { if (call === 'wake shop' && away-- > 0) throw new AubergeError('unavailable', 'not there') }
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'running')
  assert.equal(relay.heard.some(message => message.type === 'route' && message.route.kind === 'site' && message.route.state === 'failed'), false)
})

test('a site without a pod gets one at its first wake', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  set.rooms.pods.clear()
  await set.again()
  const next = await set.relay()
  assert.equal(next.state('shop.localhost'), 'asleep')
  next.wake('shop')
  await until(() => next.state('shop.localhost') === 'running')
  assert.deepEqual(set.rooms.calls, ['create shop', 'create shop', 'wake shop'])
  relay.socket.destroy()
})

test('a pod that ends by itself is woken again by the next request, and less and less often if it goes on so', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.wake(set.alice, 'shop')
  set.rooms.emit({ type: 'exit', name: 'shop', failure: 'killed: out of memory', at: Date.now() })
  await until(() => relay.state('shop.localhost') === 'failed')
  assert.equal((relay.routes.get('shop.localhost') as { retryAt?: number }).retryAt, undefined)
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'running')
  set.rooms.emit({ type: 'exit', name: 'shop', failure: 'killed again', at: Date.now() })
  await until(() => relay.state('shop.localhost') === 'failed')
  assert.ok(((relay.routes.get('shop.localhost') as { retryAt?: number }).retryAt ?? 0) > Date.now())
})

test('an upstream that relays cannot reach is looked at once, stopped, and the next request wakes it', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.wake(set.alice, 'shop')
  const upstream = relay.routes.get('shop.localhost')?.upstream
  assert.ok(upstream)
  for (let count = 0; count < 20; count++) relay.say({ type: 'down', site: 'shop', upstream })
  relay.wake('shop')
  await until(() => set.rooms.count('wake shop') === 2)
  await until(() => relay.state('shop.localhost') === 'running')
  assert.deepEqual(set.rooms.calls, ['create shop', 'wake shop', 'sleep shop asleep', 'wake shop'])
})

test('a relay that says nonsense, or claims to be an owner, is not believed', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  relay.socket.write(`${JSON.stringify({ type: 'wake', site: 'shop', cause: { by: 'admin', path: 'x'.repeat(9999) } })}\n`)
  await until(() => relay.state('shop.localhost') === 'running')
  const cause = (await set.control.desk.view('shop')).lastWake?.cause
  assert.equal(cause?.by, 'visitor')
  for (const line of ['{"type":"counts","counts":[null]}', '[]', 'null', '{"type":"closed"}', 'no json', '{"type":"wake","site":{}}']) {
    const rude = await set.relay()
    rude.socket.write(`${line}\n`)
    await until(() => rude.socket.closed, line)
  }
  assert.equal(set.control.desk.health().parts.relays, true)
})
