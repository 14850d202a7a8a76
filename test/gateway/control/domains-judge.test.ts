// What looks at DNS mean for a domain that is held, as time goes by.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followed, isShown, proofIn } from '../../../gateway/control/domains/judge.ts'
import type { Look } from '../../../gateway/control/domains/look.ts'
import type { Domain } from '../../../registry/types.ts'

const DAY = 24 * 3600 * 1000
const HERE: Look = { txt: false, cname: 'none', addresses: 'here' }
const GONE: Look = { txt: false, cname: 'none', addresses: 'elsewhere' }
const SILENCE: Look = { txt: null, cname: null, addresses: null }
const HELD: Domain = { domain: 'example.org', site: 'alice', account: 1, state: 'verified', proof: 'address', canonical: false, elsewhere: true, finding: 'here', claimedAt: 0, checkedAt: 0, strayedAt: null }

test('a domain that leads elsewhere is kept for a fortnight, then gets no certificate, then is given back', () => {
  const strayed = followed(HELD, GONE, DAY)
  assert.ok(strayed !== 'released')
  assert.deepEqual([strayed.state, strayed.strayedAt], ['verified', DAY])
  const at = (days: number, look = GONE) => followed(strayed, look, days * DAY)
  const stateOf = (one: Domain | 'released'): string => (one === 'released' ? one : one.state)
  assert.deepEqual([14, 15, 60, 61].map(days => stateOf(at(days))), ['verified', 'lapsed', 'lapsed', 'released'])
  assert.partialDeepStrictEqual(at(50, HERE), { state: 'verified', strayedAt: null })
})

test('a resolver that does not answer takes nothing away and gives nothing back', () => {
  const lapsed: Domain = { ...HELD, state: 'lapsed', strayedAt: DAY }
  assert.deepEqual(followed(lapsed, SILENCE, 400 * DAY), { ...lapsed, finding: 'unanswered', checkedAt: 400 * DAY })
  assert.ok(isShown(SILENCE) && isShown({ ...SILENCE, txt: false }) && !isShown(HERE))
})

test('each proof counts in its own circumstances alone', () => {
  const free = { isTaken: false, isContested: false, isSecondHand: false, isAlone: false }
  const proof = (look: Look, standing = {}, elsewhere = false) => proofIn(look, { elsewhere }, { ...free, ...standing }).proof
  const text: Look = { ...GONE, txt: true }
  const alias: Look = { txt: false, cname: 'site', addresses: null }
  assert.deepEqual([proof(text), proof(text, { isTaken: true, isContested: true, isSecondHand: true })], ['txt', 'txt'])
  assert.deepEqual([proof(alias), proof(alias, { isContested: true }), proof(alias, { isTaken: true }), proof(alias, { isSecondHand: true }), proof(alias, { isSecondHand: true }, true)], ['cname', 'cname', null, null, 'cname'])
  assert.deepEqual([proof(HERE), proof(HERE, {}, true), proof(HERE, { isContested: true }, true), proof(HERE, { isAlone: true }), proof(HERE, { isAlone: true, isTaken: true })], [null, 'address', null, 'address', null])
  assert.deepEqual([proof({ ...HERE, cname: 'house' }, {}, true), proof({ ...HERE, addresses: 'mixed' }, { isAlone: true }), proof(SILENCE, { isAlone: true })], [null, null, null])
})
