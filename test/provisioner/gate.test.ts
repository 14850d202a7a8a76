import assert from 'node:assert/strict'
import test from 'node:test'
import { Gate } from '../../provisioner/gate.ts'

const MINUTE = 60_000

test('so many pass at once, the others in the order they came, whatever becomes of those before', async () => {
  const gate = new Gate(2, MINUTE)
  const begun: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
  const passed = ends.map(({ promise }, i) => gate.pass(() => { begun.push(i); return promise }))
  const outcomes = Promise.allSettled(passed)
  await new Promise(setImmediate)
  assert.deepEqual(begun, [0, 1])
  ends[1]!.reject(new Error('failed'))
  await new Promise(setImmediate)
  assert.deepEqual(begun, [0, 1, 2])
  for (const [i, { resolve }] of ends.entries()) resolve(i)
  assert.deepEqual((await outcomes).map(each => each.status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
  assert.equal(await gate.pass(async () => 'free again'), 'free again')
})

test('one that stays too long no longer counts, and gives its place only once', async () => {
  const gate = new Gate(1, 20)
  const slow = Promise.withResolvers<void>()
  const first = gate.pass(() => slow.promise)
  await gate.pass(async () => {})
  slow.resolve()
  await first
  let inside = 0
  let most = 0
  await Promise.all([1, 2, 3].map(() => gate.pass(async () => { most = Math.max(most, ++inside); await new Promise(setImmediate); inside-- })))
  assert.equal(most, 1)
})
