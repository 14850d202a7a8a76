// Control and the real provisioner together: pods that answer, on this machine.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { assemble } from '../../../gateway/control/assemble.ts'
import { makeDemo } from '../../../gateway/control/demo.ts'
import { openArchive } from '../../../gateway/archive/archive.ts'
import { openRegistry } from '../../../registry/open.ts'
import { places, type House } from '../../../wire/house.ts'
import { dataDirectory, house as pods, page, traces } from '../../provisioner/house.ts'
import { FakeRelay, until } from './peers.ts'
import { call, kill, startControl } from './process.ts'
import { houseAt } from './stage.ts'

async function begin(t: TestContext, change: Partial<House> = {}) {
  const { data, client, host } = await pods(t)
  const house = houseAt(data, change)
  const registry = openRegistry(places(data).registry)
  const control = await assemble({ house, registry, provisioner: client, archive: openArchive, log: pino({ level: process.env.LOG ?? 'silent' }) })
  t.after(async () => { await control.close(); registry.close() })
  const alice = await registry.accounts.create({ username: 'alice', password: 'correct horse' })
  const relay = await FakeRelay.at(places(data).routesSocket)
  t.after(() => { relay.socket.destroy() })
  return { data, house, registry, desk: control.desk, alice, relay, client, host }
}

function addressIn(relay: FakeRelay, host: string): string {
  const upstream = relay.routes.get(host)?.upstream
  return upstream && 'address' in upstream ? upstream.address : ''
}

async function archiveOf(files: Record<string, string>): Promise<Readable> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  return Readable.from([gzipSync(await buffer(tar))])
}

test('a site is reserved, filled, woken by 50 requests, frozen when idle, woken again and deleted without a trace', async t => {
  const { desk, alice, relay, client, data, registry, host } = await begin(t, { idle: 1_000 })
  await desk.createSite(alice, { name: 'shop', owner: alice })
  await desk.deploy(alice, 'shop', 'tar.gz', await archiveOf({ 'index.php': '<?php echo 6 * 7;' }))
  assert.equal((await desk.view('shop')).state, 'asleep')
  for (let count = 0; count < 50; count++) relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'running')
  assert.equal((await page(addressIn(relay, 'shop.localhost'))).text, '42')
  await until(() => relay.state('shop.localhost') === 'frozen')
  assert.deepEqual((await client.list()).map(pod => pod.tier), ['frozen'])
  relay.wake('shop')
  await until(() => relay.state('shop.localhost') === 'running')
  assert.equal((await page(addressIn(relay, 'shop.localhost'))).text, '42')
  await desk.deleteSite(alice, 'shop')
  assert.match(registry.audit.list(1)[0]?.detail ?? '', /final backup/)
  assert.deepEqual(await traces(host.instance.id, data), [])
})

test('the demo is made once and answers with its PHP version and host', async t => {
  const { desk, registry, relay, alice } = await begin(t)
  await makeDemo({ registry, desk })
  await desk.wake(alice, 'hello')
  const { status, text } = await page(addressIn(relay, 'hello.localhost'))
  assert.equal(status, 200)
  assert.match(text, /<dt>PHP<\/dt><dd>8\.\d+\.\d+/)
  await desk.deleteSite(alice, 'hello')
  await makeDemo({ registry, desk })
  assert.equal(registry.reservations.get('hello'), null)
})

test('a site that is awake answers through a kill of control, which adopts it; a deletion cut short is finished', async t => {
  const data = await dataDirectory(t)
  const { client } = await pods(t, 'crun', data)
  const house = houseAt(data, { http: [], dns: [] })
  const control = await startControl(t, house)
  await call(house, 'POST', '/api/accounts', { username: 'alice', password: 'correct horse' })
  assert.equal((await call(house, 'POST', '/api/sites', { name: 'shop', owner: 'alice' })).status, 201)
  assert.equal((await call(house, 'POST', '/api/sites/shop/wake')).status, 200)
  const [pod] = await client.list()
  await kill(control)
  assert.equal((await page(pod?.ipv4 ?? '')).status, 200)
  const second = await startControl(t, house)
  const relay = await FakeRelay.at(places(data).routesSocket)
  t.after(() => { relay.socket.destroy() })
  assert.equal(addressIn(relay, 'shop.localhost'), pod?.ipv4)
  const deleting = call(house, 'DELETE', '/api/sites/shop').catch(() => {})
  await until(() => !relay.routes.has('shop.localhost'))
  await kill(second)
  await deleting
  await startControl(t, house)
  await gone(house)
  assert.deepEqual(await client.list(), [])
})

/** Resolves when the name could be reserved again by its owner. */
async function gone(house: House): Promise<void> {
  const registry = openRegistry(places(house.data).registry)
  try {
    await until(() => registry.reservations.get('shop') === null, 'the end of the deletion')
  } finally {
    registry.close()
  }
}
