// What the zone says to a question, rule by rule, in packets as they go over the wire.
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import { Limit } from '../../dns/limit.ts'
import { Responder } from '../../dns/respond.ts'
import { Zone } from '../../dns/zone.ts'
import type { NameRecords, RecordType } from '../../registry/types.ts'
import { sampleZone } from './nameserver.ts'
import { header, query, wireName } from './packets.ts'

const NOTHING: NameRecords = { a: [], aaaa: [] }
const set = (type: RecordType, ...data: string[]): NameRecords => ({ ...NOTHING, sets: [{ type, ttl: 300, data }] })
const at = (...a: string[]): NameRecords => ({ a, aaaa: [] })

const zone = (): Zone => new Zone(sampleZone({
  apex: { a: ['192.0.2.1'], aaaa: [], sets: [{ type: 'MX', ttl: 300, data: ['10 mx.example.', '20 mx.example.org.'] }, { type: 'TXT', ttl: 300, data: ['"v=spf1 -all"'] }] },
  names: {
    alice: { a: ['192.0.2.1'], aaaa: ['2001:db8::1'], sets: [{ type: 'TXT', ttl: 60, data: ['"a" "b"'] }] },
    mx: at('192.0.2.25'),
    'www.alice': set('CNAME', 'alice.example.'),
    'out.alice': set('CNAME', 'www.example.org.'),
    'gone.alice': set('CNAME', 'nothing.alice.example.'),
    'first.alice': set('CNAME', 'www.alice.example.'),
    'loop.alice': set('CNAME', 'pool.alice.example.'), 'pool.alice': set('CNAME', 'loop.alice.example.'),
    '_sip._tcp.alice': set('SRV', '0 5 5060 alice.example.', '0 6 5060 elsewhere.example.org.'),
    'caa.alice': set('CAA', '0 issue "ca.example.net"'),
    '*.wild': { ...at('192.0.2.77'), sets: [{ type: 'TXT', ttl: 300, data: ['"w"'] }] },
    'host.wild': at('192.0.2.78'), '*.sub.wild': at('192.0.2.79'), 'a.deep.wild': at('192.0.2.80'),
    '*.alias': set('CNAME', 'alice.example.'), 'to.alice': set('CNAME', 'any.wild.example.'),
  },
}))

const TYPES: Record<string, number> = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33, ANY: 255, CAA: 257 }

/** Code, then each section's records as `name type data`. */
function ask(responder: Responder, name: string, type: string): string[] {
  const wire = responder.answer(query({ name: wireName(name), type: TYPES[type] ?? 0 }), '127.0.0.1', 'tcp')
  assert.ok(wire !== null)
  const { answers, authorities, additionals, header: head, errors } = Packet.parse(wire)
  assert.deepEqual(errors, [])
  const data = (record: object): string => Object.entries(record).filter(([key]) => !['name', 'type', 'class', 'ttl'].includes(key)).map(([, value]) => String(value)).join(' ')
  const spelled = (mark: string, records: Packet['answers']): string[] => records.map(record => `${mark}${record.name} ${record.type} ${record.type === 6 ? 'soa' : data(record)}`)
  return [['NOERROR', '', '', 'NXDOMAIN'][head.rcode] ?? String(head.rcode), ...spelled('', answers), ...spelled('authority ', authorities), ...spelled('+', additionals)]
}

const SOA = 'authority example 6 soa'

describe('aliases (RFC 1034 section 3.6.2)', () => {
  const responder = new Responder(zone())
  const cases: [string, string, string[]][] = [
    ['www.alice.example', 'A', ['NOERROR', 'www.alice.example 5 alice.example', 'alice.example 1 192.0.2.1']],
    ['www.alice.example', 'CNAME', ['NOERROR', 'www.alice.example 5 alice.example']],
    ['www.alice.example', 'ANY', ['NOERROR', 'www.alice.example 5 alice.example']],
    ['first.alice.example', 'AAAA', ['NOERROR', 'first.alice.example 5 www.alice.example', 'www.alice.example 5 alice.example', 'alice.example 28 2001:db8::1']],
    ['out.alice.example', 'A', ['NOERROR', 'out.alice.example 5 www.example.org']],
    ['to.alice.example', 'A', ['NOERROR', 'to.alice.example 5 any.wild.example', 'any.wild.example 1 192.0.2.77']],
  ]
  for (const [name, type, said] of cases) test(`${name} ${type}`, () => assert.deepEqual(ask(responder, name, type), said))

  test('the code is that of the last name, and its SOA comes along (RFC 6604 section 3, RFC 2308 section 2.1)', () => {
    assert.deepEqual(ask(responder, 'gone.alice.example', 'A'), ['NXDOMAIN', 'gone.alice.example 5 nothing.alice.example', SOA])
    assert.deepEqual(ask(responder, 'www.alice.example', 'MX'), ['NOERROR', 'www.alice.example 5 alice.example', SOA])
  })
  test('a loop is told once around', () => {
    assert.deepEqual(ask(responder, 'loop.alice.example', 'A'), ['NOERROR', 'loop.alice.example 5 pool.alice.example', 'pool.alice.example 5 loop.alice.example', 'loop.alice.example 5 pool.alice.example'])
  })
  test('a chain is followed for eight names', () => {
    const names = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`c${n}`, set('CNAME', `c${n + 1}.example.`)]))
    assert.equal(ask(new Responder(new Zone(sampleZone({ names }))), 'c0.example', 'A').length, 10)
  })
  test('nothing is beside an alias, and there is one (RFC 2181 section 10.1)', () => {
    const both: NameRecords = { ...NOTHING, sets: [{ type: 'CNAME', ttl: 60, data: ['a.example.org.'] }, { type: 'TXT', ttl: 60, data: ['"x"'] }] }
    const odd = new Responder(new Zone(sampleZone({ names: { odd: both, two: set('CNAME', 'a.example.org.', 'b.example.org.') } })))
    assert.deepEqual(ask(odd, 'odd.example', 'A'), ['NOERROR', SOA])
    assert.deepEqual(ask(odd, 'two.example', 'A'), ['NOERROR', 'two.example 5 a.example.org'])
  })
})

