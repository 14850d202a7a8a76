import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from './peers.ts'
import { gate, stage, type Stage } from './stage.ts'

async function running(set: Stage, name = 'shop'): Promise<void> {
  await set.control.desk.createSite(set.alice, { name, owner: set.alice })
  await set.control.desk.wake(set.alice, name)
}

test('a site that nobody asks for is frozen', async t => {
  const set = await stage(t, { idle: 60 })
  const relay = await set.relay()
  await running(set)
  await until(() => relay.state('shop.localhost') === 'frozen')
  assert.deepEqual(set.rooms.calls, ['create shop', 'wake shop', 'sleep shop frozen'])
  relay.wake('shop')
  await until(() => set.rooms.count('wake shop') === 2)
})

test('a site with a request in flight is left alone, however long it takes', async t => {
  const set = await stage(t, { idle: 40 })
  const relay = await set.relay()
  relay.inFlight = 1
  await running(set)
  await until(() => relay.heard.filter(message => message.type === 'closing').length >= 2)
  assert.equal(set.rooms.count('sleep shop frozen'), 0)
  const after = relay.heard.slice(relay.heard.findIndex(message => message.type === 'closing'))
  assert.ok(after.some(message => message.type === 'route' && message.route.kind === 'site' && message.route.state === 'running'), 'relays are told to go on')
  relay.say({ type: 'counts', counts: [{ host: 'shop.localhost', requests: 1, inFlight: 1, lastRequestAt: Date.now() }] })
  await until(() => set.control.desk.routes().some(row => row.host === 'shop.localhost' && row.inFlight === 1))
  relay.inFlight = 0
  relay.say({ type: 'counts', counts: [{ host: 'shop.localhost', requests: 0, inFlight: 0, lastRequestAt: Date.now() }] })
  await until(() => relay.state('shop.localhost') === 'frozen')
})

test('one busy relay of two keeps a site awake, and the other opens it again', async t => {
  const set = await stage(t, { idle: 40 })
  const [idle, busy] = [await set.relay(), await set.relay()]
  busy.inFlight = 1
  await running(set)
  await until(() => idle.heard.some(message => message.type === 'closing'))
  const at = idle.heard.findIndex(message => message.type === 'closing')
  await until(() => idle.heard.slice(at).some(message => message.type === 'route'))
  assert.equal(idle.state('shop.localhost'), 'running')
  assert.equal(set.rooms.count('sleep shop frozen'), 0)
})

test('a request during the first half of a sleep calls it off', async t => {
  const set = await stage(t, { idle: 40 })
  const relay = await set.relay()
  relay.onClosing = message => relay.wake(message.site)
  await running(set)
  await until(() => relay.heard.some(message => message.type === 'closing'))
  const at = relay.heard.findIndex(message => message.type === 'closing')
  await until(() => relay.heard.slice(at).some(message => message.type === 'route' && message.route.kind === 'site' && message.route.state === 'running'))
  assert.equal(set.rooms.count('sleep shop frozen'), 0)
  assert.equal(set.rooms.count('wake shop'), 1)
})

test('a request during the second half is followed by a wake at once', async t => {
  const set = await stage(t, { idle: 40 })
  const relay = await set.relay()
  const slow = gate()
  set.rooms.before = call => call === 'sleep shop frozen' ? slow.opened : undefined
  await running(set)
  await until(() => relay.state('shop.localhost') === 'sleeping')
  relay.wake('shop')
  const owner = set.control.desk.wake(set.alice, 'shop')
  slow.open()
  assert.equal((await owner).state, 'running')
  assert.deepEqual(set.rooms.calls.slice(0, 4), ['create shop', 'wake shop', 'sleep shop frozen', 'wake shop'])
})

test('a relay that connects in the middle of a sleep is asked as well', async t => {
  const set = await stage(t, { idle: 40 })
  const first = await set.relay()
  await running(set)
  first.answers = false
  await until(() => first.heard.some(message => message.type === 'closing'))
  const second = await set.relay()
  await until(() => second.heard.some(message => message.type === 'closing'))
  first.socket.destroy()
  await until(() => second.state('shop.localhost') === 'frozen')
})

test('an owner who puts a busy site to sleep waits for its requests, then is told of the conflict', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await running(set)
  relay.inFlight = 1
  relay.onClosing = () => { if (relay.heard.filter(message => message.type === 'closing').length === 3) relay.inFlight = 0 }
  assert.equal((await set.control.desk.sleep(set.alice, 'shop')).state, 'frozen')
  assert.equal((await set.control.desk.sleep(set.alice, 'shop', 'asleep')).state, 'asleep')
  await set.control.desk.wake(set.alice, 'shop')
  relay.onClosing = () => {}
  relay.inFlight = 1
  await assert.rejects(set.control.desk.sleep(set.alice, 'shop'), { code: 'conflict' })
  assert.equal(relay.state('shop.localhost'), 'running')
})

test('a sleep that fails leaves a site that the next request wakes', async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await running(set)
  set.rooms.before = call => { if (call.startsWith('sleep')) throw new Error('no freezer') }
  await assert.rejects(set.control.desk.sleep(set.alice, 'shop'), /no freezer/)
  await until(() => relay.state('shop.localhost') === 'asleep')
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'running')
})

test("a suspended account's sites sleep and say why, and nobody wakes them until it is resumed", async t => {
  const set = await stage(t)
  const relay = await set.relay()
  await running(set)
  set.registry.accounts.suspend(set.alice.id, 'unpaid')
  await set.control.desk.accountChanged({ ...set.alice, suspended: 'unpaid' })
  const route = relay.routes.get('shop.localhost')
  assert.deepEqual(route, { host: 'shop.localhost', kind: 'site', site: 'shop', state: 'suspended', upstream: null, reason: 'unpaid' })
  assert.equal(set.rooms.pods.get('shop')?.tier, 'prepared')
  await assert.rejects(set.control.desk.wake(set.alice, 'shop'), { code: 'forbidden' })
  set.registry.accounts.suspend(set.alice.id, null)
  await set.control.desk.accountChanged({ ...set.alice, suspended: null })
  assert.equal((await set.control.desk.wake(set.alice, 'shop')).state, 'running')
})
