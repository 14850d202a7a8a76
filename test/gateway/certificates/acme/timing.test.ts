import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentOf, renewalOf, retryOf } from '../../../../gateway/certificates/acme/timing.ts'
import { Refusal } from '../../../../gateway/certificates/acme/refusal.ts'
import { retryAt } from '../../../../gateway/certificates/acme/transport.ts'
import { byAny, inOrder } from '../../../../gateway/certificates/acme/ways.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('a certificate is renewed at two thirds of its life, or a little sooner by chance: 90, 45 and 6 days', () => {
  const days = (life: number, chance: number) => renewalOf({ validFromDate: new Date(0), validToDate: new Date(life * DAY) }, chance) / DAY
  assert.deepEqual([90, 45, 6].map(life => days(life, 0)), [60, 30, 4])
  assert.deepEqual([90, 45, 6].map(life => days(life, 1)), [57, 28.5, 3.8])
})

test('a suggested window is used by chance, from its start to its end', () => {
  assert.deepEqual([0, 0.5, 1].map(chance => momentOf({ start: 100, end: 200 }, chance)), [100, 150, 200])
})

test('tries are further and further apart, those after a refusal more than those of a server that is away; chance spreads them', () => {
  const pauses = (type: string, chance: number) => [1, 2, 3, 8, 30].map(failures => retryOf({ type, retryAt: null }, failures, 0, chance) / MINUTE)
  assert.deepEqual(pauses('unauthorized', 0.5), [5, 10, 20, 640, 720])
  assert.deepEqual(pauses('unreachable', 0.5), [1, 2, 4, 60, 60])
  assert.deepEqual(pauses('unreachable', 0), [0.75, 1.5, 3, 45, 45])
  assert.deepEqual(pauses('unreachable', 1), [1.25, 2.5, 5, 75, 75])
})

test('no try comes before the server allows it, but a server can\'t put one off for longer than a week', () => {
  assert.equal(retryOf({ type: 'rateLimited', retryAt: 3 * HOUR }, 1, 0, 0.5), 3 * HOUR)
  assert.equal(retryOf({ type: 'rateLimited', retryAt: 300 * DAY }, 1, 0, 0.5), 7 * DAY)
  assert.equal(retryOf({ type: 'rateLimited', retryAt: 1 }, 1, 0, 0.5), 5 * MINUTE)
})

test('Retry-After is seconds or a date, and nonsense is nothing', () => {
  assert.equal(retryAt('120', 1000), 121_000)
  assert.equal(retryAt('Thu, 01 Jan 1970 00:01:00 GMT', 0), MINUTE)
  assert.deepEqual([retryAt('soon', 0), retryAt(null, 0)], [null, null])
})

test('ways to prove a name are tried in order, the one that worked last first; what no other way could mend ends the try', async () => {
  const way = (type: 'http-01' | 'tls-alpn-01') => ({ type, present: async () => {}, cleanup: async () => {} })
  const ways = [way('http-01'), way('tls-alpn-01')]
  assert.deepEqual([null, 'tls-alpn-01' as const].map(last => inOrder(ways, last).map(({ type }) => type)), [['http-01', 'tls-alpn-01'], ['tls-alpn-01', 'http-01']])
  const tried = async (...types: string[]): Promise<[number, Refusal | string]> => {
    let tries = 0
    const end = byAny(ways, async ({ type }) => { const refused = types[tries++]; if (refused) throw new Refusal({ type: refused, message: `${refused}!`, retryAt: tries }); return type })
    return [await end.then(String, (error: Refusal) => error), tries].reverse() as [number, Refusal | string]
  }
  assert.deepEqual(await tried(), [1, 'http-01'])
  assert.deepEqual(await tried('connection'), [2, 'tls-alpn-01'])
  const [tries, caa] = await tried('caa')
  assert.deepEqual([tries, caa instanceof Refusal && caa.type], [1, 'caa'])
  const [, both] = await tried('unauthorized', 'rateLimited')
  assert.ok(both instanceof Refusal)
  assert.deepEqual([both.type, both.retryAt], ['rateLimited', 2])
  assert.match(both.message, /^by http-01: unauthorized!; make sure .*; then rateLimited!; the authority allows/)
})
