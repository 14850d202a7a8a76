// Packets made by chance from a seed: mutations of real ones, structures with wrong numbers in them, noise. What must hold for every one.
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import type { NameRecords, RecordType } from '../../registry/types.ts'
import { Responder } from '../../dns/respond.ts'
import { ALICE, ALICE_COOKIE, ALICE_EDNS, APEX_OPTIONS, header, KEY, opt, query, queryWith, SIGNED, SIGNED_AT, SIGNED_KDIG, wireName } from './packets.ts'
import { Zone } from '../../dns/zone.ts'
import { Transfers } from '../../dns/transfer.ts'
import { Keys, Signing } from '../../dns/tsig.ts'
import { sampleZone } from './nameserver.ts'

/** Numbers from 0 up to `below`, the same for the same seed (mulberry32). */
export type Dice = (below: number) => number
export function dice(seed: number): Dice {
  let state = seed
  return below => {
    state = state + 0x6d2b79f5 | 0
    let sum = Math.imul(state ^ state >>> 15, state | 1)
    sum ^= sum + Math.imul(sum ^ sum >>> 7, sum | 61)
    return ((sum ^ sum >>> 14) >>> 0) % below
  }
}

const SEEDS: Buffer[] = [
  ALICE, ALICE_EDNS, ALICE_COOKIE, APEX_OPTIONS,
  queryWith(opt(1232, 0x8000, '000a0008' + '11'.repeat(8))),
  queryWith(opt(512, 0, '000a0018' + '11'.repeat(8) + '01000000' + '22'.repeat(12))),
  query({ name: wireName('example'), type: 2 }),
  query({ name: wireName('any.wild.example'), type: 1 }),
  query({ name: wireName('x.y.alias.example'), type: 28 }),
  queryWith(opt(512), { name: wireName('example'), type: 15 }),
  query({ name: wireName('_sip._tcp.alice.example'), type: 33 }),
  query({ name: wireName('deep.empty.example'), type: 255 }),
  query({ name: wireName('a.b.c.d.e.f.g.h.example'), type: 28 }),
  query({ name: ('3f' + '61'.repeat(63)).repeat(3) + '35' + '62'.repeat(53) + wireName('example') }),
  query({ counts: '0001000000010001', type: 251, rest: 'c00c' + '0006' + '0001' + '00000000' + '0000' + opt() }),
  queryWith('00' + '00fa' + '00ff' + '00000000' + '0000'), SIGNED, SIGNED_KDIG,
  queryWith('0161' + '00' + '00fa' + '00ff' + '00000000' + '001d' + wireName('hmac-sha256') + '00'.repeat(16)),
]

/** One packet that somebody may send. */
export function packet(roll: Dice): Buffer {
  const kind = roll(10)
  if (kind === 0) return noise(roll)
  if (kind < 4) return built(roll)
  let wire: Buffer = Buffer.from(SEEDS[roll(SEEDS.length)] ?? ALICE)
  for (let n = roll(4); n >= 0; n -= 1) wire = mutated(wire, roll)
  return wire
}

/** A message put together of parts, each of them right or nearly so: what a parser has to take apart. */
function built(roll: Dice): Buffer {
  const sections = [roll(20) === 0 ? roll(3) : 1, roll(10) === 0 ? 1 : 0, roll(8) === 0 ? 1 : 0, roll(4)]
  let wire: Buffer = Buffer.alloc(12)
  wire.writeUInt16BE(roll(65536), 0)
  wire.writeUInt16BE(roll(6) === 0 ? roll(65536) & 0x7fff : roll(2) << 8, 2)
  const type = TYPES[roll(TYPES.length)] ?? 1
  if (type === 251 && roll(4) > 0) sections[2] = 1
  for (let n = 0; n < (sections[0] ?? 0); n += 1) wire = Buffer.concat([wire, anyName(roll, wire.length), numbers(type, roll(15) === 0 ? roll(65536) : 1)])
  for (const count of sections.slice(1)) for (let n = 0; n < count; n += 1) wire = Buffer.concat([wire, anyRecord(roll, wire.length)])
  for (const [n, count] of sections.entries()) wire.writeUInt16BE(roll(30) === 0 ? roll(4) : count, 4 + 2 * n)
  if (roll(4) === 0) wire = signed(wire, roll)
  return roll(20) === 0 ? Buffer.concat([wire, noise(roll)]) : wire
}

