// Packets made by chance from a seed: mutations of real ones, structures with wrong numbers in them, noise. What must hold for every one.
import assert from 'node:assert/strict'
import { Packet } from 'dns2'
import { Responder } from '../../dns/respond.ts'
import { ALICE, ALICE_COOKIE, ALICE_EDNS, APEX_OPTIONS, header, KEY, opt, query, queryWith, SIGNED, SIGNED_AT, SIGNED_KDIG, wireName } from './packets.ts'
import { Zone } from '../../dns/zone.ts'
import { Keys } from '../../dns/tsig.ts'
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
  let wire: Buffer = Buffer.from(SEEDS[roll(SEEDS.length)] ?? ALICE)
  for (let n = roll(4); n >= 0; n -= 1) wire = mutated(wire, roll)
  return wire
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

/** What they are sent to: it knows the key of the signed ones, at their time. */
export function target(): Responder {
  return new Responder(new Zone(sampleZone()), { keys: new Keys([KEY], () => SIGNED_AT * 1000) })
}

/** What every answer to every packet must be, or there is none. */
export function check(responder: Responder, wire: Buffer, roll: Dice): void {
  const before = wire.toString('hex')
  const transport = roll(4) === 0 ? 'tcp' : 'udp'
  const answer = responder.answer(wire, '127.0.0.1', transport)
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

/** The answer says what its counts promise and not a byte more, as another decoder reads it. */
function readable(answer: Buffer, asked: string): void {
  const packet = Packet.parse(answer)
  const { qdcount, ancount, nscount, arcount } = packet.header
  const read = [packet.questions, packet.answers, packet.authorities, packet.additionals].map(section => section.length)
  assert.deepEqual([packet.errors.length, ...read], [0, qdcount, ancount, nscount, arcount], asked)
}
