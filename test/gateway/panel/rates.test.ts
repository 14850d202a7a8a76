// How often something may be tried, at the panel's door and by the counter itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { servePanel } from '../../../gateway/panel/serve.ts'
import { Rates, RateLimited, RATES, visitor, type Rate } from '../../../gateway/panel/rates.ts'
import { openHouse, PASSWORD } from './house.ts'

test('a counter lets so many through, says when to come back, and starts anew', () => {
  let now = 0
  const rates = new Rates(() => now)
  const rate = { most: 2, window: 10_000 }
  rates.take('a', rate)
  rates.take('a', rate)
  now = 3_500
  assert.throws(() => rates.take('a', rate), (error: unknown) => error instanceof RateLimited && error.retryAfter === 7)
  rates.take('b', rate)
  rates.forgive('a')
  rates.take('a', rate)
  now = 10_000
  rates.take('a', rate)
})

test('a flood of addresses pushes out the oldest, not the memory', () => {
  const rates = new Rates()
  const rate = { most: 1, window: 60_000 }
  for (let index = 0; index <= 50_000; index++) rates.take(`key ${index}`, rate)
  rates.take('key 0', rate)
  assert.throws(() => rates.take('key 50000', rate), RateLimited)
})

test('a visitor is an IPv4 address or an IPv6 /64', () => {
  assert.equal(visitor('203.0.113.9'), '203.0.113.9')
  assert.equal(visitor('::ffff:203.0.113.9'), '203.0.113.9')
  assert.equal(visitor('2001:db8:1:2:3:4:5:6'), visitor('2001:db8:1:2::1'))
  assert.notEqual(visitor('2001:db8:1:2::1'), visitor('2001:db8:1:3::1'))
})

test('guessing a password ends in 429, for that account from that address only', async t => {
  const house = await openHouse()
  t.after(house.close)
  await house.registry.accounts.create({ username: 'alice', password: PASSWORD })
  await house.registry.accounts.create({ username: 'bob', password: PASSWORD })
  const guesser = house.visitor({ address: '198.51.100.1' })
  const guess = (username: string, password: string) => guesser.call('POST', '/api/session', { username, password })
  const statuses = await Promise.all(Array.from({ length: RATES.failure.most + 3 }, async () => (await guess('alice', 'wrong')).status))
  assert.deepEqual(statuses.filter(status => status === 401).length, RATES.failure.most)
  const refused = await guess('Alice', PASSWORD)
  assert.equal(refused.status, 429)
  assert.equal(refused.json<{ error: { code: string } }>().error.code, 'rate_limited')
  assert.ok(Number(refused.headers['retry-after']) > 0)
  assert.equal((await guess('bob', PASSWORD)).status, 200)
  assert.equal((await house.visitor({ address: '198.51.100.2' }).call('POST', '/api/session', { username: 'alice', password: PASSWORD })).status, 200)
})

test('a class behind one address signs up, a robot doesn\'t go on', async t => {
  const house = await openHouse()
  t.after(house.close)
  const visitor = house.visitor({ address: '2001:db8::1' })
  const up = (username: string, who = visitor) => who.call('POST', '/api/accounts', { username, password: PASSWORD })
  for (let index = 0; index < RATES.signup.most; index++) assert.equal((await up(`pupil-${index}`)).status, 201)
  assert.equal((await up('one-more')).status, 429)
  assert.equal((await up('one-more', house.visitor({ address: '2001:db8::ffff' }))).status, 429, 'the same /64')
  assert.equal((await up('one-more', house.visitor({ address: '2001:db8:0:1::1' }))).status, 201)
})

test('asking for names without end is stopped', async t => {
  const house = await openHouse()
  t.after(house.close)
  const visitor = house.visitor()
  for (let index = 0; index < RATES.names.most; index++) assert.equal((await visitor.call('GET', `/api/names/n${index}`)).status, 200)
  assert.equal((await visitor.call('GET', '/api/names/more')).status, 429)
  assert.equal((await house.console().call('GET', '/api/names/more')).status, 200)
})

test('a restart forgives nobody', async t => {
  const house = await openHouse()
  let again: { close(): Promise<void> } | null = null
  t.after(async () => { await again?.close(); await house.close() })
  for (const username of ['alice', 'bob']) await house.registry.accounts.create({ username, password: PASSWORD })
  const guesser = house.visitor({ address: '198.51.100.7' })
  for (let index = 0; index < RATES.failure.most; index++) assert.equal((await guesser.call('POST', '/api/session', { username: 'alice', password: 'wrong' })).status, 401)
  await house.panel.close()
  const full = (key: string, { most, window }: Rate) => ({ key, count: most, until: Date.now() + window })
  house.registry.tries.save([full('failure bob', RATES.failureAccount), full('failure @198.51.100.9', RATES.failureAddress), full('names 198.51.100.9', RATES.names), full('signup 198.51.100.9', RATES.signup)], [])
  again = await servePanel({ house: house.house, registry: house.registry, desk: house.desk, log: pino({ level: 'silent' }) })
  const status = async (address: string, method: 'GET' | 'POST', path: string, body?: unknown) => (await house.visitor({ address }).call(method, path, body)).status
  const signIn = (username: string, address: string) => status(address, 'POST', '/api/session', { username, password: PASSWORD })
  assert.equal(await signIn('alice', '198.51.100.7'), 429, 'who guessed before')
  assert.equal(await signIn('alice', '198.51.100.8'), 200)
  assert.equal(await signIn('bob', '198.51.100.8'), 429, 'an account that is tried from everywhere')
  assert.equal(await signIn('carol', '198.51.100.9'), 429, 'an address that tries everybody')
  assert.equal(await status('198.51.100.9', 'GET', '/api/names/free'), 429)
  assert.equal(await status('198.51.100.9', 'POST', '/api/accounts', { username: 'dora', password: PASSWORD }), 429)
})
