// Records and control: over a restart, in backups, and back.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe } from '../../../gateway/control/backup/description.ts'
import { DEFAULT_LIMITS, type SiteRecord } from '../../../registry/types.ts'
import { stage, type Stage } from './stage.ts'

const RECORDS: SiteRecord[] = [{ name: '@', type: 'MX', ttl: 300, data: '10 mail.example.org.' }, { name: 'www', type: 'CNAME', ttl: 60, data: 'shop.localhost.' }]
const NAMES = {
  shop: { a: ['127.0.0.1'], aaaa: ['::1'], sets: [{ type: 'MX', ttl: 300, data: ['10 mail.example.org.'] }] },
  'www.shop': { a: [], aaaa: [], sets: [{ type: 'CNAME', ttl: 60, data: ['shop.localhost.'] }] },
}

async function withShop(t: Parameters<typeof stage>[0]): Promise<Stage> {
  const set = await stage(t)
  set.rooms.views = [{ name: 'php', version: 2, bytes: 1, builtAt: 1, usedBy: 0, newest: true, pinned: false, forSites: true, takes: null }]
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  return set
}

async function bring(set: Stage, records?: unknown[], www = false): Promise<void> {
  const settings = { www, image: 'php', limits: DEFAULT_LIMITS, env: {}, php: {}, start: null, wakeForRobots: false, egress: 'internet' as const }
  const whole = JSON.parse(describe({ ...settings, name: 'other' })) as { settings: { records?: unknown } }
  if (records === undefined) delete whole.settings.records
  else whole.settings.records = records
  const tar = pack()
  tar.entry({ name: 'auberge.json' }, JSON.stringify(whole))
  tar.finalize()
  await set.control.desk.restore(set.alice, 'shop', Readable.from([Buffer.concat([gzipSync((await buffer(tar)).subarray(0, -1024)), gzipSync('files')])]))
}

test('DNS hears of a change in one message, and of all of them after a restart', async t => {
  const set = await withShop(t)
  const dns = await set.dns()
  await set.control.desk.keepRecords(set.alice, 'shop', RECORDS)
  assert.deepEqual(Object.fromEntries(dns.names), NAMES)
  await set.again()
  const next = await set.dns()
  assert.deepEqual(Object.fromEntries(next.names), NAMES)
  await set.control.desk.keepRecords(set.alice, 'shop', [RECORDS[0]])
  assert.deepEqual(Object.fromEntries(next.names), { shop: NAMES.shop })
  const [entry] = set.registry.audit.list(1)
  assert.deepEqual([entry?.actor, entry?.action, entry?.subject, entry?.detail], ['alice', 'site.records', 'shop', '1 records'])
})

test('a site\'s backup has them, also its final one', async t => {
  const set = await withShop(t)
  await set.control.desk.keepRecords(set.alice, 'shop', RECORDS)
  const made = await text(await set.control.desk.backup('shop'))
  assert.deepEqual((JSON.parse(made.slice(made.indexOf('{'))) as { settings: { records: unknown } }).settings.records, RECORDS)
})

test('a restore brings them, to another name below that one; of an older backup what is there stays', async t => {
  const set = await withShop(t)
  const dns = await set.dns()
  await bring(set, RECORDS)
  assert.deepEqual([set.control.desk.records('shop'), Object.fromEntries(dns.names)], [RECORDS, NAMES])
  await bring(set)
  assert.deepEqual(set.control.desk.records('shop'), RECORDS)
  const relay = await set.relay()
  await bring(set, [], true)
  assert.deepEqual([dns.names.has('www.shop'), relay.state('www.shop.localhost')], [true, 'asleep'])
  await bring(set, [])
  assert.equal(relay.state('www.shop.localhost'), undefined)
  assert.deepEqual([set.control.desk.records('shop'), [...dns.names.keys()]], [[], ['shop']])
})

test('a backup with records that its owner could not write is refused, and changes nothing', async t => {
  const set = await withShop(t)
  await set.control.desk.keepRecords(set.alice, 'shop', RECORDS)
  for (const odd of [[{ name: 'bob.localhost.', type: 'A', ttl: 60, data: '192.0.2.1' }], [{ name: '@', type: 'A', ttl: 60, data: '192.0.2.1' }], [{ name: 'x', type: 'TXT', ttl: 1, data: 'x' }]]) {
    await assert.rejects(bring(set, odd), { code: 'invalid' })
  }
  assert.deepEqual(set.control.desk.records('shop'), RECORDS)
})

test('a site\'s restore that a kill interrupted brings its records, too', async t => {
  const set = await withShop(t)
  const settings = { image: 'php', limits: DEFAULT_LIMITS, env: {}, php: {}, start: null, wakeForRobots: false, egress: 'internet', records: RECORDS }
  set.registry.settings.set('restore.shop', JSON.stringify(settings))
  await set.again()
  const dns = await set.dns()
  assert.deepEqual(Object.fromEntries(dns.names), NAMES)
})

test('www. of a name is what the name is, where its owner wants that and keeps nothing else there', async t => {
  const set = await withShop(t)
  const [dns, relay] = [await set.dns(), await set.relay()]
  await set.control.desk.setWww(set.alice, 'shop', true)
  assert.deepEqual([dns.names.get('www.shop'), relay.state('www.shop.localhost'), (await set.control.desk.view('shop')).www], [{ a: ['127.0.0.1'], aaaa: ['::1'] }, 'asleep', true])
  await set.control.desk.keepRecords(set.alice, 'shop', RECORDS)
  assert.deepEqual([dns.names.get('www.shop'), relay.state('www.shop.localhost')], [NAMES['www.shop'], undefined])
  await set.control.desk.keepRecords(set.alice, 'shop', [])
  await set.again()
  const [again, next] = [await set.dns(), await set.relay()]
  assert.deepEqual([again.names.get('www.shop'), next.state('www.shop.localhost')], [{ a: ['127.0.0.1'], aaaa: ['::1'] }, 'asleep'])
  await set.control.desk.setWww(set.alice, 'shop', false)
  assert.deepEqual([again.names.has('www.shop'), next.state('www.shop.localhost'), next.state('shop.localhost')], [false, undefined, 'asleep'])
  await set.control.desk.setWww(set.alice, 'shop', true)
  await set.control.desk.deleteSite(set.alice, 'shop')
  assert.deepEqual([[...again.names.keys()], next.state('www.shop.localhost')], [[], undefined])
})
