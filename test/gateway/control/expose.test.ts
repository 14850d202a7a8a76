// Opening and closing ports of a site's own: who may, what everybody is told, and in which order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Account, Route } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { House } from '../../../wire/house.ts'
import { until as eventually } from '../../helpers/patience.ts'
import { until } from './peers.ts'
import { stage, type Stage } from './stage.ts'

const DOORS: Partial<House> = { ipv6Prefix: '2001:db8:1:2::/64', sides: [40_001, 40_002, 40_003, 40_004].map(port => ({ address: '::', port })) }

async function withShop(...args: Parameters<typeof stage>): Promise<Stage & { boss: Account; ports: () => Promise<unknown> }> {
  const set = await stage(...args)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const boss = await set.registry.accounts.create({ username: 'boss', password: 'correct horse', role: 'admin' })
  return Object.assign(set, { boss, ports: async () => (await set.rooms.list())[0]?.spec.exposed?.ports ?? null })
}

const portsOf = (route: Route | undefined) => (route?.kind === 'site' ? route.ports ?? [] : []).map(each => each.port)

test('an owner opens as many as the administrator allows, none to begin with', async t => {
  const { control: { desk }, alice, boss } = await withShop(t, DOORS)
  await assert.rejects(desk.expose(alice, 'shop', 5432), { code: 'quota' })
  await desk.updateSite(boss, 'shop', { mostPorts: 1 })
  assert.deepEqual((await desk.expose(alice, 'shop', 5432)).ports, [{ port: 5432, proxyProtocol: false }])
  await assert.rejects(desk.expose(alice, 'shop', 5433), { code: 'quota' })
  assert.deepEqual((await desk.expose(alice, 'shop', 5432, { proxyProtocol: true })).ports, [{ port: 5432, proxyProtocol: true }], 'the same one may be changed')
  for (const port of [22, 993, 25_565]) await desk.expose(boss, 'shop', port)
  await assert.rejects(desk.expose(boss, 'shop', 7), { code: 'quota' })
  await desk.updateSite(boss, 'shop', { mostPorts: 0 })
  assert.equal((await desk.unexpose(alice, 'shop', 22)).ports.length, 3)
  await assert.rejects(desk.unexpose(alice, 'shop', 22), { code: 'not_found' })
  await assert.rejects(desk.updateSite(boss, 'shop', { mostPorts: 5 }), { code: 'invalid' })
})

test('relays hear of an open port before the provisioner leads anybody to it, of a closed one before it ends to', async t => {
  const set = await withShop(t, DOORS)
  const relay = await set.relay()
  await until(() => relay.routes.has('shop.localhost'))
  const seen: unknown[] = []
  set.rooms.before = verb => { if (verb === 'update shop') seen.push(portsOf(relay.routes.get('shop.localhost'))) }
  await set.control.desk.expose(set.boss, 'shop', 5432)
  assert.deepEqual(await set.ports(), [{ port: 5432, slot: 0, proxyProtocol: false }])
  await set.control.desk.unexpose(set.boss, 'shop', 5432)
  assert.equal(await set.ports(), null)
  assert.deepEqual(seen, [[5432], []])
})

test('what the provisioner refuses is not open, anywhere', async t => {
  const set = await withShop(t, DOORS)
  const relay = await set.relay()
  set.rooms.before = verb => { if (verb === 'update shop') throw new AubergeError('failed', 'no') }
  await assert.rejects(set.control.desk.expose(set.boss, 'shop', 5432), { code: 'failed' })
  set.rooms.before = () => {}
  assert.deepEqual((await set.control.desk.view('shop')).ports, [])
  await until(() => portsOf(relay.routes.get('shop.localhost')).length === 0)
})

test('ports that are open are open after a restart, and the provisioner is told what it has missed', async t => {
  const set = await withShop(t, DOORS)
  const open = [{ port: 5432, slot: 2, proxyProtocol: true }]
  set.registry.sites.update('shop', { ports: open })
  await set.again()
  await eventually('the provisioner knows', async () => JSON.stringify(await set.ports()) === JSON.stringify(open))
  const relay = await set.relay()
  await until(() => portsOf(relay.routes.get('shop.localhost'))[0] === 5432)
})

test('without a prefix there is nothing to open, and what was open is not told to relays', async t => {
  const set = await withShop(t)
  await assert.rejects(set.control.desk.expose(set.boss, 'shop', 5432), /--ipv6-prefix/)
  set.registry.sites.update('shop', { ports: [{ port: 5432, slot: 0, proxyProtocol: false }] })
  await set.again()
  const relay = await set.relay()
  await until(() => relay.routes.has('shop.localhost'))
  assert.deepEqual(portsOf(relay.routes.get('shop.localhost')), [])
})
