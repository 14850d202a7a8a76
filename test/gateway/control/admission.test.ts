// The memory budget, consulted before a wake: who is put to sleep for it, and what happens to a wake for which nobody can be.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { House } from '../../../wire/house.ts'
import { until, type FakeRelay } from './peers.ts'
import { stage, type Stage } from './stage.ts'

const MIB = 2 ** 20

/** A house with room for `sites` awake, each of 32 MiB, as is expected of a site; bob has an account, too. */
async function begin(t: TestContext, sites: number, change: Partial<House> = {}) {
  const set = await stage(t, { memoryBudget: sites * 32 * MIB, ...change })
  set.rooms.memoryEach = 32 * MIB
  const relay = await set.relay()
  const bob = await set.registry.accounts.create({ username: 'bob', password: 'correct horse' })
  const make = async (owner: 'alice' | 'bob', ...names: string[]): Promise<void> => {
    const account = owner === 'alice' ? set.alice : bob
    for (const name of names) await set.control.desk.createSite(account, { name, owner: account })
  }
  const wake = async (...names: string[]): Promise<void> => { for (const name of names) await set.control.desk.wake(set.alice, name) }
  const tier = (name: string) => set.rooms.pods.get(name)?.tier
  return Object.assign(set, { first: relay, make, wake, tier })
}

/** Says that a site was asked for just now, and how many of its requests are in flight: with any it can't be put to sleep. */
async function busy({ control }: Pick<Stage, 'control'>, relay: FakeRelay, name: string, inFlight: number): Promise<void> {
  const requests = (): number => control.desk.routes().find(row => row.site === name)?.requests ?? 0
  const before = requests()
  relay.say({ type: 'counts', counts: [{ host: `${name}.localhost`, requests: 1, inFlight, lastRequestAt: Date.now() }] })
  await until(() => requests() > before)
}

test('a wake that would exceed the budget begins when the frozen site that was unused the longest is asleep', async t => {
  const set = await begin(t, 3)
  await set.make('alice', 'one', 'two', 'three', 'four')
  await set.wake('one', 'two', 'three')
  for (const name of ['two', 'one']) await set.control.desk.sleep(set.alice, name)
  await busy(set, set.first, 'one', 0)
  await set.wake('four')
  assert.deepEqual(set.rooms.calls.slice(-2), ['sleep two asleep', 'wake four'])
  assert.deepEqual(['one', 'two', 'three', 'four'].map(set.tier), ['frozen', 'prepared', 'running', 'running'])
})

test('where nothing is frozen, an idle site that runs gives way, and one with a request in flight does not', async t => {
  const set = await begin(t, 2)
  await set.make('alice', 'one', 'two', 'three')
  await set.wake('one', 'two')
  await busy(set, set.first, 'one', 1)
  await set.wake('three')
  assert.deepEqual(['one', 'two', 'three'].map(set.tier), ['running', 'prepared', 'running'])
})

test('what the database server holds is no longer there for sites, and where that is all, one site runs all the same', async t => {
  const set = await begin(t, 3)
  set.rooms.databaseHolds = 32 * MIB
  await set.make('alice', 'one', 'two', 'three')
  await set.wake('one', 'two', 'three')
  assert.deepEqual(['one', 'two', 'three'].map(set.tier), ['prepared', 'running', 'running'])
  set.rooms.databaseHolds = 96 * MIB
  await set.wake('one')
  assert.deepEqual(['one', 'two', 'three'].map(set.tier), ['running', 'prepared', 'prepared'])
})

test('what commands hold in a site that sleeps is held by its account, and nothing its next wake is expected to need', async t => {
  const set = await begin(t, 3)
  await set.make('alice', 'one', 'two', 'three')
  await set.make('bob', 'worker')
  set.rooms.working.set('worker', 64 * MIB)
  await set.wake('one', 'two', 'three')
  assert.deepEqual(['one', 'two', 'three'].map(set.tier), ['prepared', 'prepared', 'running'], 'there is room for one beside it')
  set.rooms.working.clear()
  await set.wake('one', 'worker')
  assert.deepEqual(['one', 'three', 'worker'].map(set.tier), ['running', 'running', 'running'])
})

test('a site that was seen when it had hardly begun is not expected to be that small at its next wake', async t => {
  const set = await begin(t, 1.5)
  await set.make('alice', 'one', 'two')
  set.rooms.held.set('one', 2 * MIB)
  await set.wake('one', 'two', 'one')
  assert.deepEqual(['one', 'two'].map(set.tier), ['running', 'prepared'])
})

test('a frozen site is thawed without asking for room: it holds its memory already', async t => {
  const set = await begin(t, 2)
  await set.make('alice', 'one', 'two')
  await set.wake('one', 'two')
  await set.control.desk.sleep(set.alice, 'one')
  set.rooms.held.set('two', 50 * MIB)
  await busy(set, set.first, 'two', 1)
  await set.wake('one')
  assert.equal(set.tier('one'), 'running')
  assert.equal(set.rooms.calls.some(call => call.endsWith('asleep')), false)
})

test('an account with many sites awake loses its own first', async t => {
  const set = await begin(t, 4)
  await set.make('alice', 'a1', 'a2', 'a3', 'a4')
  await set.make('bob', 'bob')
  await set.wake('bob', 'a1', 'a2')
  await set.control.desk.sleep(set.alice, 'bob')
  await set.wake('a3', 'a4')
  assert.deepEqual(['bob', 'a1', 'a3', 'a4'].map(set.tier), ['frozen', 'prepared', 'running', 'running'])
})

