import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import { Limit } from '../../dns/limit.ts'
import { Responder, type Transport } from '../../dns/respond.ts'
import { Zone } from '../../dns/zone.ts'
import { sampleZone } from './nameserver.ts'
import { ALICE, ALICE_EDNS, header, opt, query, queryWith, wireName } from './packets.ts'

const many = Array.from({ length: 60 }, (_, n) => `192.0.2.${n}`)
const zone = new Zone(sampleZone({ names: { ...sampleZone().names, many: { a: many, aaaa: [] }, forty: { a: many.slice(0, 40), aaaa: [] } } }))
const responder = new Responder(zone)

function ask(wire: Buffer, transport: Transport = 'udp'): Buffer {
  const answer = responder.answer(wire, '127.0.0.1', transport)
  assert.ok(answer !== null)
  return answer
}

describe('the bytes of an answer', () => {
  test('A of alice.example, with a pointer to the question', () => {
    assert.equal(ask(ALICE).toString('hex'), 'fe6185000001000100000000' + '05616c696365076578616d706c6500' + '00010001' + 'c00c00010001' + '0000003c' + '0004c0000201')
  })
  test('the same with EDNS: OPT with 1232 bytes, version 0', () => {
    assert.equal(ask(ALICE_EDNS).toString('hex'), '4f8684000001000100000001' + '05616c696365076578616d706c6500' + '00010001' + 'c00c00010001' + '0000003c' + '0004c0000201' + '00002904d0000000000000')
  })
  test('NXDOMAIN: SOA of the zone as a pointer into the question, whatever the labels before it', () => {
    const answer = ask(query({ name: '03620041' + wireName('example'), type: 28 }))
    assert.equal(answer.toString('hex'), '123484030001000000010000' + '03620041076578616d706c6500' + '001c0001'
      + 'c010' + '00060001' + '0000000a' + '0026' + '026e73c010' + '0a686f73746d6173746572c010' + '00000007' + '00000e10' + '00000258' + '00127500' + '0000000a')
  })
  test('BADVERS is 0 in the header and 1 in OPT (RFC 6891 section 6.1.3), and says what version there is', () => {
    assert.equal(ask(queryWith(opt(4096, 0x10000))).toString('hex'), '123480000001000000000001' + wireName('alice.example') + '00010001' + '00002904d0010000000000')
  })
  test('FORMERR and NOTIMP are headers, with id, opcode and RD of the query', () => {
    assert.equal(ask(query({ flags: '2900' })).toString('hex'), '1234a9040000000000000000')
    assert.equal(ask(query({ flags: '0100', name: 'c00c' })).toString('hex'), '123481010000000000000000')
  })
  test('OPT is answered with OPT whatever the code (RFC 6891 section 6.1.1)', () => {
    for (const flags of ['1000', '2000', '2800', '7800']) {
      assert.equal(ask(queryWith(opt(), { flags })).toString('hex'), '1234' + (0x8000 | Number.parseInt(flags, 16)).toString(16).slice(0, 3) + '4' + '0000000000000001' + '00002904d0000000000000')
    }
    const signed = query({ counts: '0001000000000002', rest: opt() + '0161' + '00' + '00fa' + '00ff' + '00000000' + '001d' + wireName('hmac-sha256') + '00'.repeat(16) })
    const { counts, rcode } = header(ask(signed))
    assert.deepEqual([counts, rcode], [[1, 0, 0, 2], 9])
    for (const wire of [queryWith(opt(), { type: 252 }), queryWith(opt(), { cls: 3 }), queryWith(opt(), { name: wireName('org') })]) {
      assert.deepEqual(header(ask(wire)).counts, [1, 0, 0, 1])
    }
  })
  test('RD and DO are copied; RA, Z, AD and CD are never set', () => {
    const { rd, ra, rest } = header(ask(query({ flags: '01f0' })))
    assert.deepEqual([rd, ra, rest], [true, false, 0])
    assert.equal(ask(queryWith(opt(1232, 0x8000))).subarray(-11).toString('hex'), '00002904d0000080000000')
  })
  test('the question is echoed in its case', () => {
    const answer = ask(query({ name: wireName('ALICE.eXample') }))
    assert.equal(answer.subarray(12, 27).toString('hex'), wireName('ALICE.eXample'))
    assert.equal(header(answer).rcode, 0)
  })
})

