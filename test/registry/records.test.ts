import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRecords, writeRecords } from '../../registry/recordlines.ts'
import { parseRecords, siteScope, sorted, zoneScope } from '../../registry/records.ts'

const alice = siteScope('alice', 'example', 'public')
const zone = zoneScope('example', 'public')
const read = (lines: string, scope = alice): string[] => parseRecords(readRecords(lines), scope).map(({ name, type, ttl, data }) => `${name} ${ttl} ${type} ${data}`)
const refuses = (lines: string, why: RegExp, scope = alice): void => assert.throws(() => read(lines, scope), (error: Error & { code?: string }) => error.code === 'invalid' && why.test(error.message))

describe('what an owner keeps', () => {
  test('every type, in one spelling, with a TTL of five minutes where none is said', () => {
    assert.deepEqual(read(`
      ; a comment
      @ MX 10 mail.Example.org
      @ 3600 IN TXT v=spf1 include:example.org -all
      @ IN 60 CAA 0 issue letsencrypt.org
      www CNAME alice.example.
      host A 192.0.2.7
      host aaaa 2001:DB8::7
      _sip._tcp SRV 0 5 5060 host.alice.example.
      *.apps A 192.0.2.8
      a.b.c TXT "one" "two"`),
    ['@ 300 MX 10 mail.example.org.', '@ 3600 TXT "v=spf1 include:example.org -all"', '@ 60 CAA 0 issue "letsencrypt.org"', 'www 300 CNAME alice.example.', 'host 300 A 192.0.2.7',
      'host 300 AAAA 2001:db8::7', '_sip._tcp 300 SRV 0 5 5060 host.alice.example.', '*.apps 300 A 192.0.2.8', 'a.b.c 300 TXT "one" "two"'])
  })
  test('a name may be said whole', () => assert.deepEqual(read('WWW.alice.example. A 192.0.2.7\nb.alice.example A 192.0.2.7\nalice.example. TXT x'), ['www 300 A 192.0.2.7', 'b 300 A 192.0.2.7', '@ 300 TXT "x"']))
  test('a record said twice is one (RFC 2181 section 5)', () => assert.equal(read('h A 192.0.2.7\nH A 192.0.2.7').length, 1))
  test('what is written is read back', () => {
    const records = parseRecords(readRecords('@ TXT "a \\"b\\" \\255"\nx 60 MX 0 .'), alice)
    assert.deepEqual(parseRecords(readRecords(writeRecords(records)), alice), records)
  })
  test('it is sorted by name for people', () => assert.deepEqual(sorted(parseRecords(readRecords('b A 192.0.2.7\n@ TXT x\na TXT x\na A 192.0.2.7'), alice)).map(({ name, type }) => name + type), ['@TXT', 'aA', 'aTXT', 'bA']))
})

describe('it never leaves its subtree', () => {
  for (const name of ['bob.example.', 'example.', 'xalice.example.', 'alice.example.org.', '.', '..', 'www.alice.example..', 'a..b', '*.bob.example.', 'x\\046y', 'x y'.replace(' ', '\u00a0'), `${'a'.repeat(64)}`, `${'a.'.repeat(11)}b`, `${'abcdefghi.'.repeat(25)}x`]) {
    test(JSON.stringify(name.slice(0, 30)), () => assert.throws(() => parseRecords([{ name, type: 'A', data: '192.0.2.7' }], alice), { code: 'invalid' }))
  }
})

describe('it keeps to the rules of DNS', () => {
  const cases: [string, string, RegExp][] = [
    ['an alias is alone (RFC 1034 section 3.6.2)', 'www CNAME a.example.org.\nwww TXT x', /has a CNAME, so it can have nothing else/],
    ['there is one alias', 'www CNAME a.example.org.\nwww CNAME b.example.org.', /nothing else/],
    ['an alias of itself', 'www CNAME www.alice.example.', /leads to itself/],
    ['mail to an alias (RFC 2181 section 10.3)', 'm CNAME a.example.org.\n@ MX 10 m.alice.example.', /which is a CNAME/],
    ['a service at an alias', 'm CNAME a.example.org.\n_x._tcp SRV 0 0 1 m.alice.example.', /which is a CNAME/],
    ['one TTL for a set (RFC 2181 section 5.2)', 'h 60 A 192.0.2.7\nh 61 A 192.0.2.8', /different TTLs/],
    ['an alias of the name itself', '@ CNAME a.example.org.', /those of its site/],
    ['addresses of the name itself', '@ A 192.0.2.7', /those of its site/],
    ['name servers', 'sub NS ns.example.org.', /not handed on/],
    ['a star inside', 'a.*.b A 192.0.2.7', /can't be a part of a name/],
    ['a star with letters', '*a A 192.0.2.7', /can't be a part of a name/],
    ['other types', 'h PTR a.example.org.', /no type of record that is kept here/],
    ['a TTL of no time', 'h 0 A 192.0.2.7', /between 30 and 86400/],
    ['a TTL of a year', 'h 31536000 A 192.0.2.7', /between 30 and 86400/],
    ['addresses in somebody\'s own network (DNS rebinding)', 'h A 192.168.0.1', /reachable from one network only/],
    ['data of another type', 'h A example.org', /an IPv4 address/],
    ['a set that is too large', Array.from({ length: 5 }, (_, n) => `h TXT ${n}${'x'.repeat(1000)}`).join('\n'), /too long together/],
    ['a line that is none', 'www', /line 1 is not of the form/],
  ]
  for (const [what, lines, why] of cases) test(`${what}: refused`, () => refuses(lines, why))
  test('a hundred at most', () => refuses(Array.from({ length: 101 }, (_, n) => `h${n} TXT x`).join('\n'), /at most 100/))
  test('the record that is wrong is counted', () => refuses('a A 192.0.2.7\nb A 192.0.2', /^record 2: /))
  test('what is no list is refused', () => { for (const odd of [null, 'x', { records: 'x' }, [null], [{ name: 1, type: 'A', data: '' }]]) assert.throws(() => parseRecords(odd, alice), { code: 'invalid' }) })
})

describe('what an administrator keeps in the zone', () => {
  test('mail, texts and name servers of the zone, and names that nobody can reserve', () => {
    assert.deepEqual(read('@ MX 10 mail.example.\n@ NS ns.example.\n@ NS ns.example.net.\nmail A 192.0.2.25\n_dmarc TXT v=DMARC1\nns2 A 192.0.2.53\nx._domainkey TXT v=DKIM1', zone).length, 7)
  })
  const cases: [string, RegExp][] = [
    ['@ A 192.0.2.7', /those of the house/], ['@ CNAME a.example.org.', /those of the house/], ['bob A 192.0.2.7', /may reserve/], ['x.bob TXT x', /may reserve/], ['* A 192.0.2.7', /every name exist/],
    ['_acme-challenge TXT x', /its own/], ['x._acme-challenge TXT x', /its own/], ['ns A 192.0.2.7', /name server of the house/], ['mail NS a.example.org.', /only the zone itself/],
  ]
  for (const [line, why] of cases) test(`${line}: refused`, () => refuses(line, why, zone))
})