describe('wildcards (RFC 4592)', () => {
  const responder = new Responder(zone())
  const cases: [string, string, string, string[]][] = [
    ['a name that does not exist is answered as its own', 'x.wild.example', 'A', ['NOERROR', 'x.wild.example 1 192.0.2.77']],
    ['at any depth (section 3.3.1)', 'x.y.z.wild.example', 'A', ['NOERROR', 'x.y.z.wild.example 1 192.0.2.77']],
    ['not for a type it has not (section 2.2.1)', 'x.wild.example', 'MX', ['NOERROR', SOA]],
    ['not for a name that exists (section 2.2.1)', 'host.wild.example', 'TXT', ['NOERROR', SOA]],
    ['not below a name that exists (section 3.3.1)', 'x.host.wild.example', 'A', ['NXDOMAIN', SOA]],
    ['not for an empty non-terminal (section 2.2.2)', 'deep.wild.example', 'A', ['NOERROR', SOA]],
    ['not below one', 'b.deep.wild.example', 'A', ['NXDOMAIN', SOA]],
    ['the closest one', 'x.sub.wild.example', 'A', ['NOERROR', 'x.sub.wild.example 1 192.0.2.79']],
    ['the closest one alone', 'x.sub.wild.example', 'TXT', ['NOERROR', SOA]],
    ['itself as any name (section 2.1.3)', '*.wild.example', 'A', ['NOERROR', '*.wild.example 1 192.0.2.77']],
    ['not the name above it', 'wild.example', 'A', ['NOERROR', SOA]],
    ['an alias (section 4.3)', 'x.alias.example', 'A', ['NOERROR', 'x.alias.example 5 alice.example', 'alice.example 1 192.0.2.1']],
    ['not elsewhere', 'x.alice.example', 'A', ['NXDOMAIN', SOA]],
    ['a label that only begins with * is none (section 2.1.1)', '*x.alice.example', 'A', ['NXDOMAIN', SOA]],
  ]
  for (const [what, name, type, said] of cases) test(what, () => assert.deepEqual(ask(responder, name, type), said))

  test('random names below one count as one for the rate limit', () => {
    const limited = new Responder(zone(), { limit: new Limit(3, () => 0), limitLoopback: true })
    const answered = Array.from({ length: 9 }, (_, n) => limited.answer(query({ name: wireName(`r${n}.wild.example`) }), '198.51.100.7', 'udp')).filter(wire => wire !== null && !header(wire).tc)
    assert.equal(answered.length, 3)
  })
})

describe('hosts that an answer leads to', () => {
  const responder = new Responder(zone())
  test('bring their addresses where they are ours: MX (RFC 1035 section 3.3.9), SRV (RFC 2782), NS', () => {
    assert.deepEqual(ask(responder, 'example', 'MX'), ['NOERROR', 'example 15 10 mx.example', 'example 15 20 mx.example.org', '+mx.example 1 192.0.2.25'])
    assert.deepEqual(ask(responder, '_sip._tcp.alice.example', 'SRV').slice(-2), ['+alice.example 1 192.0.2.1', '+alice.example 28 2001:db8::1'])
    assert.deepEqual(ask(responder, 'example', 'NS'), ['NOERROR', 'example 2 ns.example', '+ns.example 1 192.0.2.1'])
  })
  test('other name servers are the admin\'s', () => {
    const apex: NameRecords = { a: ['192.0.2.1'], aaaa: [], sets: [{ type: 'NS', ttl: 3600, data: ['ns.example.', 'b.example.net.'] }] }
    const said = ask(new Responder(new Zone(sampleZone({ apex }))), 'example', 'NS')
    assert.deepEqual(said, ['NOERROR', 'example 2 ns.example', 'example 2 b.example.net', '+ns.example 1 192.0.2.1'])
  })
})

