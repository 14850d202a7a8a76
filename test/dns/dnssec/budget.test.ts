import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKey } from '../../../gateway/control/dnssec/generate.ts'
import { beginRing } from '../../../gateway/control/dnssec/roll.ts'
import { zoneKeys } from '../../../registry/keyring.ts'
import { Budget } from '../../../dns/dnssec/budget.ts'
import { Kept } from '../../../dns/dnssec/kept.ts'
import { Signer } from '../../../dns/dnssec/signer.ts'
import { keyOf } from '../../../dns/name.ts'
import { Responder } from '../../../dns/respond.ts'
import { Zone } from '../../../dns/zone.ts'
import { header, opt, queryWith, wireName } from '../packets.ts'
import { signedZone } from './validators.ts'

const keys = zoneKeys(beginRing('example', await generateKey([])), true)
if (keys === null) throw new Error('no keys')
const DO = opt(1232, 0x8000)
const ask = (name: string) => queryWith(DO, { name: wireName(name) })
const DAY = 86_400_000

describe('a flood of names that do not exist', () => {
  const responder = new Responder(new Zone(signedZone(), [], keys))
  const flood = (transport: 'udp' | 'tcp', from: string) => Array.from({ length: 8000 }, (_, n) => header(responder.answer(ask(`${from}${n}.example`), '127.0.0.1', transport) ?? Buffer.alloc(12)))

  test('gets so many signatures over UDP and no more, then TC; names that exist are signed all the while', () => {
    const answers = flood('udp', 'u')
    const signed = answers.filter(({ tc }) => !tc)
    assert.ok(signed.length >= 500 && signed.length < answers.length, String(signed.length))
    assert.deepEqual(answers.filter(({ tc, counts }) => tc && counts[2] !== 0), [])
    assert.equal(header(responder.answer(ask('alice.example'), '127.0.0.1', 'udp') ?? Buffer.alloc(12)).counts[1], 3)
  })

  test('leaves those alone who come over TCP; too many of them get SERVFAIL, and what was answered once is answered again', () => {
    const answers = flood('tcp', 't')
    const refused = answers.filter(({ rcode }) => rcode === 2)
    assert.ok(refused.length > 0 && refused.length <= answers.length - 500, String(refused.length))
    assert.equal(answers[0]?.rcode, 3)
    assert.equal(header(responder.answer(ask('t0.example'), '127.0.0.1', 'tcp') ?? Buffer.alloc(12)).rcode, 3)
  })

  test('costs nothing to who asks without DO', () => {
    for (let n = 0; n < 1000; n += 1) assert.equal(header(responder.answer(queryWith(opt(), { name: wireName(`p${n}.example`) }), '127.0.0.1', 'udp') ?? Buffer.alloc(12)).rcode, 3)
  })
})

test('a purse is full again after a second, one purse does not pay for another', () => {
  let now = 0
  const budget = new Budget(() => now, { strangers: 2, known: 1, zone: 1, transfer: Infinity })
  assert.deepEqual([budget.take('strangers'), budget.take('strangers'), budget.take('strangers'), budget.take('known'), budget.take('known')], [true, true, false, true, false])
  now = 500
  assert.deepEqual([budget.take('strangers'), budget.take('strangers')], [true, false])
})

test('a signature is kept, made anew after three days and used on where it can not be', () => {
  let now = Date.UTC(2030, 0, 1)
  let free = true
  const budget = Object.assign(new Budget(), { take: () => free })
  const signer = new Signer(keyOf('example'), keys, { budget, clock: () => now })
  const set = { owner: keyOf('alice.example'), type: 1, ttl: 60, data: [Buffer.from([192, 0, 2, 1])] }
  const expiration = (data: Buffer[] | null) => (data?.[0]?.readUInt32BE(8) ?? 0) * 1000
  const first = signer.sign(set, 'zone')
  now += 2.4 * DAY
  assert.equal(signer.sign(set, 'zone'), first)
  assert.ok(expiration(first) - now > 18 * DAY)
  now += 0.7 * DAY
  free = false
  assert.equal(signer.sign(set, 'zone'), first)
  free = true
  const second = signer.sign(set, 'zone')
  assert.ok(expiration(second) - now > 20 * DAY)
  assert.notDeepEqual(signer.sign({ ...set, ttl: 61 }, 'zone'), second)
})

test('what was used lately outlives what was not', () => {
  const kept = new Kept<number>(2)
  for (const name of ['a', 'b', 'c']) kept.set(name, 1)
  assert.equal(kept.get('a'), 1)
  kept.set('d', 1)
  assert.deepEqual(['a', 'b', 'c', 'd'].map(name => kept.get(name)), [1, undefined, 1, 1])
})
