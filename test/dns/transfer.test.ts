// Transfers message by message: what is in them, in which order, and that each is signed for the one before.
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import { changed } from '../../dns/journal.ts'
import { signatureOf } from '../../dns/parse.ts'
import { Responder } from '../../dns/respond.ts'
import { Transfers } from '../../dns/transfer.ts'
import { Keys, Signing } from '../../dns/tsig.ts'
import { Zone } from '../../dns/zone.ts'
import { createHmac } from 'node:crypto'
import { sampleZone } from './nameserver.ts'
import { header, KEY, opt, query, wireName } from './packets.ts'

const ADDRESS = '192.0.2.7'

function house(names: Record<string, { a: string[]; aaaa: string[] }> = sampleZone().names): { zone: Zone; transfers: Transfers; ask: (wire: Buffer, address?: string) => Buffer | Iterator<Buffer> | null } {
  const zone = new Zone(sampleZone({ names }))
  const transfers = new Transfers([ADDRESS, ...OTHERS].map(address => ({ address, port: 53, key: KEY, from: null })))
  const responder = new Responder(zone, { keys: new Keys([KEY]), transfers })
  return { zone, transfers, ask: (wire, address = ADDRESS) => responder.converse(wire, address) }
}
const many = (count: number): Record<string, { a: string[]; aaaa: string[] }> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, { a: ['192.0.2.1'], aaaa: [] }]))

const OTHERS = ['192.0.2.11', '192.0.2.12', '192.0.2.13', '192.0.2.14']

const APEX = { name: wireName('example') }
const axfr = (rest = ''): Buffer => query({ ...APEX, type: 252, counts: rest === '' ? undefined : '0001000000000001', rest })
/** An IXFR as RFC 1995 section 3 has it: the SOA that the client holds, of which the serial counts. */
const ixfr = (serial: number): Buffer => query({ ...APEX, type: 251, counts: '0001000000010000', rest: 'c00c' + '00060001' + '00000000' + '0016' + '00' + '00' + serial.toString(16).padStart(8, '0') + '00000000'.repeat(4) })
const signed = (wire: Buffer): Buffer => Signing.question(KEY).sign(wire)

function messages(answer: Buffer | Iterator<Buffer> | null): Buffer[] {
  assert.ok(answer !== null && !(answer instanceof Uint8Array), 'a transfer')
  const all: Buffer[] = []
  for (let next = answer.next(); next.done !== true; next = answer.next()) all.push(next.value)
  return all
}
function codeOf(answer: Buffer | Iterator<Buffer> | null): number {
  assert.ok(answer instanceof Uint8Array, 'one answer')
  return header(answer).rcode
}
/** Records as `name type data`. */
function records(all: Buffer[]): string[] {
  return all.flatMap(wire => Packet.parse(wire).answers.map(record => `${record.name} ${record.type} ${record.type === 6 ? record.serial : record.address ?? record.ns}`))
}

