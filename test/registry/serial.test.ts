import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAtLeast, latestSerial, nextSerial } from '../../registry/serial.ts'

test('serials are compared as RFC 1982 has it, over the end of the numbers', () => {
  const most = 2 ** 32 - 1
  for (const [serial, than, expected] of [[1, 1, true], [2, 1, true], [1, 2, false], [0, most, true], [most, 0, false], [100, most - 100, true], [2 ** 31, 1, true], [2 ** 31 + 1, 1, false]] as const) {
    assert.equal(isAtLeast(serial, than), expected, `${serial} ${than}`)
  }
  assert.deepEqual([nextSerial(7), nextSerial(most)], [8, 0])
  assert.deepEqual([latestSerial([5, 9, 7]), latestSerial([most, 3]), latestSerial([3, most])], [9, 3, 3])
})
