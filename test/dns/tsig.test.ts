// Signed queries and answers (RFC 8945): captured bytes of dig and kdig, and each way a signature is wrong.
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { parse, signatureOf as signatureIn } from '../../dns/parse.ts'
import { Responder } from '../../dns/respond.ts'
import { isSignedBy, Keys, Signing, TSIG_ERROR, type Key, type Tsig } from '../../dns/tsig.ts'
import { Limit } from '../../dns/limit.ts'
import { Zone } from '../../dns/zone.ts'
import { sampleZone } from './nameserver.ts'
import { header, KEY, opt, query, queryWith, SIGNED, SIGNED_AT, SIGNED_KDIG, wireName } from './packets.ts'

const responder = (now = SIGNED_AT, keys = [KEY]): Responder => new Responder(new Zone(sampleZone()), { keys: new Keys(keys, () => now * 1000), limit: new Limit(1, () => 0), limitLoopback: true })
function ask(wire: Buffer, by = responder()): Buffer {
  const answer = by.answer(wire, '192.0.2.7', 'udp')
  assert.ok(answer !== null)
  return answer
}

/** The signature of an answer, read as a query's: the QR bit apart they have one form. */
function signatureOf(answer: Buffer): { tsig: Tsig; wire: Buffer } {
  const wire = Buffer.from(answer)
  const at = wire.lastIndexOf(Buffer.from('00fa00ff', 'hex')) - KEY.name.length
  const bare = Buffer.concat([Buffer.from('000000000000000000000001', 'hex'), wire.subarray(at)])
  const parsed = parse(bare)
  assert.ok(parsed.kind === 'error' && parsed.tsig !== null)
  return { tsig: { ...parsed.tsig, at }, wire }
}

function verdict(wire: Buffer, by?: Responder): { rcode: number; error: number; mac: number; other: string; time: number } {
  const answer = ask(wire, by)
  const { tsig } = signatureOf(answer)
  return { rcode: header(answer).rcode, error: tsig.error, mac: tsig.mac.length, other: tsig.other.toString('hex'), time: tsig.time }
}
const edited = (change: (wire: Buffer) => void, of = SIGNED): Buffer => { const copy = Buffer.from(of); change(copy); return copy }
/** A query signed by us; `change` may spoil the record's bytes. */
const signed = (key: Key, wire = query()): Buffer => Signing.question(key).sign(wire)

describe('a signature that is right', () => {
  test('of dig and kdig: the answer is whole and signed for the question', () => {
    for (const wire of [SIGNED, SIGNED_KDIG]) {
      const answer = ask(wire)
      const { tsig, wire: signedAnswer } = signatureOf(answer)
      const asked = parse(wire)
      assert.ok(asked.kind === 'query' && asked.tsig !== null)
      assert.deepEqual([header(answer).rcode, header(answer).counts[1], tsig.error, tsig.time, tsig.fudge], [0, 1, 0, SIGNED_AT, 300])
      assert.ok(isSignedBy(KEY, signedAnswer, tsig, asked.tsig.mac))
      assert.ok(!isSignedBy(KEY, signedAnswer, tsig), 'an answer that is not bound to its question')
    }
  })
  test('is independent of the case of the key name, and of the id that a forwarder gave', () => {
    const upper = edited(wire => { for (let at = SIGNED.indexOf('ns2'); at < SIGNED.indexOf('ns2') + 11; at += 1) if ((wire[at] ?? 0) > 96) wire[at] = (wire[at] ?? 0) - 32 })
    const forwarded = edited(wire => wire.writeUInt16BE(0x1111, 0))
    assert.deepEqual([verdict(upper).error, verdict(forwarded).error], [0, 0])
    assert.equal(header(ask(forwarded)).id, 0x1111)
  })
  test('counts within the clocks\' difference that it allows, and not a second beyond', () => {
    for (const off of [-300, 300]) assert.equal(verdict(SIGNED, responder(SIGNED_AT + off)).error, 0, String(off))
    for (const off of [-301, 301, 86400]) assert.equal(verdict(SIGNED, responder(SIGNED_AT + off)).error, TSIG_ERROR.BADTIME, String(off))
  })
  test('spares its sender rate limits', () => {
    const by = responder()
    for (let n = 0; n < 20; n += 1) assert.equal(header(ask(SIGNED, by)).counts[1], 1)
  })
  test('fits the answer into the size that was asked for', () => {
    const many = Array.from({ length: 40 }, (_, n) => `192.0.2.${n}`)
    const by = new Responder(new Zone(sampleZone({ names: { forty: { a: many, aaaa: [] } } })), { keys: new Keys([KEY]) })
    const big = by.answer(signed(KEY, queryWith(opt(700), { name: wireName('forty.example') })), '192.0.2.7', 'udp')
    assert.ok(big !== null && header(big).tc && big.length <= 700)
  })
  test('is on errors too', () => {
    for (const [wire, code] of [[query({ name: wireName('org') }), 5], [query({ type: 252 }), 5], [query({ cls: 3 }), 5], [query({ name: wireName('x.example') }), 3]] as const) {
      const { rcode, error, mac } = verdict(signed(KEY, wire), new Responder(new Zone(sampleZone()), { keys: new Keys([KEY]) }))
      assert.deepEqual([rcode, error, mac], [code, 0, 32])
    }
  })
})

