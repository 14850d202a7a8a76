import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { generateKey } from '../../../gateway/control/dnssec/generate.ts'
import { beginRing } from '../../../gateway/control/dnssec/roll.ts'
import type { Stage } from '../../../registry/keyring.ts'
import { dig } from '../nameserver.ts'
import { delv, startSigned, startUnbound, type Resolver, type SignedServer } from './validators.ts'

/** Every kind of answer: the question, the code, and how many records with their signatures it is made of. */
const QUESTIONS: [name: string, type: string, status: string, kind: string][] = [
  ['alice.example', 'A', 'NOERROR', 'records'],
  ['ALICE.Example', 'AAAA', 'NOERROR', 'records in the case of the question'],
  ['example', 'SOA', 'NOERROR', 'the apex'],
  ['example', 'NS', 'NOERROR', 'with signed addresses beside'],
  ['example', 'TXT', 'NOERROR', 'several strings'],
  ['example', 'CAA', 'NOERROR', 'a type above 255'],
  ['example', 'DNSKEY', 'NOERROR', 'keys'],
  ['example', 'CDS', 'NOERROR', 'what the parent is to have'],
  ['example', 'CDNSKEY', 'NOERROR', 'the same as a key'],
  ['_sip._tcp.alice.example', 'SRV', 'NOERROR', 'a service'],
  ['alice.example', 'NSEC', 'NOERROR', 'the proof itself'],
  ['alice.example', 'MX', 'NOERROR', 'a type that is not there'],
  ['empty.example', 'A', 'NOERROR', 'an empty name'],
  ['_tcp.alice.example', 'SRV', 'NOERROR', 'an empty name below a name'],
  ['nothing.example', 'A', 'NXDOMAIN', 'a name that is not there'],
  ['a.b.c.nothing.example', 'A', 'NXDOMAIN', 'and below it'],
  ['x.alice.example', 'A', 'NXDOMAIN', 'below a name with records'],
  ['x.empty.example', 'A', 'NXDOMAIN', 'below an empty name'],
  ['x.wild.example', 'A', 'NOERROR', 'a wildcard'],
  ['a.b.wild.example', 'TXT', 'NOERROR', 'a wildcard, deeper'],
  ['*.wild.example', 'A', 'NOERROR', 'the wildcard by its own name'],
  ['x.wild.example', 'MX', 'NOERROR', 'a type that a wildcard has not'],
  ['x.there.wild.example', 'A', 'NXDOMAIN', 'a name that keeps the wildcard off'],
  ['alias.example', 'A', 'NOERROR', 'an alias'],
  ['chain.example', 'AAAA', 'NOERROR', 'an alias of an alias'],
  ['chain.example', 'TXT', 'NOERROR', 'an alias of a name without the type'],
  ['broken.example', 'A', 'NXDOMAIN', 'an alias of nothing'],
  ['towild.example', 'A', 'NOERROR', 'an alias of a wildcard'],
  ['x.cwild.example', 'A', 'NOERROR', 'a wildcard that is an alias'],
  ['alias.example', 'CNAME', 'NOERROR', 'the alias itself'],
]