const TYPES = [1, 2, 6, 28, 255, 251, 251, 252, 252, 16, 43, 46, 47, 48, 41, 250, 128, 249, 253, 65535]
const NAMES = ['example', 'alice.example', 'deep.empty.example', 'empty.example', 'ns.example', 'x.example', '*.example', 'a.b.c.alice.example', 'example.org', 'ns2.example', '']

/** A name as it is, with pointers anywhere, or of labels of any length. */
function anyName(roll: Dice, at: number): Buffer {
  const plain = Buffer.from(wireName(NAMES[roll(NAMES.length)] ?? ''), 'hex')
  switch (roll(12)) {
    case 0: return Buffer.concat([plain.subarray(0, roll(plain.length)), Buffer.from([0xc0 | roll(2), roll(256)])])
    case 1: return Buffer.from([0xc0 | at >> 8, at & 255])
    case 2: return Buffer.from([0xc0, 12])
    case 3: return Buffer.concat([...Array.from({ length: 1 + roll(140) }, () => Buffer.from([1, roll(256)])), Buffer.from([0])])
    case 4: return Buffer.concat([...Array.from({ length: 1 + roll(5) }, () => Buffer.concat([Buffer.from([roll(70)]), Buffer.alloc(roll(70), roll(256))])), Buffer.from([0])])
    default: return plain
  }
}

function anyRecord(roll: Dice, at: number): Buffer {
  switch (roll(5)) {
    case 0: return Buffer.from(opt(roll(65536), roll(3) === 0 ? roll(2 ** 31) : roll(2) << 15, anyOptions(roll)), 'hex')
    case 1: return Buffer.from(opt(1232, 0, '000a0008' + '33'.repeat(8)), 'hex')
    case 2: return Buffer.concat([Buffer.from('c00c000600010000000000160000', 'hex'), numbers(0, roll(20)), Buffer.alloc(16)])
    default: {
      const data = roll(3) === 0 ? anyName(roll, at) : Buffer.alloc(roll(30), roll(256))
      const type = TYPES[roll(TYPES.length)] ?? 1
      return Buffer.concat([anyName(roll, at), numbers(type, roll(4) === 0 ? 255 : 1), numbers(0, roll(3)), numbers(roll(20) === 0 ? roll(65536) : data.length).subarray(0, 2), data])
    }
  }
}

function anyOptions(roll: Dice): string {
  const options = Array.from({ length: roll(4) }, () => {
    const data = Buffer.alloc([0, 4, 8, 16, 24, 40, 41, roll(60)][roll(8)] ?? 0, roll(256))
    return Buffer.concat([numbers([3, 8, 10, 10, 12, roll(65536)][roll(6)] ?? 10, roll(15) === 0 ? roll(65536) : data.length), data])
  })
  return Buffer.concat(options).toString('hex')
}

/** With a signature that is right before anything is changed. */
function signed(wire: Buffer, roll: Dice): Buffer {
  const key = roll(4) === 0 ? { ...KEY, secret: Buffer.alloc(32) } : KEY
  return Signing.question(key, () => (SIGNED_AT + roll(5) * 150 - 300) * 1000).sign(wire)
}

function numbers(...all: number[]): Buffer {
  const bytes = Buffer.alloc(2 * all.length)
  for (const [n, number] of all.entries()) bytes.writeUInt16BE(number, 2 * n)
  return bytes
}

function noise(roll: Dice): Buffer {
  const wire = Buffer.alloc(roll(roll(8) === 0 ? 4000 : 80))
  for (let n = 0; n < wire.length; n += 1) wire[n] = roll(256)
  if (wire.length > 3 && roll(2) === 0) wire[2] = 0
  return wire
}

const NUMBERS = [0, 1, 2, 11, 12, 63, 64, 127, 128, 191, 192, 193, 250, 255]