describe('names that look like ours', () => {
  test('a label that holds the bytes of our suffix is not in our zone', () => {
    const inside = '0c' + Buffer.from('abcd\x07example', 'latin1').toString('hex') + '00'
    assert.equal(header(ask(query({ name: inside }))).rcode, 5)
  })
  test('a dot inside a label is not a dot between labels', () => {
    assert.equal(header(ask(query({ name: '0d' + Buffer.from('alice.example').toString('hex') + '00' }))).rcode, 5)
    const dotted = '0a' + Buffer.from('deep.empty').toString('hex') + wireName('example')
    assert.equal(header(ask(query({ name: dotted }))).rcode, 3)
  })
})

describe('answers that do not fit', () => {
  test('over UDP: 512 bytes without EDNS, what the client says with it, 1232 at most; else TC and nothing', () => {
    const size = (rest: string, name = 'forty.example'): [number, boolean, number[]] => {
      const answer = ask(rest === '' ? query({ name: wireName(name) }) : queryWith(rest, { name: wireName(name) }))
      return [answer.length, header(answer).tc, header(answer).counts]
    }
    assert.deepEqual(size(''), [31, true, [1, 0, 0, 0]])
    assert.deepEqual(size(opt(100)), [42, true, [1, 0, 0, 1]])
    assert.deepEqual(size(opt(681)), [42, true, [1, 0, 0, 1]])
    assert.deepEqual(size(opt(682)), [682, false, [1, 40, 0, 1]])
    assert.deepEqual(size(opt(65535)), [682, false, [1, 40, 0, 1]])
  })
  test('over TCP they are whole', () => {
    const answer = ask(query({ name: wireName('many.example') }), 'tcp')
    assert.deepEqual(Packet.parse(answer).answers.map(record => record.address), many)
  })
  test('more than 1232 bytes never leave over UDP', () => {
    const big = new Responder(new Zone(sampleZone({ names: { big: { a: Array.from({ length: 200 }, (_, n) => `10.0.0.${n}`), aaaa: [] } } })))
    const answer = big.answer(queryWith(opt(65535), { name: wireName('big.example') }), '127.0.0.1', 'udp')
    assert.deepEqual(answer === null ? null : [answer.length, header(answer).tc], [40, true])
  })
  test('glue is left out without TC (RFC 2181 section 9)', () => {
    const glue = new Responder(new Zone(sampleZone({ apex: { a: many, aaaa: [] } })))
    const answer = glue.answer(query({ name: wireName('example'), type: 2 }), '127.0.0.1', 'udp')
    assert.deepEqual(answer === null ? null : [header(answer).tc, header(answer).counts], [false, [1, 1, 0, 0]])
  })
})

describe('limits of answers', () => {
  const limited = (): Responder => new Responder(zone, { limit: new Limit(3, () => 0), limitLoopback: true })
  const codes = (asked: Responder, wires: Buffer[], address = '198.51.100.7', transport: Transport = 'udp'): string[] => wires.map(wire => {
    const answer = asked.answer(wire, address, transport)
    if (answer === null) return 'none'
    const { tc, counts } = header(answer)
    return tc ? `tc${counts[1]}` : 'whole'
  })
  const six = Array.from({ length: 6 }, () => ALICE)

  test('beyond the rate every second answer is TC alone and the others are none; TCP is spared', () => {
    const asked = limited()
    assert.deepEqual(codes(asked, six), ['whole', 'whole', 'whole', 'none', 'tc0', 'none'])
    assert.deepEqual(codes(asked, six, '198.51.100.7', 'tcp'), Array(6).fill('whole'))
    assert.deepEqual(codes(asked, [ALICE], '198.51.101.7'), ['whole'])
  })
  test('what is sent beyond the rate is no longer than what was asked, so that nobody is flooded by way of us', () => {
    const asked = limited()
    for (const wire of [ALICE, ALICE_EDNS, query({ type: 255 }), query({ name: wireName('x.example') }), query({ name: wireName('org') }), query({ name: 'c00c' })]) {
      const answers = Array.from({ length: 40 }, () => asked.answer(wire, '198.51.100.9', 'udp'))
      for (const answer of answers.slice(3)) assert.ok(answer === null || answer.length <= wire.length, wire.toString('hex'))
    }
  })
  test('random names below the zone count as one', () => {
    const names = Array.from({ length: 6 }, (_, n) => query({ name: wireName(`r${n}.example`) }))
    assert.deepEqual(codes(limited(), names), ['whole', 'whole', 'whole', 'none', 'tc0', 'none'])
  })
  test('different names that exist count apart', () => {
    const asked = limited()
    codes(asked, six)
    assert.deepEqual(codes(asked, [query({ name: wireName('four.example') })]), ['whole'])
  })
  test('of all names together a network gets as many bytes beyond its questions as a rate of the largest answers has', () => {
    const long = { a: [], aaaa: [], sets: [{ type: 'TXT' as const, ttl: 60, data: Array.from({ length: 4 }, () => `"${'x'.repeat(250)}"`) }] }
    const names = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`l${n}`, long]))
    const asked = new Responder(new Zone(sampleZone({ names })), { limit: new Limit(10, () => 0), limitLoopback: true })
    const wires = Object.keys(names).map(name => queryWith(opt(), { name: wireName(`${name}.example`), type: 16 }))
    const got = codes(asked, wires)
    assert.deepEqual([got.filter(code => code === 'whole').length, got.filter(code => code === 'tc0').length > 80], [12, true])
    assert.equal(wires.reduce((sum, wire) => sum + (asked.answer(wire, '198.51.100.7', 'udp')?.length ?? 0) - wire.length, 0) < 0, true)
    assert.deepEqual([codes(asked, wires.slice(0, 5), '198.51.101.7'), codes(asked, wires.slice(0, 5), '198.51.100.7', 'tcp')], [Array(5).fill('whole'), Array(5).fill('whole')])
  })
  test('a client that shows its cookie is spared, one with a made-up cookie is not', () => {
    const asked = limited()
    const first = asked.answer(queryWith(opt(1232, 0, '000a0008' + '0123456789abcdef')), '198.51.100.7', 'udp')
    const cookie = first?.subarray(-24).toString('hex') ?? ''
    const shown = queryWith(opt(1232, 0, '000a0018' + cookie))
    assert.deepEqual(codes(asked, Array(9).fill(shown)), Array(9).fill('whole'))
    const forged = queryWith(opt(1232, 0, '000a0018' + cookie.slice(0, -2) + (cookie.endsWith('00') ? '01' : '00')))
    assert.equal(codes(asked, Array(9).fill(forged)).filter(code => code === 'whole').length, 2)
    assert.equal(codes(limited(), Array(9).fill(shown), '198.51.100.8').filter(code => code === 'whole').length, 3)
  })
})

