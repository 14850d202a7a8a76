import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import type { ZoneSnapshot } from '../../../registry/types.ts'
import { places } from '../../../wire/house.ts'
import { ownAddresses } from '../../../gateway/control/addresses.ts'
import { until } from './peers.ts'
import { houseAt, stage, type Stage } from './stage.ts'

const snapshotOf = (set: Stage) => JSON.parse(readFileSync(places(set.house.data).zoneSnapshot, 'utf8')) as ZoneSnapshot

test('without DNS a change counts when it is in the snapshot, readable by the group and nobody else', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const { zone, names, apex } = snapshotOf(set)
  assert.deepEqual([zone, names.shop, apex], ['localhost', { a: ['127.0.0.1'], aaaa: ['::1'] }, { a: ['127.0.0.1'], aaaa: ['::1'] }])
  assert.equal(statSync(places(set.house.data).zoneSnapshot).mode & 0o777, 0o640)
})

test('a name reserved while DNS comes back after a restart of control is acknowledged when DNS has it', async t => {
  const set = await stage(t)
  await set.again()
  const made = set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await until(() => snapshotOf(set).names.shop !== undefined)
  const dns = await set.dns()
  await made
  assert.deepEqual(dns.names.get('shop'), { a: ['127.0.0.1'], aaaa: ['::1'] })
})

test('DNS that does not answer holds nobody up: the snapshot counts', async t => {
  const set = await stage(t)
  const dns = await set.dns()
  dns.answers = false
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  assert.deepEqual(snapshotOf(set).names.shop, { a: ['127.0.0.1'], aaaa: ['::1'] })
})

test('the serial grows with every change and over restarts', async t => {
  const set = await stage(t)
  const dns = await set.dns()
  const serials = [dns.serial]
  const change = async () => { serials.push(dns.serial) }
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await change()
  await set.control.desk.deleteSite(set.alice, 'shop')
  await change()
  await set.again()
  const next = await set.dns()
  serials.push(next.serial)
  assert.deepEqual(serials, [...new Set(serials)].sort((a, b) => a - b))
  await until(() => snapshotOf(set).serial === next.serial)
})

test('the serial grows where the registry was set back, for the snapshot remembers', async t => {
  const set = await stage(t)
  const ahead = Math.floor(Date.now() / 1000) + 5_000_000
  set.registry.settings.set('zone.serial', String(ahead))
  await set.again()
  set.registry.settings.set('zone.serial', '7')
  await set.again()
  assert.equal((await set.dns()).serial, ahead + 2)
})

test('after a restart DNS gets every name that is held', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.control.desk.createSite(set.alice, { name: 'blog', owner: set.alice, addresses: { a: [], aaaa: ['2001:db8::7'] } })
  await set.again()
  const dns = await set.dns()
  assert.deepEqual(Object.fromEntries(dns.names), { blog: { a: [], aaaa: ['2001:db8::7'] }, shop: { a: ['127.0.0.1'], aaaa: ['::1'] } })
})

test('the public addresses are those said, else those listened on, else those of an interface', () => {
  const info = { netmask: '', mac: '', internal: false, cidr: null }
  const interfaces = {
    lo: [{ ...info, internal: true, family: 'IPv4' as const, address: '127.0.0.1' }],
    auberge0: [{ ...info, family: 'IPv4' as const, address: '10.88.0.1' }],
    eth0: [
      { ...info, family: 'IPv4' as const, address: '203.0.113.9' },
      { ...info, family: 'IPv6' as const, address: 'fe80::1', scopeid: 2 },
      { ...info, family: 'IPv6' as const, address: '2001:db8::9', scopeid: 0 },
    ],
  }
  const said = (change: Parameters<typeof houseAt>[1]) => ownAddresses(houseAt('/data', { zone: 'example.org', ...change }), interfaces)
  const anywhere = [{ address: '0.0.0.0', port: 80 }, { address: '::', port: 80 }]
  assert.deepEqual(said({ http: anywhere }), { records: { a: ['203.0.113.9'], aaaa: ['2001:db8::9'] }, guessed: true })
  assert.deepEqual(said({ http: anywhere, publicIpv4: '192.0.2.1' }), { records: { a: ['192.0.2.1'], aaaa: [] }, guessed: false })
  assert.deepEqual(said({ http: [{ address: '192.0.2.2', port: 80 }] }), { records: { a: ['192.0.2.2'], aaaa: [] }, guessed: false })
  assert.deepEqual(said({ zone: 'localhost', http: anywhere }).records, { a: ['127.0.0.1'], aaaa: ['::1'] })
})

test('with a prefix every site has an IPv6 address of its own, in DNS, its view, its route and after a restart', async t => {
  const set = await stage(t, { ipv6Prefix: '2001:db8:1:2::/64' })
  const made = await Promise.all(['shop', 'blog'].map(name => set.control.desk.createSite(set.alice, { name, owner: set.alice })))
  const [shop, blog] = made.map(site => site.ipv6)
  assert.match(shop?.join() ?? '', /^2001:db8:1:2:a0be:[0-9a-f:]+$/)
  assert.notDeepEqual(shop, blog)
  const seen = async (): Promise<unknown[]> => {
    const row = set.control.desk.routes().find(route => route.host === 'shop.localhost')
    return [snapshotOf(set).names.shop?.aaaa, (await set.control.desk.view('shop')).ipv6, row?.ipv6, snapshotOf(set).apex.aaaa]
  }
  await until(() => snapshotOf(set).names.shop !== undefined)
  assert.deepEqual(await seen(), [shop, shop, shop, ['::1']])
  await set.again()
  assert.deepEqual(await seen(), [shop, shop, shop, ['::1']])
  const relay = await set.relay()
  await until(() => relay.routes.get('shop.localhost') !== undefined)
  const route = relay.routes.get('shop.localhost')
  assert.deepEqual(route?.kind === 'site' ? [route.ipv6] : [], shop)
})