function mutated(wire: Buffer, roll: Dice): Buffer {
  const at = roll(Math.max(1, wire.length))
  const other = SEEDS[roll(SEEDS.length)] ?? ALICE
  const copy = Buffer.from(wire)
  switch (roll(8)) {
    case 0: copy[at] = roll(256); return copy
    case 1: copy[at] = (copy[at] ?? 0) ^ 1 << roll(8); return copy
    case 2: copy[at] = NUMBERS[roll(NUMBERS.length)] ?? 0; return copy
    case 3: return copy.subarray(0, at)
    case 4: return Buffer.concat([copy.subarray(0, at), other.subarray(roll(other.length))])
    case 5: return Buffer.concat([copy.subarray(0, at), Buffer.from([0xc0, roll(256)]), copy.subarray(at)])
    case 6: return Buffer.concat([copy.subarray(0, at), copy.subarray(roll(copy.length + 1))])
    default: if (copy.length > 11) copy[4 + roll(8)] = roll(3); return copy
  }
}

/** The zone changes under them: names come, move and go. */
export function change(responder: Responder, roll: Dice): void {
  const records = roll(2) === 0 ? null : { a: [`192.0.2.${roll(256)}`], aaaa: [] }
  responder.zone.change({ [['x', 'deep.empty', '*', 'a.b'][roll(4)] ?? 'x']: records }, (responder.zone.serial + 1) % 2 ** 32)
}

const kept = (type: RecordType, ...data: string[]) => ({ type, ttl: 300, data })
const RECORDS: Record<string, NameRecords> = {
  '*.wild': { a: ['192.0.2.7'], aaaa: [], sets: [kept('TXT', ...Array.from({ length: 8 }, (_, n) => `"${String(n).repeat(200)}"`))] },
  '*.alias': { a: [], aaaa: [], sets: [kept('CNAME', 'loop.example.')] }, loop: { a: [], aaaa: [], sets: [kept('CNAME', 'any.alias.example.')] },
  '_sip._tcp.alice': { a: [], aaaa: [], sets: [kept('SRV', '0 5 5060 alice.example.', '0 5 5060 b.wild.example.')] },
}

/** What they are sent to: it knows the key of the signed ones, at their time. */
export function target(): Responder {
  return new Responder(new Zone(sampleZone({ apex: { ...sampleZone().apex, sets: [kept('MX', '10 alice.example.', '20 mx.example.org.')] }, names: { ...sampleZone().names, ...RECORDS } })), { keys: new Keys([KEY], () => SIGNED_AT * 1000), transfers: new Transfers([{ address: '127.0.0.1', port: 53, key: KEY, from: null }]) })
}

/** What every answer to every packet must be, or there is none. */
export function check(responder: Responder, wire: Buffer, roll: Dice): void {
  const before = wire.toString('hex')
  const transport = roll(4) === 0 ? 'tcp' : 'udp'
  const said = transport === 'tcp' ? responder.converse(wire, '127.0.0.1') : responder.answer(wire, '127.0.0.1', 'udp')
  const answer = said === null || said instanceof Uint8Array ? said : first(said)
  assert.equal(wire.toString('hex'), before, 'the query is left as it is')
  if (wire.length < 12 || ((wire[2] ?? 0) & 0x80) !== 0) return assert.equal(answer, null, before)
  assert.ok(answer !== null, before)
  const { id, qr, opcode, rd, ra, aa, rest, rcode, counts } = header(answer)
  const asked = header(wire)
  assert.deepEqual([id, qr, opcode, rd, ra, rest], [asked.id, true, asked.opcode, asked.rd, false, 0], before)
  assert.ok([0, 1, 3, 4, 5, 9].includes(rcode), before)
  assert.ok(aa || (counts[1] === 0 && counts[2] === 0), before)
  assert.ok(answer.length <= (transport === 'udp' ? 1232 : 65535), before)
  if (asked.opcode !== 0) assert.ok(rcode === 4 || rcode === 9, before)
  else if (asked.counts[0] !== 1 && rcode !== 0) assert.ok(rcode === 1 || rcode === 9, before)
  readable(answer, before)
}

/** The first message of a transfer, which is its last, too: the zone is small. */
function first(transfer: Iterator<Buffer>): Buffer {
  const { value } = transfer.next()
  assert.ok(Buffer.isBuffer(value) && transfer.next().done === true)
  return value
}

/** The answer says what its counts promise and not a byte more, as another decoder reads it. */
function readable(answer: Buffer, asked: string): void {
  const packet = Packet.parse(answer)
  const { qdcount, ancount, nscount, arcount } = packet.header
  const read = [packet.questions, packet.answers, packet.authorities, packet.additionals].map(section => section.length)
  assert.deepEqual([packet.errors.length, ...read], [0, qdcount, ancount, nscount, arcount], asked)
}
