// Custom domains as the registry keeps them: what may be one, who holds one, and what rests after it was given back.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { isApex, parseDomain } from '../../registry/domain-name.ts'
import type { Registry } from '../../registry/registry.ts'
import { account, freshRegistry } from './scratch.ts'

const ZONE = 'sites.example.net'
const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'none'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a domain is kept as DNS writes it: lower case A-labels without a final dot', () => {
  const cases = { 'Example.ORG': 'example.org', 'www.example.co.uk.': 'www.example.co.uk', 'Bücher.example': 'xn--bcher-kva.example', 'faß.de': 'xn--fa-hia.de', ' ドメイン。テスト ': 'xn--eckwd4c7c.xn--zckzah', 'foo.github.io': 'foo.github.io', 'example.net': 'example.net' }
  for (const [given, kept] of Object.entries(cases)) assert.equal(parseDomain(given, ZONE), kept)
  assert.ok(isApex('example.co.uk') && !isApex('www.example.co.uk'))
})

test('what nobody can own is no domain: wildcards, single labels, addresses, public suffixes, the zone and all below it', () => {
  const bad = [
    '*.example.org', 'localhost', 'intranet', 'org', 'co.uk', 'github.io', '公司.cn', 'blogspot.com', '192.0.2.1', '0x7f.1', '[::1]', '2001:db8::1', ZONE, `alice.${ZONE}`, `A.B.${ZONE}.`, 'printer.local', 'a.onion', '1.0.0.127.in-addr.arpa',
    '', '.', 'a..example.org', '-a.example.org', 'a_b.example.org', 'ex%41mple.org', 'https://example.org/', 'example.org:80', 'user@example.org', 'two words.org', 'example.org\r\nHost: x', 'example.123', 'ab--c.example.org',
    `${'a'.repeat(64)}.example.org`, `${'a.'.repeat(125)}example.org`, null, 7, 'x'.repeat(2000),
  ]
  for (const given of bad) assert.equal(codeOf(() => parseDomain(given, ZONE)), 'domain_invalid', String(given))
  assert.throws(() => parseDomain('*.example.org', ZONE), { code: 'domain_invalid', message: /wildcard/ })
})

test('many may claim a domain, one alone holds it', async t => {
  const { registry } = await sites(t)
  const { domains } = registry
  const [a, b] = [domains.claim('example.org', 'alice', 1, 5), domains.claim('example.org', 'bob', 2, 5)]
  assert.ok(domains.isContested('example.org', 1) && domains.holder('example.org') === null)
  domains.note({ ...a, state: 'verified', proof: 'txt', finding: 'here', checkedAt: 5 })
  assert.equal(domains.holder('example.org')?.site, 'alice')
  assert.throws(() => domains.note({ ...b, state: 'verified', proof: 'txt' }), /UNIQUE/)
  assert.deepEqual([...domains.walkHeld()].map(one => one.domain), ['example.org'])
  assert.deepEqual(domains.due('pending', 6, 10).map(one => one.site), ['bob'])
  assert.deepEqual(domains.due('held', 6, 10).map(one => one.site), ['alice'])
  assert.equal(domains.claim('example.org', 'alice', 1, 5).state, 'verified')
})

test('an account has so many domains at most, whatever sites they are of', async t => {
  const { registry } = await sites(t)
  registry.domains.claim('a.example', 'alice', 1, 2)
  registry.domains.claim('b.example', 'second', 1, 2)
  registry.domains.claim('b.example', 'second', 1, 2)
  assert.equal(codeOf(() => registry.domains.claim('c.example', 'alice', 1, 2)), 'quota')
  registry.domains.claim('c.example', 'bob', 2, 2)
})

test('visitors are sent to one proven domain of a site at most', async t => {
  const { registry: { domains } } = await sites(t)
  const first = domains.claim('example.org', 'alice', 1, 5)
  const second = domains.claim('www.example.org', 'alice', 1, 5)
  assert.equal(codeOf(() => domains.setCanonical('alice', 'example.org')), 'conflict')
  for (const one of [first, second]) domains.note({ ...one, state: 'verified', proof: 'cname' })
  domains.setCanonical('alice', 'example.org')
  domains.setCanonical('alice', 'www.example.org')
  assert.deepEqual(domains.ofSite('alice').map(one => one.canonical), [false, true])
  assert.equal(codeOf(() => domains.setCanonical('alice', 'other.example')), 'not_found')
  assert.deepEqual(domains.ofSite('alice').map(one => one.canonical), [false, true])
})

test('what was held rests after it was given back; a claim that proved nothing leaves nothing', async t => {
  const { registry: { domains } } = await sites(t)
  const until = Date.now() + 60_000
  domains.note({ ...domains.claim('example.org', 'alice', 1, 5), state: 'verified', proof: 'txt' })
  domains.claim('pending.example', 'alice', 1, 5)
  domains.releaseAll('alice', until)
  assert.deepEqual(domains.ofSite('alice'), [])
  assert.deepEqual([domains.othersUntil('example.org', 2), domains.othersUntil('example.org', 1), domains.othersUntil('pending.example', 2)], [until, null, null])
})

test('of what an account has given back the newest thousand are remembered, and none of others\' is forgotten for it', async t => {
  const { registry } = await sites(t)
  const { domains } = registry
  const base = Date.now()
  const giveBack = (site: string, account: number, index: number): void => {
    domains.note({ ...domains.claim(`d${index}.example.org`, site, account, 5), state: 'verified', proof: 'txt' })
    domains.release(`d${index}.example.org`, site, base + index)
  }
  giveBack('bob', 2, 0)
  registry.transaction(() => { for (let index = 1; index <= 1_010; index++) giveBack('alice', 1, index) })
  assert.deepEqual([10, 11, 1_010].map(index => domains.othersUntil(`d${index}.example.org`, 2)), [null, base + 11, base + 1_010])
  assert.equal(domains.othersUntil('d0.example.org', 1), base)
})

test('claims that prove nothing are forgotten, and a site takes its domains along', async t => {
  const { registry } = await sites(t)
  registry.domains.claim('example.org', 'alice', 1, 5)
  assert.deepEqual(registry.domains.expire(Date.now() - 1000), [])
  assert.deepEqual(registry.domains.expire(Date.now() + 1000), [{ domain: 'example.org', site: 'alice' }])
  registry.domains.claim('example.org', 'alice', 1, 5)
  registry.reservations.remove('alice', Date.now() + 60_000)
  assert.equal(registry.domains.get('example.org', 'alice'), null)
  assert.ok(registry.domains.wasOthers('alice', 2) && !registry.domains.wasOthers('alice', 1))
})

/** Accounts 1 and 2, with the sites alice and second, and bob. */
async function sites(t: TestContext): Promise<{ registry: Registry }> {
  const { registry } = freshRegistry(t)
  const [alice, bob] = [await account(registry), await account(registry, 'bob')]
  for (const [name, owner] of [['alice', alice.id], ['second', alice.id], ['bob', bob.id]] as const) {
    registry.reservations.create({ name, owner, kind: 'site' })
    registry.sites.create({ name, owner, image: 'php' })
  }
  return { registry }
}