describe('a change of the zone', () => {
  test('is in the next answer: the address, the serial, what is gone, names in between', () => {
    const changing = new Zone(sampleZone())
    const asked = new Responder(changing)
    const answer = (name: string, type = 1): string => {
      const packet = Packet.parse(asked.answer(query({ name: wireName(name), type }), '127.0.0.1', 'udp') ?? Buffer.alloc(12))
      const [record] = [...packet.answers, ...packet.authorities]
      return `${packet.header.rcode} ${record?.address ?? record?.serial}`
    }
    assert.deepEqual([answer('alice.example'), answer('x.y.example')], ['0 192.0.2.1', '3 7'])
    changing.change({ alice: { a: ['192.0.2.77'], aaaa: [] } }, 8)
    assert.deepEqual([answer('alice.example'), answer('x.y.example'), answer('example', 6)], ['0 192.0.2.77', '3 8', '0 8'])
    changing.change({ 'x.y': { a: [], aaaa: [] } }, 9)
    assert.deepEqual([answer('x.y.example'), answer('y.example')], ['0 9', '0 9'])
    changing.change({ 'x.y': null }, 10)
    changing.change({ 'x.y': null }, 11)
    assert.deepEqual([answer('x.y.example'), answer('y.example')], ['3 11', '3 11'])
    changing.change({ 'deep.empty': null }, 4294967295)
    assert.equal(answer('empty.example'), '3 4294967295')
  })
  test('never touches the name server', () => {
    const changing = new Zone(sampleZone({ names: { ns: { a: ['192.0.2.66'], aaaa: [] } } }))
    changing.change({ ns: null }, 8)
    changing.change({ ns: { a: ['192.0.2.66'], aaaa: [] } }, 9)
    const asked = new Responder(changing)
    for (const name of ['ns.example', 'example']) {
      const packet = asked.answer(query({ name: wireName(name) }), '127.0.0.1', 'udp')
      assert.equal(packet?.subarray(-4).join('.'), '192.0.2.1')
    }
  })
  test('leaves out what is no address and answers the rest', () => {
    const records = { a: ['192.0.2.5', '192.0.2', 'nonsense', ''], aaaa: ['fe80::1%eth0', '::ffff:192.0.2.1', '2001:db8::5', ':'] }
    const asked = new Responder(new Zone(sampleZone({ names: { odd: records, worse: { a: ['x'], aaaa: [] } } })))
    const read = (name: string, type: number): (string | undefined)[] => {
      return Packet.parse(asked.answer(query({ name: wireName(name), type }), '127.0.0.1', 'udp') ?? Buffer.alloc(12)).answers.map(record => record.address)
    }
    assert.deepEqual([read('odd.example', 1), read('odd.example', 28), read('worse.example', 1)], [['192.0.2.5'], ['2001:db8::5'], []])
  })
})