describe('the bytes of records', () => {
  const responder = new Responder(zone())
  const body = (name: string, type: string): string => {
    const wire = query({ name: wireName(name), type: TYPES[type] ?? 0 })
    return responder.answer(wire, '127.0.0.1', 'tcp')?.subarray(wire.length).toString('hex') ?? ''
  }
  test('TXT is its strings, apart (RFC 1035 section 3.3.14)', () => assert.equal(body('alice.example', 'TXT'), 'c00c' + '00100001' + '0000003c' + '0004' + '01610162'))
  test('the name in a CNAME is a pointer (RFC 1035 section 4.1.4)', () => {
    assert.equal(body('out.alice.example', 'CNAME'), 'c00c' + '00050001' + '0000012c' + '0011' + wireName('www.example.org'))
    assert.equal(body('gone.alice.example', 'CNAME'), 'c00c' + '00050001' + '0000012c' + '0010' + '076e6f7468696e67' + '05616c696365' + 'c017')
  })
  test('the name in an SRV is none (RFC 2782), nor anything in types that came later (RFC 3597 section 4)', () => {
    assert.match(body('_sip._tcp.alice.example', 'SRV'), new RegExp(`^c00c${'00210001'}${'0000012c'}0015${'0000'}${'0005'}13c4${wireName('alice.example')}`))
  })
  test('CAA (RFC 8659 section 4.1)', () => {
    assert.equal(body('caa.alice.example', 'CAA'), 'c00c' + '01010001' + '0000012c' + '0015' + '00' + '05' + Buffer.from('issue' + 'ca.example.net').toString('hex'))
  })
})

describe('a change', () => {
  test('of a name is one of the aliases and hosts that lead to it', () => {
    const changing = zone()
    const responder = new Responder(changing)
    ask(responder, 'www.alice.example', 'A')
    ask(responder, 'example', 'MX')
    changing.change({ alice: at('192.0.2.99'), mx: null }, 8)
    assert.deepEqual(ask(responder, 'www.alice.example', 'A').at(-1), 'alice.example 1 192.0.2.99')
    assert.deepEqual(ask(responder, 'example', 'MX').length, 3)
    changing.change({ alice: null }, 9)
    assert.deepEqual(ask(responder, 'www.alice.example', 'A'), ['NOERROR', 'www.alice.example 5 alice.example', SOA])
  })
  test('of wildcards comes and goes', () => {
    const changing = new Zone(sampleZone({ names: {} }))
    const responder = new Responder(changing)
    changing.change({ '*.w': at('192.0.2.5'), 'h.w': at('192.0.2.6') }, 8)
    assert.equal(ask(responder, 'x.w.example', 'A')[1], 'x.w.example 1 192.0.2.5')
    changing.change({ '*.w': null }, 9)
    assert.deepEqual(ask(responder, 'x.w.example', 'A'), ['NXDOMAIN', SOA])
    changing.change({ 'h.w': null }, 10)
    assert.deepEqual(ask(responder, 'w.example', 'A'), ['NXDOMAIN', SOA])
  })
  test('of the apex keeps its SOA and name server, and never makes it an alias', () => {
    const changing = zone()
    const responder = new Responder(changing)
    changing.change({ '': { ...at('192.0.2.66'), sets: [{ type: 'TXT', ttl: 60, data: ['"new"'] }, { type: 'CNAME', ttl: 60, data: ['a.example.org.'] }] } }, 8)
    assert.deepEqual([ask(responder, 'example', 'TXT')[1], ask(responder, 'example', 'NS')[1], ask(responder, 'example', 'CNAME')[1]], ['example 16 new', 'example 2 ns.example', SOA])
    assert.equal(ask(responder, 'example', 'SOA').length, 2)
  })
})

test('what a snapshot says of the apex is answered from the beginning', async () => {
  const snapshot = sampleZone({ names: { '': { ...at('192.0.2.66'), sets: [{ type: 'TXT', ttl: 60, data: ['"kept"'] }] } } })
  for (const each of [new Zone(snapshot), await Zone.gradually(snapshot)]) assert.equal(ask(new Responder(each), 'example', 'TXT')[1], 'example 16 kept')
})

test('all names and their sets can be walked through, the apex with its SOA among them', () => {
  const walked = new Map(zone().walk())
  assert.deepEqual(walked.get('\x07example\0')?.map(({ type }) => type), [2, 1, 15, 16, 6])
  assert.deepEqual(walked.get('\x01*\x04wild\x07example\0')?.map(({ type, rdata }) => [type, rdata.map(data => data.toString('hex'))]), [[1, ['c000024d']], [16, ['0177']]])
  assert.equal(walked.size, zone().size + 2)
  assert.equal(zone().setsAt('\x04wild\x07example\0'), null)
})

test('what is no data of its type is left out, and the rest is answered', () => {
  const records: NameRecords = { a: ['192.0.2.5'], aaaa: [], sets: [{ type: 'MX', ttl: 60, data: ['ten mx.example.', '10 mx.example.'] }, { type: 'TXT', ttl: 60, data: ['"open'] }] }
  const responder = new Responder(new Zone(sampleZone({ names: { odd: records } })))
  assert.deepEqual(ask(responder, 'odd.example', 'MX'), ['NOERROR', 'odd.example 15 10 mx.example'])
  assert.deepEqual(ask(responder, 'odd.example', 'TXT'), ['NOERROR', SOA])
})