describe('AXFR (RFC 5936)', () => {
  test('is all records between the SOA twice', () => {
    const { ask } = house()
    const all = messages(ask(signed(axfr())))
    assert.equal(all.length, 1)
    const said = records(all)
    assert.deepEqual([said[0], said.at(-1)], ['example 6 7', 'example 6 7'])
    assert.deepEqual(said.slice(1, -1).sort(), [
      'alice.example 1 192.0.2.1', 'alice.example 28 2001:db8::1', 'deep.empty.example 1 192.0.2.5', 'example 1 192.0.2.1', 'example 2 ns.example',
      'example 28 2001:db8::1', 'four.example 1 192.0.2.4', 'ns.example 1 192.0.2.1', 'ns.example 28 2001:db8::1',
    ])
  })
  test('is in messages of 16 kB, each with AA and the question, and OPT where there was one', () => {
    const { ask } = house(many(5_000))
    const all = messages(ask(signed(axfr(opt()))))
    assert.ok(all.length > 4 && all.every(wire => wire.length < 16_384))
    for (const wire of all) assert.deepEqual([header(wire).aa, header(wire).rcode, header(wire).id, header(wire).counts[0], header(wire).counts[3]], [true, 0, 0x1234, 1, 2])
    assert.equal(records(all).length, 5_000 + 5 + 2)
  })
  test('is the zone as it was when it was asked for, whatever changes meanwhile', () => {
    const { zone, ask } = house(many(5_000))
    const transfer = ask(signed(axfr()))
    assert.ok(transfer !== null && !(transfer instanceof Uint8Array))
    const first = transfer.next()
    zone.change({ n4999: null, n4998: { a: ['192.0.2.99'], aaaa: [] }, later: { a: ['192.0.2.98'], aaaa: [] } }, 8)
    const said = records([first.value ?? Buffer.alloc(12), ...messages(transfer)])
    assert.ok(said.includes('n4999.example 1 192.0.2.1') && said.includes('n4998.example 1 192.0.2.1') && !said.some(line => line.startsWith('later')))
    assert.deepEqual([said[0], said.at(-1)], ['example 6 7', 'example 6 7'])
  })
  test('has every message signed for the one before it (RFC 8945 section 5.3.1)', () => {
    const { ask } = house(many(5_000))
    const asked = signed(axfr())
    let before = signatureOf(asked)?.mac ?? Buffer.alloc(0)
    for (const [n, wire] of messages(ask(asked)).entries()) {
      const tsig = signatureOf(wire)
      assert.ok(tsig !== null)
      const plain = Buffer.from(wire.subarray(0, tsig.at))
      plain.writeUInt16BE(plain.readUInt16BE(10) - 1, 10)
      const timers = wire.subarray(tsig.at + KEY.name.length + 10 + 13, tsig.at + KEY.name.length + 10 + 13 + 8)
      const variables = Buffer.concat([Buffer.from(KEY.name, 'latin1'), Buffer.from('00ff00000000' + wireName('hmac-sha256'), 'hex'), timers, Buffer.alloc(4)])
      const mac = createHmac('sha256', KEY.secret).update(Buffer.from([0, before.length])).update(before).update(plain).update(n === 0 ? variables : timers).digest()
      assert.deepEqual(tsig.mac, mac, `message ${n}`)
      before = mac
    }
  })
})

describe('IXFR (RFC 1995)', () => {
  test('is what changed, one change after the other', () => {
    const { zone, transfers, ask } = house()
    transfers.journal.add(changed(zone, { bob: { a: ['192.0.2.8'], aaaa: [] } }, 8))
    transfers.journal.add(changed(zone, { bob: { a: ['192.0.2.9'], aaaa: [] }, four: null }, 9))
    assert.deepEqual(records(messages(ask(signed(ixfr(7))))), [
      'example 6 9',
      'example 6 7', 'example 6 8', 'bob.example 1 192.0.2.8',
      'example 6 8', 'bob.example 1 192.0.2.8', 'four.example 1 192.0.2.4', 'example 6 9', 'bob.example 1 192.0.2.9',
      'example 6 9',
    ])
    assert.deepEqual(records(messages(ask(signed(ixfr(8))))).slice(0, 2), ['example 6 9', 'example 6 8'])
  })
  test('is the SOA alone for who has this version or a later one, by the arithmetic of RFC 1982', () => {
    const { zone, ask } = house()
    for (const serial of [7, 8, 7 + 2 ** 31 - 1]) assert.deepEqual(records(messages(ask(signed(ixfr(serial))))), ['example 6 7'], String(serial))
    zone.change({}, 2 ** 32 - 1)
    for (const serial of [0, 5, 2 ** 31 - 2]) assert.deepEqual(records(messages(ask(signed(ixfr(serial))))), [`example 6 ${2 ** 32 - 1}`], String(serial))
  })
  test('is the whole zone where the changes are not known, and after the serial has wrapped', () => {
    const { zone, transfers, ask } = house()
    const whole = (serial: number): boolean => records(messages(ask(signed(ixfr(serial))))).length === 11
    assert.ok(whole(5))
    for (const serial of [2 ** 31, 2 ** 32 - 1, 3]) transfers.journal.add(changed(zone, {}, serial))
    assert.ok(whole(2 ** 31 + 5))
    assert.equal(records(messages(ask(signed(ixfr(2 ** 32 - 1))))).length, 4)
  })
  test('is the whole zone when what changed is large, however few the sets: their owners decide that', () => {
    const { zone, transfers } = house()
    const large = (n: number) => ({ a: [], aaaa: [], sets: [{ type: 'TXT' as const, ttl: 60, data: Array.from({ length: 16 }, (_, at) => `"${n}-${at}-${'x'.repeat(240)}"`) }] })
    for (let n = 0; n < 2_000; n += 1) transfers.journal.add(changed(zone, { bob: large(n) }, 8 + n))
    assert.equal(transfers.journal.since(7), null)
    assert.equal(transfers.journal.since(1_900)?.length, 107)
  })
  test('is the whole zone after a gap in what was noted, and when too much changed', () => {
    const { zone, transfers, ask } = house()
    transfers.journal.add(changed(zone, {}, 8))
    zone.change({}, 9)
    transfers.journal.add(changed(zone, {}, 10))
    assert.deepEqual([transfers.journal.since(7), transfers.journal.since(9)?.length], [null, 1])
    for (let serial = 11; serial < 12_000; serial += 1) transfers.journal.add(changed(zone, { bob: { a: ['192.0.2.8'], aaaa: [] } }, serial))
    assert.equal(transfers.journal.since(11), null)
    assert.equal(transfers.journal.since(11_990)?.length, 9)
    assert.equal(records(messages(ask(signed(ixfr(11))))).length, 12)
  })
  test('over UDP is the SOA alone, which says that there is a newer version', () => {
    const zone = new Zone(sampleZone())
    const responder = new Responder(zone, { keys: new Keys([KEY]), transfers: new Transfers([{ address: ADDRESS, port: 53, key: KEY, from: null }]) })
    const answer = responder.answer(signed(ixfr(3)), ADDRESS, 'udp')
    assert.deepEqual(records([answer ?? Buffer.alloc(12)]), ['example 6 7'])
    assert.equal(codeOf(responder.answer(signed(axfr()), ADDRESS, 'udp')), 5)
  })
})