describe('a signature that is wrong', () => {
  test('BADKEY, unsigned, for a key or an algorithm that is not ours', () => {
    assert.deepEqual(verdict(SIGNED, responder(SIGNED_AT, [])), { rcode: 9, error: TSIG_ERROR.BADKEY, mac: 0, other: '', time: SIGNED_AT })
    const sha512 = edited(wire => wire.write('hmac-sha512', SIGNED.indexOf('hmac-sha256'), 'latin1'))
    const at = sha512.lastIndexOf('sha512')
    const answer = ask(sha512)
    assert.deepEqual([at > 0, header(answer).rcode, answer.readUInt16BE(answer.length - 4)], [true, 9, TSIG_ERROR.BADKEY])
    assert.ok(answer.includes('hmac-sha512'), 'the algorithm is the query\'s')
  })
  test('BADSIG, unsigned, for any bit that was changed on the way, and for no MAC', () => {
    for (const at of [2, 13, 28, 35, SIGNED.length - 45, SIGNED.length - 30, SIGNED.length - 7, SIGNED.length - 6, SIGNED.length - 3]) {
      const answer = ask(edited(wire => { wire[at] = (wire[at] ?? 0) ^ 1 }))
      assert.deepEqual([header(answer).rcode, answer.readUInt16BE(answer.length - 4)], [9, TSIG_ERROR.BADSIG], `byte ${at}`)
    }
    assert.deepEqual(verdict(signed({ ...KEY, secret: Buffer.alloc(32) }), responder()).error, TSIG_ERROR.BADSIG)
    const none = Buffer.concat([SIGNED.subarray(0, SIGNED.length - 40), Buffer.from('0000', 'hex'), SIGNED.subarray(SIGNED.length - 6)])
    none.writeUInt16BE(0x3d - 32, SIGNED.indexOf('\x0bhmac') - 2)
    assert.deepEqual([verdict(none).error, verdict(none).mac], [TSIG_ERROR.BADSIG, 0])
  })
  test('BADTIME is signed, with the query\'s time and ours in the other data', () => {
    const late = SIGNED_AT + 4000
    const answer = ask(SIGNED, responder(late))
    const { tsig, wire } = signatureOf(answer)
    const asked = parse(SIGNED)
    assert.ok(asked.kind === 'query' && asked.tsig !== null)
    assert.deepEqual([header(answer).rcode, tsig.error, tsig.time, tsig.other.readUIntBE(0, 6)], [9, TSIG_ERROR.BADTIME, SIGNED_AT, late])
    assert.ok(isSignedBy(KEY, wire, tsig, asked.tsig.mac))
  })
  test('BADTRUNC for half a MAC that is right; FORMERR for less than half or more than all (section 5.2.2.1)', () => {
    const cut = (bytes: number): Buffer => {
      const mac = Buffer.concat([SIGNED.subarray(SIGNED.length - 38, SIGNED.length - 6), Buffer.alloc(8)]).subarray(0, bytes)
      const length = Buffer.from([0, bytes])
      const wire = Buffer.concat([SIGNED.subarray(0, SIGNED.length - 40), length, mac, SIGNED.subarray(SIGNED.length - 6)])
      wire.writeUInt16BE(0x3d - 32 + bytes, SIGNED.indexOf('\x0bhmac') - 2)
      return wire
    }
    assert.deepEqual([verdict(cut(16)).error, verdict(cut(31)).error, verdict(cut(32)).error], [TSIG_ERROR.BADTRUNC, TSIG_ERROR.BADTRUNC, 0])
    for (const bytes of [1, 15, 33]) assert.deepEqual([header(ask(cut(bytes))).rcode, header(ask(cut(bytes))).counts], [1, [0, 0, 0, 0]], String(bytes))
  })
  test('FORMERR for a malformed record: class, TTL, lengths, a compressed algorithm, two of them', () => {
    const at = SIGNED.indexOf('ns2') + 12
    const wrong: Buffer[] = [
      edited(wire => wire.writeUInt16BE(1, at + 2)), edited(wire => wire.writeUInt32BE(1, at + 4)),
      edited(wire => wire.writeUInt16BE(0xffff, wire.length - 40)), edited(wire => wire.writeUInt16BE(1, wire.length - 2)), edited(wire => wire.writeUInt16BE(0xc00c, at + 10)),
      queryWith('00' + '00fa' + '00ff' + '00000000' + '0000'), signed(KEY, signed(KEY)),
    ]
    for (const wire of wrong) assert.equal(header(ask(wire)).rcode, 1, wire.toString('hex'))
  })
  test('FORMERR for one in the authority section, which an IXFR has: it is an additional record alone (section 5.1)', () => {
    const asked = Buffer.from(signed(KEY, query({ name: wireName('example'), type: 251 })))
    const moved = edited(wire => { wire.writeUInt16BE(1, 8); wire.writeUInt16BE(0, 10) }, asked)
    assert.equal(header(ask(moved)).rcode, 1)
    assert.notEqual(signatureIn(asked), null)
    assert.equal(signatureIn(moved), null, 'of an answer to NOTIFY')
    const optMoved = query({ name: wireName('example'), type: 251, counts: '0001000000010000', rest: opt() })
    assert.equal(header(ask(optMoved)).rcode, 1)
  })
  test('a refusal is no longer than what it refuses, so that it amplifies nothing', () => {
    for (const now of [SIGNED_AT, SIGNED_AT + 4000]) for (const keys of [[], [KEY]]) assert.ok(ask(edited(wire => { wire[wire.length - 10] = 0 }), responder(now, keys)).length <= SIGNED.length)
  })
})

test('a key name may be compressed, and pointers that loop end in FORMERR', () => {
  const plain = query({ name: wireName('ns2.example') })
  const wire = signed(KEY, plain)
  const at = plain.length
  const compressed = Buffer.concat([wire.subarray(0, at), Buffer.from([0xc0, 12]), wire.subarray(at + KEY.name.length)])
  const now = new Responder(new Zone(sampleZone()), { keys: new Keys([KEY]) })
  assert.equal(header(now.answer(compressed, '192.0.2.7', 'udp') ?? Buffer.alloc(12)).rcode, 3)
  for (const to of [at, at + 1, 0xff]) {
    const loop = Buffer.from(compressed)
    loop[at + 1] = to
    assert.equal(header(now.answer(loop, '192.0.2.7', 'udp') ?? Buffer.alloc(12)).rcode, 1, String(to))
  }
})
