import { test } from 'node:test'
import assert from 'node:assert/strict'
import { check, dice, packet, target } from './fuzz.ts'

test('30,000 packets made by chance get a sound answer or none, and crash nothing', () => {
  const responder = target()
  const roll = dice(20)
  for (let n = 0; n < 30_000; n += 1) check(responder, packet(roll), roll)
})

test('packets made by chance reach every code, so that the fuzz is not all FORMERR', () => {
  const responder = target()
  const roll = dice(21)
  const codes = new Map<number, number>()
  for (let n = 0; n < 5_000; n += 1) {
    const answer = responder.answer(packet(roll), '127.0.0.1', 'udp')
    const code = answer === null ? -1 : (answer[3] ?? 0) & 15
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  for (const code of [-1, 0, 1, 3, 4, 5, 9]) assert.ok((codes.get(code) ?? 0) > 10, `code ${code}: ${codes.get(code)}`)
})
