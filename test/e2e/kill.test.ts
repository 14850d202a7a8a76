// kill -9 of each process in turn, and restarts: what was acknowledged is there, what is awake answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { newOwner, zipOf, type Owner } from './owner.ts'

const page = '<?php echo "still ", file_get_contents("/var/www/html/note.txt");'

test('a site that is awake answers every request while control, dns and the provisioner are killed, and each comes back', async t => {
  const house = await startHouse(t)
  const alice = await settle(house)
  for (const part of ['control', 'dns', 'provisioner']) {
    const [pid] = await house.pids(part)
    const traffic = new AbortController()
    const visits = steady(house, traffic.signal)
    process.kill(pid ?? 0, 'SIGKILL')
    await until(`${part} is back`, async () => (await house.pids(part)).some(now => now !== pid))
    await until(`${part} serves`, () => serves(house, part))
    traffic.abort()
    const statuses = await visits
    assert.deepEqual([...new Set(statuses)], [200], `${part}: ${statuses.length} visits`)
  }
  const made = await alice.api('POST', '/api/sites', { name: 'afterwards' })
  assert.equal(made.status, 201, made.text)
  assert.equal(await house.dig('afterwards.localhost'), '127.0.0.1')
})

test('a request that came while every relay was dead waits in the queue and is answered', async t => {
  const house = await startHouse(t, { args: ['--workers', '1'] })
  await settle(house)
  const [pid] = await house.pids('relay')
  process.kill(pid ?? 0, 'SIGKILL')
  await until('the relay is dead', async () => !(await house.pids('relay')).includes(pid ?? 0))
  // By a connection of its own: one kept alive was the dead relay's.
  const agent = new Agent()
  t.after(() => agent.close())
  const { body } = await request(`http://127.0.0.1:${house.http}/`, { dispatcher: agent, headers: { host: 'alice.localhost' } })
  assert.equal(await body.text(), 'still here')
})

test('accounts, sites and files survive a restart of the house and a kill -9 of the supervisor', async t => {
  const data = dataFor(t)
  const first = await startHouse(t, { data })
  const alice = await settle(first)
  assert.equal(await first.stop(), 0)

  const second = await startHouse(t, { data })
  assert.equal((await second.visit('alice.localhost')).text, 'still here')
  const [supervisor] = await second.pids('supervisor')
  process.kill(supervisor ?? 0, 'SIGKILL')
  await second.stop()

  const third = await startHouse(t, { data })
  assert.equal((await third.visit('alice.localhost')).text, 'still here')
  assert.equal(await third.dig('alice.localhost'), '127.0.0.1')
  const { code, stdout } = await third.auberge('account', 'list', '--json')
  assert.equal(code, 0)
  assert.match(stdout, /"alice"/)
  assert.ok(alice)
})

async function settle(house: TestHouse): Promise<Owner> {
  const alice = await newOwner(house, 'alice')
  assert.equal((await alice.api('POST', '/api/sites', { name: 'alice' })).status, 201)
  await alice.raw('PUT', '/api/sites/alice/content', { body: await zipOf({ 'index.php': page, 'note.txt': 'here' }) })
  assert.equal((await house.visit('alice.localhost')).text, 'still here')
  return alice
}

/** Visits one after the other until told to stop; every status that came. */
async function steady(house: TestHouse, signal: AbortSignal): Promise<number[]> {
  const statuses: number[] = []
  while (!signal.aborted) statuses.push((await house.visit('alice.localhost')).status)
  return statuses
}

async function serves(house: TestHouse, part: string): Promise<boolean> {
  if (part === 'dns') return (await house.dig('alice.localhost').catch(() => '')) === '127.0.0.1'
  const panel = new URL(house.ready.panel).host
  const health = await house.visit(panel, '/healthz').catch(() => null)
  if (part === 'control') return health?.status === 200
  return (await house.auberge('site', 'exec', 'alice', '--', 'true')).code === 0
}