describe('a signed zone', () => {
  let zone: SignedServer
  before(async () => { zone = await startSigned() })
  after(() => zone.end())

  for (const [name, type, status, kind] of QUESTIONS) {
    test(`delv checks ${kind}: ${name} ${type}`, async () => {
      const said = await delv(zone, name, type)
      assert.match(said, /fully validated/)
      assert.doesNotMatch(said, /insecure|unsigned|broken trust|no valid/)
      const { status: code, flags } = await dig(zone.port, '+dnssec', name, type)
      assert.deepEqual([code, flags], [status, ['qr', 'aa']])
    })
  }

  test('without DO there is no signature and no proof, but keys are records like others', async () => {
    for (const [name, type] of QUESTIONS) {
      const { answer, authority, additional } = await dig(zone.port, name, type)
      const other = [...answer, ...authority, ...additional].filter(line => / (RRSIG|NSEC) /.test(line))
      assert.deepEqual(other.length, type === 'NSEC' ? 1 : 0, `${name} ${type}`)
    }
    assert.equal((await dig(zone.port, 'example', 'DNSKEY')).answer.length, 1)
  })

  test('proofs tell of no other name than the one that was asked (RFC 4470)', async () => {
    for (const [name, type] of QUESTIONS) {
      const { authority, additional } = await dig(zone.port, '+dnssec', name, type)
      const nsec = [...authority, ...additional].filter(line => / NSEC /.test(line)).join('\n')
      for (const other of ['four', 'mail', 'there', 'deep', 'away']) if (!name.includes(other)) assert.doesNotMatch(nsec, new RegExp(`\\b${other}\\b`), `${name} ${type}`)
    }
  })

  test('a proof may be kept as long as the SOA beside it (RFC 9077)', async () => {
    const { authority } = await dig(zone.port, '+dnssec', 'nothing.example', 'A')
    const ttls = authority.filter(line => / (SOA|NSEC) /.test(line)).map(line => line.split(' ')[1])
    assert.deepEqual([ttls.length, new Set(ttls).size], [6, 1], 'SOA, two NSEC and the signature of each')
  })

  test('an alias that leads out of the zone is signed, and says nothing of where it leads', async () => {
    const { answer, authority } = await dig(zone.port, '+dnssec', 'away.example', 'A')
    assert.deepEqual([answer.map(line => line.split(' ')[3]), authority], [['CNAME', 'RRSIG'], []])
  })

  test('DS of the zone itself is the parent\'s: here it is proved not to be', async () => {
    const { status, flags, answer, authority } = await dig(zone.port, '+dnssec', 'example', 'DS')
    assert.deepEqual([status, flags, answer], ['NOERROR', ['qr', 'aa'], []])
    const nsec = authority.find(line => line.startsWith('example. 10 IN NSEC '))
    assert.equal(nsec, 'example. 10 IN NSEC \\000.example. A NS SOA MX TXT AAAA RRSIG NSEC DNSKEY CDS CDNSKEY CAA')
  })

  test('ANY is one set with its signature, RRSIG one signature', async () => {
    const any = await dig(zone.port, '+dnssec', '+notcp', 'alice.example', 'ANY')
    assert.deepEqual(any.answer.map(line => line.split(' ')[3]), ['A', 'A', 'RRSIG'])
    const rrsig = await dig(zone.port, '+dnssec', '+notcp', 'alice.example', 'RRSIG')
    assert.match(rrsig.answer.join('\n'), /^alice\.example\. 60 IN RRSIG A 13 2 60 \d+ \d+ \d+ example\. \S+ \S+$/)
    assert.equal((await dig(zone.port, '+dnssec', 'nothing.example', 'RRSIG')).status, 'NXDOMAIN')
    assert.equal((await dig(zone.port, '+dnssec', 'example.org', 'NSEC')).status, 'REFUSED')
  })

  test('AD and CD of a query change nothing and are clear in its answer', async () => {
    for (const flag of ['+adflag', '+cdflag']) assert.deepEqual((await dig(zone.port, '+dnssec', flag, 'alice.example')).flags, ['qr', 'aa'], flag)
  })

  test('signatures began an hour ago and end in three weeks, not all at once', async () => {
    const ends = await Promise.all(['alice', 'four', 'mail'].map(async name => {
      const { answer } = await dig(zone.port, '+dnssec', `${name}.example`, 'A')
      const [, end = '', begin = ''] = /RRSIG A 13 2 60 (\d+) (\d+)/.exec(answer.at(-1) ?? '') ?? []
      const [from, to] = [begin, end].map(text => Date.parse(text.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6Z')))
      assert.ok(Math.abs((from ?? 0) - (Date.now() - 3_600_000)) < 60_000)
      assert.ok((to ?? 0) - Date.now() > 20.9 * 86_400_000 && (to ?? 0) - Date.now() < 22.1 * 86_400_000)
      return end
    }))
    assert.equal(new Set(ends).size, 3)
  })

  test('what does not fit is asked again over TCP, and fits there', async () => {
    const small = await dig(zone.port, '+dnssec', '+bufsize=512', '+ignore', 'x.wild.example', 'MX')
    assert.deepEqual([small.flags, small.answer, small.authority], [['qr', 'aa', 'tc'], [], []])
    assert.match(await delv(zone, '+tcp', 'x.wild.example', 'MX'), /fully validated/)
    const whole = await dig(zone.port, '+dnssec', '+bufsize=4096', '+ignore', 'a.b.c.nothing.example', 'A')
    assert.deepEqual(whole.flags, ['qr', 'aa'])
  })

  test('is signed from its first answer after kill -9, without control', async () => {
    zone.server.child.kill('SIGKILL')
    await zone.server.exit
    await Object.assign(zone, { server: zone.again() }).server.ready
    assert.match(await delv(zone, 'four.example', 'A'), /fully validated/)
  })
})

describe('unbound, which trusts the zone by its DS', () => {
  let zone: SignedServer
  let resolver: Resolver
  const ends: (() => unknown)[] = []
  before(async () => {
    zone = await startSigned()
    ends.push(zone.end)
    resolver = await startUnbound(zone)
    ends.push(resolver.end)
  })
  after(async () => { for (const end of ends.reverse()) await end() })

  test('finds every answer secure', async () => {
    for (const [name, type, status] of QUESTIONS) {
      const asked = await dig(resolver.port, '+recurse', '+dnssec', name, type)
      assert.deepEqual([asked.status, asked.flags.includes('ad')], [status, true], `${name} ${type}\n${resolver.log().slice(-2000)}`)
    }
  })

  test('finds a forged address bogus', async () => {
    const forger = createSocket('udp4').bind(0, '127.0.0.1')
    await once(forger, 'listening')
    forger.on('message', (query, from) => {
      const asking = createSocket('udp4')
      asking.once('message', reply => {
        const at = reply.indexOf(Buffer.from([192, 0, 2, 4]))
        if (at > 0) reply[at] = 203
        forger.send(reply, from.port, from.address)
        asking.close()
      })
      asking.send(query, zone.port, '127.0.0.1')
    })
    ends.push(() => forger.close())
    const misled = await startUnbound({ ...zone, port: forger.address().port })
    ends.push(misled.end)
    assert.equal((await dig(misled.port, '+recurse', '+dnssec', 'mail.example', 'A')).flags.includes('ad'), true)
    assert.equal((await dig(misled.port, '+recurse', '+dnssec', 'four.example', 'A')).status, 'SERVFAIL')
    assert.match((await dig(misled.port, '+recurse', '+cdflag', 'four.example', 'A')).answer.join(), /203\.0\.2\.4/)
  })

  test('finds the zone bogus by another key', async () => {
    const wrong = await startUnbound(zone, await generateKey([]))
    ends.push(wrong.end)
    assert.equal((await dig(wrong.port, '+recurse', '+dnssec', 'alice.example', 'A')).status, 'SERVFAIL')
  })
})

describe('while the key changes', async () => {
  const [one, two] = [await generateKey([]), await generateKey([])]
  const until = Date.now() + 3_600_000
  const stages: [Stage, trusted: ('one' | 'two')[], cds: number][] = [
    [{ is: 'publishing', next: two, until }, ['one'], one.tag],
    [{ is: 'submitting', next: two }, ['one', 'two'], two.tag],
    [{ is: 'retiring', next: two, until }, ['one', 'two'], two.tag],
    [{ is: 'withdrawing' }, ['one'], 0],
  ]
  for (const [stage, trusted, cds] of stages) {
    test(`${stage.is}: resolvers that have ${trusted.join(' or ')} find answers secure, and the parent is told ${cds === 0 ? 'to have none (RFC 8078)' : 'which (RFC 7344)'}`, async t => {
      const zone = await startSigned(undefined, { ...beginRing('example', one), stage })
      t.after(zone.end)
      for (const name of trusted) {
        const resolver = await startUnbound(zone, name === 'one' ? one : two)
        t.after(resolver.end)
        for (const asked of ['alice.example', 'nothing.example']) assert.equal((await dig(resolver.port, '+recurse', '+dnssec', asked)).flags.includes('ad'), true, `${name} ${asked}`)
      }
      const { answer } = await dig(zone.port, 'example', 'CDS')
      assert.match(answer.join(), cds === 0 ? / CDS 0 0 0 00$/ : new RegExp(` CDS ${cds} 13 2 `))
    })
  }
})