test("one account's storm of sites that are all in use leaves room for another's wake", async t => {
  const set = await begin(t, 10)
  const storm = Array.from({ length: 12 }, (_, nth) => `a${nth}`)
  await set.make('alice', ...storm)
  await set.make('bob', 'bob')
  set.rooms.before = call => {
    const [verb, name] = call.split(' ')
    if (verb === 'wake' && name !== 'bob') set.first.say({ type: 'counts', counts: [{ host: `${name}.localhost`, requests: 1, inFlight: 1, lastRequestAt: Date.now() }] })
  }
  for (const name of storm) set.first.wake(name)
  await until(() => set.rooms.calls.filter(call => call.startsWith('wake')).length === 9)
  set.first.wake('bob')
  await until(() => set.tier('bob') === 'running')
  assert.equal(storm.filter(name => set.tier(name) === 'running').length, 9, 'no more than nine tenths are one account\'s')
})

test('a wake for which nobody can be put to sleep waits, and begins when somebody can', async t => {
  const set = await begin(t, 1)
  await set.make('alice', 'one', 'two')
  await set.wake('one')
  await busy(set, set.first, 'one', 1)
  set.first.inFlight = 1
  set.first.wake('two')
  await until(() => set.control.desk.routes().some(row => row.host === 'one.localhost' && row.inFlight === 1))
  await set.control.desk.updateSite(set.alice, 'two', { env: { A: '1' } })
  assert.equal(set.tier('two'), 'prepared', 'who waits for room keeps nobody else waiting')
  set.first.inFlight = 0
  await busy(set, set.first, 'one', 0)
  await until(() => set.tier('two') === 'running')
  assert.equal(set.tier('one'), 'prepared')
  assert.ok(((await set.control.desk.wakes('two'))[0]?.phases.queue ?? 0) > 0)
})

test('a wake that waits for room leaves the queue when its last visitor has left, and its site can be woken again', async t => {
  const set = await begin(t, 1)
  await set.make('alice', 'one', 'two')
  await set.wake('one')
  await busy(set, set.first, 'one', 1)
  set.first.wake('two')
  set.first.say({ type: 'unwanted', site: 'two' })
  const last = async () => (await set.control.desk.wakes('two'))[0]
  for (let record = await last(); record?.outcome !== 'left'; record = await last()) await new Promise(resolve => { setTimeout(resolve, 20) })
  await busy(set, set.first, 'one', 0)
  assert.equal(set.rooms.count('wake two'), 0)
  set.first.wake('two')
  await until(() => set.tier('two') === 'running')
})

test('a site that holds more than the whole budget runs alone, once all others sleep', async t => {
  const set = await begin(t, 2)
  await set.make('alice', 'huge', 'small')
  set.rooms.held.set('huge', 200 * MIB)
  await set.wake('huge')
  await set.wake('small')
  assert.deepEqual([set.tier('huge'), set.tier('small')], ['prepared', 'running'])
  await set.wake('huge')
  assert.deepEqual([set.tier('huge'), set.tier('small')], ['running', 'prepared'])
})

test('over the budget because pods have grown, idle sites give their memory back until the rest fits', async t => {
  const set = await begin(t, 3)
  await set.make('alice', 'one', 'two', 'three')
  await set.wake('one', 'two', 'three')
  for (const name of ['one', 'two']) await set.control.desk.sleep(set.alice, name)
  set.rooms.held.set('three', 50 * MIB)
  await until(() => set.tier('one') === 'prepared')
  assert.deepEqual([set.tier('two'), set.tier('three')], ['frozen', 'running'])
})

test('what pods hold is known from the start, so that a control that has only begun lets nobody in beyond the budget', async t => {
  const set = await begin(t, 2)
  await set.make('alice', 'one', 'two', 'three')
  await set.wake('one', 'two')
  await set.again()
  await set.wake('three')
  assert.deepEqual(['one', 'two', 'three'].map(set.tier), ['prepared', 'running', 'running'])
})

test('each wake is written down with its cause, what it came from and what came of it, fifty for each site, and over a restart', async t => {
  const set = await begin(t, 10)
  await set.make('alice', 'one')
  set.first.say({ type: 'wake', site: 'one', cause: { by: 'visitor', method: 'GET', path: `/${'<x>'.repeat(500)}`, agent: 'robot' } })
  await until(() => set.tier('one') === 'running')
  await set.control.desk.sleep(set.alice, 'one')
  set.rooms.before = call => { if (call === 'wake one') throw new Error('no freezer\nand more') }
  await assert.rejects(set.control.desk.wake(set.alice, 'one'))
  set.rooms.before = () => {}
  await set.again()
  const relay = await set.relay()
  relay.wake('one')
  await until(() => relay.state('one.localhost') === 'running')
  const wakes = await set.control.desk.wakes('one')
  assert.deepEqual(wakes.map(({ outcome, from, cause }) => [outcome, from, cause.by]), [['ok', 'frozen', 'visitor'], ['failed', 'frozen', 'owner'], ['ok', 'asleep', 'visitor']])
  assert.equal(wakes[1]?.failure, 'no freezer')
  const { cause } = wakes[2] ?? {}
  assert.ok(cause?.by === 'visitor' && cause.path.length <= 256 && cause.agent === 'robot')
  await set.again()
  const { awake } = await set.control.desk.view('one')
  assert.deepEqual([awake?.cause?.by, awake?.because[0]?.what], ['visitor', 'recent'], 'who woke it is known after a restart')
  for (let count = 0; count < 60; count++) {
    await set.control.desk.sleep(set.alice, 'one')
    await set.control.desk.wake(set.alice, 'one')
  }
  assert.equal((await set.control.desk.wakes('one')).length, 50)
  await set.control.desk.deleteSite(set.alice, 'one')
  await set.control.desk.createSite(set.alice, { name: 'one', owner: set.alice })
  assert.deepEqual(await set.control.desk.wakes('one'), [])
})
