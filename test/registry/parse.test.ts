import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, parseAddresses, parseEnv, parseLimits, parseSiteName, parseSize, parseUsername } from '../../registry/parse.ts'
import { parsePassword } from '../../registry/weak.ts'

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected

test('a site name is a DNS label in small letters', () => {
  for (const name of ['a', '7', 'alice', 'a-b', 'a--b', 'x'.repeat(63), '0-0']) assert.equal(parseSiteName(name), name)
  const bad = ['', '-a', 'a-', 'a_b', '_dmarc', 'xn--abc', 'ab--c', 'x'.repeat(64), 'Alice', 'a.b', 'a b', 'é', 'a\n', 'a\0', '*', '../a', null, 7, ['a']]
  for (const name of bad) assert.throws(() => parseSiteName(name), code('name_invalid'), JSON.stringify(name))
})

test('an upper-case name is refused with a hint at the small one', () => {
  assert.throws(() => parseSiteName('ALICE'), /try alice/)
})

test('names of the house, of mail, of the name service and of tools are reserved', () => {
  for (const name of ['www', 'mail', 'admin', 'ns', 'ns1', 'ns2', 'api', 'panel', 'localhost', 'autoconfig', 'wpad', 'alice--tools']) {
    assert.throws(() => parseSiteName(name), code('name_reserved'), name)
  }
})

test('names of Object.prototype are names like any other', () => {
  assert.equal(parseSiteName('constructor'), 'constructor')
  assert.equal(parseUsername('constructor'), 'constructor')
})

test('a username is short, plain and in small letters', () => {
  for (const name of ['a', 'alice', 'a.b_c-d', 'x'.repeat(32)]) assert.equal(parseUsername(name), name)
  for (const name of ['', '.a', 'a.', 'Alice', 'x'.repeat(33), 'a b', 'a:b', 'a/b', 'é', 1, null]) {
    assert.throws(() => parseUsername(name), code('username_invalid'), JSON.stringify(name))
  }
})

test('a password is not short, not common and not the username', () => {
  assert.equal(parsePassword('päss wörd 🔑', 'alice'), 'päss wörd 🔑')
  for (const weak of ['', 'short', 'password', 'PASSWORD', 'aaaaaaaaaa', 'alice-anna', 'alice-anna1', '🔑🔑🔑', 'x'.repeat(1025), 'iloveyou', 'football1!', 'Passw0rd', 'motdepasse', 'azertyuiop', 'abcdefgh', '87654321', 'abababab', null]) {
    assert.throws(() => parsePassword(weak, 'alice-anna'), code('password_weak'), JSON.stringify(weak))
  }
})

test('sizes are bytes with powers of 1024', () => {
  const cases: [unknown, number][] = [['256M', 268435456], ['1G', 2 ** 30], ['1.5k', 1536], ['17', 17], [17, 17], ['2GiB', 2 ** 31], ['3MB', 3 * 2 ** 20]]
  for (const [input, bytes] of cases) assert.equal(parseSize(input), bytes)
  for (const bad of ['', 'M', '-1', '1e9', '1P', ' 1', '0x10', -1, Number.NaN, Infinity, null, {}, '999999999999T']) {
    assert.throws(() => parseSize(bad), code('invalid'), String(bad))
  }
})

test('limits are known, within bounds and partial', () => {
  assert.deepEqual(parseLimits({ memory: '256M', cpu: '0.5' }), { memory: 268435456, cpu: 0.5 })
  assert.deepEqual(parseLimits({}), {})
  for (const bad of [{ memory: '1M' }, { memory: '1T' }, { cpu: 0 }, { cpu: true }, { cpu: '' }, { pids: 64.5 }, { disk: null }, { ram: 1 }, { toString: 1 }, [], null, 'x']) {
    assert.throws(() => parseLimits(bad), code('invalid'), JSON.stringify(bad))
  }
})

test("an environment has plain names, single lines and none of the house's own variables", () => {
  assert.deepEqual(parseEnv({ APP_KEY: 'a=b', _x: '' }), { APP_KEY: 'a=b', _x: '' })
  for (const bad of [{ 'a b': '' }, { '1a': '' }, { DB_HOST: 'x' }, { LD_PRELOAD: 'x' }, { PATH: '/' }, { A: 'x\ny' }, { A: 'x\0' }, { A: 1 }, [], null]) {
    assert.throws(() => parseEnv(bad), code('invalid'), JSON.stringify(bad))
  }
  assert.throws(() => parseEnv({ A: 'x'.repeat(40_000) }), code('too_large'))
})

test('an address of an external name is one machine, in canonical text', () => {
  assert.deepEqual(parseAddress('192.0.2.7', 'public'), { family: 4, address: '192.0.2.7' })
  assert.deepEqual(parseAddress('2001:DB8:0:0::1', 'public'), { family: 6, address: '2001:db8::1' })
  for (const bad of ['0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255', '169.254.1.1', 'fe80::1', 'fe80::1%lo', '::ffff:1.2.3.4', '240.0.0.1', '1.2.3', '01.2.3.4', '0x7f.1', '1.2.3.4:80', 'a', '', 7]) {
    assert.throws(() => parseAddress(bad, 'any'), code('invalid'), String(bad))
  }
})

test('private addresses are for names that only this machine knows', () => {
  for (const near of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '172.16.0.1', '100.64.0.1', '::1', 'fd00::1']) {
    assert.throws(() => parseAddress(near, 'public'), code('invalid'), near)
    assert.equal(parseAddress(near, 'any').address, near)
  }
})

test('addresses come as a list or by kind, one to sixteen, each once', () => {
  const both = { a: ['192.0.2.7'], aaaa: ['2001:db8::1'] }
  assert.deepEqual(parseAddresses(['192.0.2.7', '2001:db8::1', '2001:0db8::1'], 'public'), both)
  assert.deepEqual(parseAddresses(both, 'public'), both)
  for (const bad of [[], {}, null, 'x', { a: '192.0.2.7' }, Array(17).fill('192.0.2.7')]) assert.throws(() => parseAddresses(bad, 'public'), code('invalid'))
})
