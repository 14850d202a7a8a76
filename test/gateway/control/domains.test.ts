// Custom domains from the desk to the relays, proven by a real resolver over sockets: who may have one, who may not, and what happens over time.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SiteRoute } from '../../../registry/types.ts'
import { openResolver, type TestResolver } from '../../helpers/resolver.ts'
import { until, type FakeRelay } from './peers.ts'
import { stage, type Stage } from './stage.ts'

const OURS = '203.0.113.5'

test('a TXT record with the site\'s code proves a domain; relays then route it to the site, and it wakes it', async t => {
  const { set, dns, relay } = await opened(t)
  const { desk } = set.control
  const claimed = await desk.addDomain(set.alice, 'alice', 'Bücher.Example')
  assert.deepEqual([claimed.domain, claimed.unicode, claimed.state, claimed.finding], ['xn--bcher-kva.example', 'bücher.example', 'pending', 'nowhere'])
  assert.equal(relay.routes.get(claimed.domain), undefined)
  dns.names.set(claimed.records.proof.name, { txt: ['v=spf1 -all', claimed.records.proof.value] })
  const verified = await desk.checkDomain('alice', 'bücher.example')
  assert.deepEqual([verified.state, verified.proof, verified.expiresAt], ['verified', 'txt', null])
  assert.partialDeepStrictEqual(relay.routes.get(claimed.domain), { kind: 'site', site: 'alice', state: 'asleep' })
  assert.ok(desk.routes().some(row => row.host === claimed.domain && row.site === 'alice'))
  relay.wake('alice')
  await until(() => relay.state(claimed.domain) === 'running')
  assert.deepEqual((relay.routes.get(claimed.domain) as SiteRoute).upstream, (relay.routes.get('alice.house.example') as SiteRoute).upstream)
})

test('a domain and its www are proven by one record', async t => {
  const { set, dns } = await opened(t)
  const { records } = await set.control.desk.addDomain(set.alice, 'alice', 'example.org')
  dns.names.set(records.proof.name, { txt: [records.proof.value] })
  await set.control.desk.addDomain(set.alice, 'alice', 'example.org', { www: true })
  assert.deepEqual(set.control.desk.domains('alice').map(({ domain, state, records }) => [domain, state, records.alias?.value ?? null]), [
    ['example.org', 'verified', null], ['www.example.org', 'verified', 'alice.house.example'],
  ])
})

test('a CNAME to the site\'s name proves a domain for that site and no other', async t => {
  const { set, dns, bob } = await opened(t)
  dns.names.set('www.example.org', { cname: 'cdn.example.net' }).set('cdn.example.net', { cname: 'alice.house.example' })
  const taken = await set.control.desk.addDomain(bob, 'bob', 'www.example.org')
  assert.deepEqual([taken.state, taken.finding], ['pending', 'unproven'])
  assert.deepEqual((await set.control.desk.addDomain(set.alice, 'alice', 'www.example.org')).proof, 'cname')
  assert.equal((await set.control.desk.checkDomain('bob', 'www.example.org')).finding, 'taken')
  await set.control.desk.addDomain(bob, 'bob', 'new.example.org')
  dns.names.set('new.example.org', { cname: 'alice.house.example' })
  assert.equal((await set.control.desk.checkDomain('bob', 'new.example.org')).finding, 'unproven', 'it leads to this house, and to another site')
})

test('our addresses prove a domain where they were set after it was claimed, and nobody else claims it', async t => {
  const { set, dns, bob } = await opened(t)
  const { desk } = set.control
  dns.names.set('moving.example', { a: ['192.0.2.1'] })
  assert.equal((await desk.addDomain(set.alice, 'alice', 'moving.example')).finding, 'elsewhere')
  dns.names.set('moving.example', { a: [OURS, '192.0.2.1'] })
  assert.equal((await desk.checkDomain('alice', 'moving.example')).finding, 'mixed')
  dns.names.set('moving.example', { a: [OURS], aaaa: ['2001:DB8::5'] })
  assert.deepEqual((await desk.checkDomain('alice', 'moving.example')).proof, 'address')

  await desk.addDomain(set.alice, 'alice', 'wanted.example')
  await desk.addDomain(bob, 'bob', 'wanted.example')
  dns.names.set('wanted.example', { a: [OURS] })
  for (const site of ['alice', 'bob']) assert.equal((await desk.checkDomain(site, 'wanted.example')).finding, 'unproven', site)
})

