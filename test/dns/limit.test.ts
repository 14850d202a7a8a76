import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isLoopback, writeAddress } from '../../dns/address.ts'
import { hash, Limit } from '../../dns/limit.ts'

test('addresses are read as their bytes', () => {
  const bytes = new Uint8Array(16)
  const read = (address: string): string => Buffer.from(bytes.subarray(0, writeAddress(address, bytes))).toString('hex')
  assert.equal(read('192.0.2.255'), 'c00002ff')
  assert.equal(read('::ffff:192.0.2.1'), 'c0000201')
  assert.equal(read('::'), '0'.repeat(32))
  assert.equal(read('::1'), '1'.padStart(32, '0'))
  assert.equal(read('2001:db8::ff00:42:8329'), '20010db8000000000000ff0000428329')
  assert.equal(read('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008')
  assert.equal(read('fe80::1%eth0'), 'fe80' + '1'.padStart(28, '0'))
  assert.equal(read('2001:db8::'), '20010db8' + '0'.repeat(24))
})

test('loopback is told from the rest', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address)
  for (const address of ['128.0.0.1', '::2', '1.127.0.0', '::ffff:1.127.0.1']) assert.ok(!isLoopback(address), address)
})

test('a network has its rate again after a second, one of another address or kind has its own', () => {
  let now = 5
  const limit = new Limit(10, () => now)
  const taken = (address: string, what = 1): number => Array.from({ length: 40 }, () => limit.take(address, what)).filter(verdict => verdict === 'pass').length
  assert.equal(taken('192.0.2.1'), 10)
  assert.equal(taken('192.0.2.200'), 0)
  assert.equal(taken('192.0.3.1'), 10)
  assert.equal(taken('192.0.2.1', 2), 10)
  assert.equal(taken('2001:db8:0:ff::1'), 10)
  assert.equal(taken('2001:db8:0:1::1'), 0)
  assert.equal(taken('2001:db8:0:100::1'), 10)
  now += 500
  assert.equal(taken('192.0.2.1'), 5)
  now += 60_000
  assert.equal(taken('192.0.2.1'), 10)
})

test('a flood of other networks does not free one that is limited', () => {
  const limit = new Limit(10, () => clock)
  let clock = 0
  let passed = 0
  for (let n = 0; n < 300_000; n += 1) {
    clock += 0.001
    limit.take(`${n >> 16}.${n >> 8 & 255}.${n & 255}.1`, 1)
    if (n % 10 === 0 && limit.take('198.51.100.1', 1) === 'pass') passed += 1
  }
  assert.ok(passed < 100, `${passed} of 30000 passed in 0.3 s at 10 a second`)
})

test('kinds differ by name and by type', () => {
  assert.notEqual(hash('\x05alice\0', 1), hash('\x05alice\0', 28))
  assert.notEqual(hash('\x05alice\0', 1), hash('\x05alicf\0', 1))
})