describe('what is refused', () => {
  test('REFUSED for strangers, NOTAUTH for another name than the zone\'s, FORMERR for an IXFR without a version', () => {
    const { ask } = house()
    assert.deepEqual([codeOf(ask(axfr())), codeOf(ask(signed(axfr()), '192.0.2.8')), codeOf(ask(signed(axfr()), '::ffff:192.0.2.8'))], [5, 5, 5])
    assert.equal(records(messages(ask(signed(axfr()), '::ffff:192.0.2.7'))).length, 11)
    for (const name of ['alice.example', 'org']) assert.equal(codeOf(ask(signed(query({ name: wireName(name), type: 252 })))), 9, name)
    const short = query({ ...APEX, type: 251, counts: '0001000000010000', rest: 'c00c' + '00060001' + '00000000' + '0003' + '000001' })
    const other = query({ ...APEX, type: 251, counts: '0001000000010000', rest: 'c00c' + '00010001' + '00000000' + '0004' + '00000001' })
    for (const wire of [query({ ...APEX, type: 251 }), short, other]) assert.equal(codeOf(ask(signed(wire))), 1, wire.toString('hex'))
  })
  test('SERVFAIL while two others of this secondary, or eight of all, are under way, each of which counts from the question until it ends or is left', () => {
    const { ask } = house(many(5_000))
    const begin = (address: string): Iterator<Buffer> => {
      const transfer = ask(signed(axfr()), address)
      assert.ok(transfer !== null && !(transfer instanceof Uint8Array), address)
      return transfer
    }
    const [first, second] = [begin(ADDRESS), begin(`::ffff:${ADDRESS}`)]
    assert.equal(codeOf(ask(signed(axfr()))), 2)
    for (const address of OTHERS.slice(0, 3)) for (let n = 0; n < 2; n += 1) begin(address)
    assert.equal(codeOf(ask(signed(axfr()), OTHERS[3])), 2)
    first.return?.()
    first.return?.()
    messages(second)
    for (let n = 0; n < 2; n += 1) begin(OTHERS[3] ?? '')
    assert.equal(codeOf(ask(signed(axfr()))), 2)
  })
})