test('a domain that leads here already, whose owner forgot it, is nobody\'s by pointing alone', async t => {
  const { set, dns, bob } = await opened(t)
  dns.names.set('dangling.example', { a: [OURS] })
  const claimed = await set.control.desk.addDomain(bob, 'bob', 'dangling.example')
  assert.deepEqual([claimed.state, claimed.finding], ['pending', 'unproven'])
  dns.mood = 'failing'
  assert.equal((await set.control.desk.checkDomain('bob', 'dangling.example')).finding, 'unanswered')
  dns.mood = 'answers'
  assert.equal((await set.control.desk.checkDomain('bob', 'dangling.example')).finding, 'unproven', 'a resolver that failed has not seen it elsewhere')
})

test('where nobody else has a name in the house, and for administrators, leading here is enough', async t => {
  const { set, dns } = await opened(t, { alone: true })
  dns.names.set('dangling.example', { a: [OURS] })
  assert.equal((await set.control.desk.addDomain(set.alice, 'alice', 'dangling.example')).proof, 'address')
})

test('another account\'s domain is refused before it is even claimed; a TXT proof outdoes what only leads here', async t => {
  const { set, dns, bob, relay } = await opened(t)
  const { desk } = set.control
  await desk.addDomain(set.alice, 'alice', 'sold.example')
  dns.names.set('sold.example', { a: [OURS] })
  assert.equal((await desk.checkDomain('alice', 'sold.example')).proof, 'address')
  const refused = await desk.addDomain(bob, 'bob', 'sold.example').catch((error: unknown) => error) as Error
  assert.match(refused.message, /another account has sold\.example: if it is yours, set the TXT record _auberge\.sold\.example to "auberge-site=/)
  assert.deepEqual([refused, desk.domains('bob')].map(one => (one as { code?: string }).code ?? one), ['domain_taken', []])
  dns.names.set('_auberge.sold.example', { txt: [/"(.*)"/.exec(refused.message)?.[1] ?? ''] })
  assert.equal((await desk.addDomain(bob, 'bob', 'sold.example')).proof, 'txt')
  assert.deepEqual(desk.domains('alice'), [])
  assert.equal((relay.routes.get('sold.example') as SiteRoute).site, 'bob')
})

test('as long as records name the holder\'s site, nobody else\'s proof takes a domain', async t => {
  const { set, dns, bob } = await opened(t)
  const { desk } = set.control
  dns.names.set('www.kept.example', { cname: 'alice.house.example' })
  const held = await desk.addDomain(set.alice, 'alice', 'www.kept.example')
  const refused = await desk.addDomain(bob, 'bob', 'www.kept.example').catch((error: unknown) => error) as Error
  dns.names.set('_auberge.kept.example', { txt: [/"(.*)"/.exec(refused.message)?.[1] ?? ''] })
  await assert.rejects(desk.addDomain(bob, 'bob', 'www.kept.example'), { code: 'domain_taken', message: /take the records away/ })
  assert.equal(held.proof, 'cname')
})

test('a domain given back rests: another account needs a TXT proof, its last holder does not', async t => {
  const { set, dns, bob, relay } = await opened(t)
  const { desk } = set.control
  await desk.addDomain(set.alice, 'alice', 'rest.example')
  dns.names.set('rest.example', { a: [OURS] })
  await desk.checkDomain('alice', 'rest.example')
  await desk.removeDomain(set.alice, 'alice', 'rest.example')
  assert.equal(relay.routes.get('rest.example'), undefined)
  await assert.rejects(desk.addDomain(bob, 'bob', 'rest.example'), { code: 'domain_taken', message: /gave up rest\.example a short time ago/ })
  dns.names.set('rest.example', {})
  await desk.addDomain(set.alice, 'alice', 'rest.example')
  dns.names.set('rest.example', { a: [OURS] })
  assert.equal((await desk.checkDomain('alice', 'rest.example')).proof, 'address')
  await desk.deleteSite(set.alice, 'alice')
  await assert.rejects(desk.addDomain(bob, 'bob', 'rest.example'), { code: 'domain_taken' }, 'a deleted site\'s domains rest as well')
})

test('an alias that still leads to a name\'s last owner proves nothing for the next one', async t => {
  const { set, dns, bob } = await opened(t)
  const { desk, registry } = { ...set.control, registry: set.registry }
  registry.reservations.create({ name: 'shop', owner: set.alice.id, kind: 'site' })
  registry.reservations.remove('shop', Date.now() + 1)
  await new Promise(resolve => { setTimeout(resolve, 5) })
  await desk.createSite(bob, { name: 'shop', owner: bob })
  dns.names.set('www.victim.example', { cname: 'shop.house.example' })
  assert.equal((await desk.addDomain(bob, 'shop', 'www.victim.example')).finding, 'unproven')
  dns.names.set('www.victim.example', {})
  await desk.checkDomain('shop', 'www.victim.example')
  dns.names.set('www.victim.example', { cname: 'shop.house.example' })
  assert.equal((await desk.checkDomain('shop', 'www.victim.example')).proof, 'cname', 'one that was set anew')
})

test('a TXT record that an alias finds in our own zone is a site\'s and proves nothing', async t => {
  const { set, dns, bob } = await opened(t)
  const { records } = await set.control.desk.addDomain(bob, 'bob', 'any.victim.example')
  dns.names.set(records.proof.name, { cname: 'bob.house.example' }).set('bob.house.example', { txt: [records.proof.value] })
  assert.equal((await set.control.desk.checkDomain('bob', 'any.victim.example')).state, 'pending')
})

test('visitors of all hosts of a site are sent to the one that is chosen, as long as it leads here', async t => {
  const { set, dns, relay } = await opened(t)
  const { desk } = set.control
  const { records } = await desk.addDomain(set.alice, 'alice', 'example.org', { www: true })
  await assert.rejects(desk.changeDomain(set.alice, 'alice', 'www.example.org', { canonical: true }), { code: 'conflict' })
  dns.names.set(records.proof.name, { txt: [records.proof.value] }).set('www.example.org', { cname: 'alice.house.example' })
  for (const one of ['example.org', 'www.example.org']) await desk.checkDomain('alice', one)
  await desk.changeDomain(set.alice, 'alice', 'www.example.org', { canonical: true })
  const sent = (): (string | undefined)[] => ['alice.house.example', 'example.org', 'www.example.org'].map(host => (relay.routes.get(host) as SiteRoute).redirect)
  assert.deepEqual(sent(), ['www.example.org', 'www.example.org', undefined])
  dns.names.set('www.example.org', {})
  await desk.checkDomain('alice', 'www.example.org')
  assert.deepEqual(sent(), [undefined, undefined, undefined])
})

test('after a restart relays have every domain, and what could not be asked changed nothing', async t => {
  const { set, dns } = await opened(t)
  const { records } = await set.control.desk.addDomain(set.alice, 'alice', 'example.org')
  dns.names.set(records.proof.name, { txt: [records.proof.value] }).set('example.org', { a: [OURS] })
  await set.control.desk.checkDomain('alice', 'example.org')
  await set.control.desk.changeDomain(set.alice, 'alice', 'example.org', { canonical: true })
  dns.mood = 'silent'
  await set.again()
  const relay = await set.relay()
  assert.partialDeepStrictEqual(relay.routes.get('alice.house.example'), { redirect: 'example.org' })
  assert.partialDeepStrictEqual(relay.routes.get('example.org'), { site: 'alice', state: 'asleep' })
})

test('of two who prove a domain in the same moment one has it, whole, and the other hears that it is taken', async t => {
  const { set, dns, bob, relay } = await opened(t)
  const { desk } = set.control
  const claims = [await desk.addDomain(set.alice, 'alice', 'both.example'), await desk.addDomain(bob, 'bob', 'both.example')]
  dns.names.set('_auberge.both.example', { txt: claims.map(({ records }) => records.proof.value) })
  const seen = await Promise.all(['alice', 'bob', 'alice', 'bob'].map(async site => [site, (await desk.checkDomain(site, 'both.example')).state]))
  const [holder = ''] = seen.filter(([, state]) => state === 'verified').map(([site]) => site)
  const other = holder === 'alice' ? 'bob' : 'alice'
  assert.ok(seen.every(([site, state]) => state === (site === holder ? 'verified' : 'pending')), JSON.stringify(seen))
  assert.deepEqual([(relay.routes.get('both.example') as SiteRoute).site, (await desk.checkDomain(other, 'both.example')).finding], [holder, 'taken'])
})

test('a domain that leads to this machine or its network by itself leads elsewhere like any other, and the one above the zone needs its proof', async t => {
  const { set, dns } = await opened(t, { zone: 'rooms.house.example' })
  dns.names.set('inner.example', { a: ['127.0.0.1', '10.0.0.1', '169.254.169.254'], aaaa: ['::1', 'fd00::1'] }).set('house.example', { a: [OURS] })
  assert.partialDeepStrictEqual(await set.control.desk.addDomain(set.alice, 'alice', 'inner.example'), { state: 'pending', finding: 'elsewhere' })
  assert.partialDeepStrictEqual(await set.control.desk.addDomain(set.alice, 'alice', 'house.example'), { state: 'pending', finding: 'unproven' })
})

test('hundreds of claims whose name servers say nothing keep nobody else waiting', async t => {
  const { set, dns, bob } = await opened(t)
  set.registry.transaction(() => { for (let index = 0; index < 210; index++) set.registry.domains.claim(`d${index}.silent.example`, 'bob', bob.id, 1_000) })
  dns.mute = name => name.endsWith('.silent.example')
  await set.again()
  await until(() => dns.asked.filter(question => question.endsWith('.silent.example')).length >= 4)
  dns.names.set('www.example.org', { cname: 'alice.house.example' })
  assert.equal((await set.control.desk.addDomain(set.alice, 'alice', 'www.example.org')).proof, 'cname')
})

test('what belongs to the house is no domain, and a site that is nobody\'s has none', async t => {
  const { set } = await opened(t, { routes: [{ host: 'fixed.example', upstream: { address: '192.0.2.7', port: 80 } }] })
  const { desk } = set.control
  await assert.rejects(desk.addDomain(set.alice, 'alice', 'fixed.example'), { code: 'domain_taken' })
  for (const bad of ['bob.house.example', 'house.example', '*.example.org', 'org', '192.0.2.1']) await assert.rejects(desk.addDomain(set.alice, 'alice', bad), { code: 'domain_invalid' }, bad)
  await assert.rejects(desk.addDomain(set.alice, 'nobody', 'example.org'), { code: 'not_found' })
  await assert.rejects(desk.checkDomain('alice', 'never-claimed.example'), { code: 'not_found' })
})

type Opened = { set: Stage; dns: TestResolver; relay: FakeRelay; bob: Stage['alice'] }

/** A house whose resolver is ours, with sites alice and (unless she is alone) bob. */
async function opened(t: TestContext, { alone = false, routes = [], zone = 'house.example' }: { alone?: boolean; routes?: Stage['house']['routes']; zone?: string } = {}): Promise<Opened> {
  const dns = await openResolver({ [`alice.${zone}`]: { a: [OURS] }, [`bob.${zone}`]: { a: [OURS] } })
  t.after(() => dns.close())
  const set = await stage(t, { zone, publicIpv4: OURS, publicIpv6: '2001:db8::5', resolvers: [dns.address], routes })
  const bob = await set.registry.accounts.create({ username: 'bob', password: 'correct horse' })
  await set.control.desk.createSite(set.alice, { name: 'alice', owner: set.alice })
  if (!alone) await set.control.desk.createSite(bob, { name: 'bob', owner: bob })
  return { set, dns, relay: await set.relay(), bob }
}
