// When certificates are ordered and renewed, and what becomes of failures. A real ACME server (Pebble) behind a front that refuses, limits and suggests.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { after, test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { identifierOf } from '../../../../gateway/certificates/acme/ari.ts'
import { Engine } from '../../../../gateway/certificates/acme/engine.ts'
import { Schedule, type Word } from '../../../../gateway/certificates/acme/schedule.ts'
import type { Bounds } from '../../../../gateway/certificates/acme/budget.ts'
import { until } from '../../../helpers/patience.ts'
import { temporary } from '../../../helpers/temporary.ts'
import { AT, Front, problem } from './front.ts'
import { nameServer, Web } from './names.ts'
import { Pebble } from './pebble.ts'

const HOUR = 3600 * 1000
const DAY = 24 * HOUR
const log = pino({ level: process.env.LOG ?? 'silent' })

type Plan = { schedule: Schedule; words: Word[]; certificate: (id: string) => X509Certificate | null }

const web = await Web.start({ after })
const dns = await nameServer({ after }, ['alice', 'bob', 'carol'])
const usual = await Pebble.start({ after }, { dns, httpPort: web.port })

/** `life`: of a certificate, seconds. */
async function town(t: TestContext, life?: number) {
  web.reset()
  const pebble = life === undefined ? usual : await Pebble.start(t, { dns, life, httpPort: web.port })
  const front = await Front.start(t, pebble)
  const directory = temporary(t)
  let ahead = 0
  const begin = async (change: { bounds?: Bounds; now?: () => number } = {}): Promise<Plan> => {
    const { now = Date.now, bounds } = change
    const engine = await Engine.open({ server: front.url, ca: front.ca, email: null, directory, log, patience: { first: 50, most: 500, deadline: 20_000 }, now })
    const words: Word[] = []
    const schedule = await Schedule.open({ engine, directory, log, tell: word => { words.push(word) }, chance: () => 0.5, now: () => now() + ahead, ...(bounds ? { bounds } : {}) })
    t.after(() => schedule.close())
    const certificate = (id: string): X509Certificate | null => {
      const last = words.findLast(word => word.type === 'issued' && word.id === id)
      return last?.type === 'issued' ? new X509Certificate(last.certified.chain) : null
    }
    return { schedule, words, certificate }
  }
  const want = ({ schedule }: Plan, label: string, account: number | null = 1) => schedule.want({ identifiers: [`${label}.auberge.test`], solvers: [web.solver], account })
  /** The clock goes on, and whoever sleeps by it wakes: a name that is dropped wakes the schedule. */
  const later = async ({ schedule }: Plan, milliseconds: number): Promise<void> => {
    ahead += milliseconds
    await schedule.want({ identifiers: ['nobody.auberge.test'], solvers: [web.solver], account: -1 })
    await schedule.drop('nobody.auberge.test')
  }
  return { web, pebble, front, directory, begin, want, later }
}

const viewOf = ({ schedule }: Plan, label: string) => schedule.view().find(({ id }) => id === `${label}.auberge.test`)
const failed = (plan: Plan, label: string) => until(`a failure of ${label}`, () => viewOf(plan, label)?.trouble)
const issued = (plan: Plan, label: string) => until(`a certificate for ${label}`, () => plan.certificate(`${label}.auberge.test`))

test('a wanted name gets its certificate; the next schedule has it at once, and nobody is asked for it again', async t => {
  const { front, begin, want, directory } = await town(t)
  const one = await begin()
  await want(one, 'alice')
  const first = await issued(one, 'alice')
  await one.schedule.close()
  const orders = front.orders.length
  const two = await begin()
  await want(two, 'alice')
  assert.equal(two.certificate('alice.auberge.test')?.serialNumber, first.serialNumber)
  assert.equal(front.orders.length, orders)
  await two.schedule.drop('alice.auberge.test')
  assert.deepEqual(two.words.at(-1), { type: 'dropped', id: 'alice.auberge.test' })
  assert.deepEqual(readdirSync(`${directory}/names`), [])
})

test('it is renewed at two thirds of its life, and one that can\'t be renewed is served until its end and said to have ended then', async t => {
  const { front, begin, want, later } = await town(t)
  const plan = await begin()
  await want(plan, 'alice')
  const first = await issued(plan, 'alice')
  const life = first.validToDate.getTime() - first.validFromDate.getTime()
  await later(plan, life * 0.6)
  assert.equal(front.orders.length, 1)
  await later(plan, life * 0.07)
  const second = await until('a renewal', () => { const now = plan.certificate('alice.auberge.test'); return now?.serialNumber !== first.serialNumber && now })
  assert.notEqual(second.publicKey.export({ format: 'jwk' }).x, first.publicKey.export({ format: 'jwk' }).x)
  front.fault = path => (path === AT.order ? problem(403, 'rejectedIdentifier', 'not this one') : null)
  await later(plan, life * 0.1)
  await failed(plan, 'alice')
  await until('the end of the try', () => viewOf(plan, 'alice')?.state === 'issued')
  await later(plan, life)
  await until('the end', () => plan.words.at(-1)?.type === 'ended')
  await until('the end of the last try', () => viewOf(plan, 'alice')?.state === 'ended')
})

test('short lives are renewed at two thirds as well: 45 days, 6 days', async t => {
  for (const days of [45, 6]) {
    const { front, begin, want, later } = await town(t, days * 24 * 3600)
    const plan = await begin()
    await want(plan, 'alice')
    const first = await issued(plan, 'alice')
    assert.equal(Math.round((first.validToDate.getTime() - first.validFromDate.getTime()) / DAY), days)
    await later(plan, days * 0.6 * DAY)
    assert.equal(front.orders.length, 1)
    await later(plan, days * 0.07 * DAY)
    await until('a renewal', () => plan.certificate('alice.auberge.test')?.serialNumber !== first.serialNumber)
  }
})

test('a certificate of seconds is renewed by itself before it has ended', async t => {
  const { begin, want } = await town(t, 12)
  const plan = await begin()
  await want(plan, 'alice')
  await until('a renewal', () => plan.words.length >= 2, 30_000)
  const [first, second] = plan.words
  assert.ok(first?.type === 'issued' && second?.type === 'issued', 'none has ended')
  assert.ok(second.certified.issuedAt >= first.certified.renewAt && second.certified.issuedAt < first.certified.expiresAt)
})

test('a server that is away is asked again later, and the certificate comes when it is back', async t => {
  const { pebble, begin, want, later } = await town(t)
  await pebble.stop()
  const plan = await begin()
  await want(plan, 'alice')
  const trouble = await failed(plan, 'alice')
  assert.equal(trouble.type, 'unreachable')
  await pebble.begin()
  await later(plan, HOUR)
  await issued(plan, 'alice')
  assert.equal(viewOf(plan, 'alice')?.trouble, null)
})

test('CAA that forbids: the refusal says so and the order is given up; when it is allowed, the next try gets it', async t => {
  const { front, begin, want, later } = await town(t)
  front.change = (path, body) => {
    if (!path.startsWith(AT.authorization)) return body
    const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA record for auberge.test prevents issuance', status: 403 }
    return JSON.stringify({ ...JSON.parse(body) as object, status: 'invalid', challenges: [{ type: 'http-01', url: 'https://127.0.0.1/', token: 'x', status: 'invalid', error }] })
  }
  const plan = await begin()
  await want(plan, 'alice')
  const { type, message } = await failed(plan, 'alice')
  assert.equal(type, 'caa')
  assert.match(message, /alice\.auberge\.test.*CAA record for auberge\.test prevents issuance.*allow this authority/)
  front.change = (_path, body) => body
  await later(plan, HOUR)
  await issued(plan, 'alice')
})

test('of an order for several names, the refusal of a single one is told', async t => {
  const { front, begin, want } = await town(t)
  const subproblems = [{ type: 'urn:ietf:params:acme:error:caa', detail: 'not for bob', identifier: { type: 'dns', value: 'bob.auberge.test' } }]
  front.fault = path => (path === AT.order ? problem(403, 'compound', 'some were refused', {}, { subproblems }) : null)
  const plan = await begin()
  await want(plan, 'alice')
  const { type, message } = await failed(plan, 'alice')
  assert.deepEqual([type, /some were refused \/ not for bob/.test(message)], ['caa', true])
})

test('rate limited: nothing is asked before Retry-After, and then it comes; a 429 with no document counts as well', async t => {
  const { front, begin, want, later } = await town(t)
  front.fault = path => (path === AT.order ? problem(429, 'rateLimited', 'too many certificates already issued', { 'retry-after': '36000' }) : null)
  const plan = await begin()
  await want(plan, 'alice')
  const { type } = await failed(plan, 'alice')
  assert.equal(type, 'rateLimited')
  assert.ok((viewOf(plan, 'alice')?.retryAt ?? 0) - Date.now() > 9 * HOUR)
  const orders = front.orders.length
  await later(plan, 9 * HOUR)
  assert.equal(front.orders.length, orders)
  front.fault = path => (path === AT.order ? { status: 429, body: 'slow down', headers: { 'retry-after': '60' } } : null)
  await later(plan, 2 * HOUR)
  await until('the second refusal', () => front.orders.length > orders && viewOf(plan, 'alice')?.trouble?.message.includes('429'))
  front.fault = () => null
  await later(plan, 13 * HOUR)
  await issued(plan, 'alice')
})

test('renewal information: the window counts and its predecessor is named; where that one has a successor already, the order is placed without', async t => {
  const { front, begin, want, later } = await town(t)
  let window = { start: Date.now() + 40 * DAY, end: Date.now() + 42 * DAY }
  front.renewal = () => ({ status: 200, body: { suggestedWindow: { start: new Date(window.start).toISOString(), end: new Date(window.end).toISOString() }, explanationURL: 'https://example.test/why' }, headers: { 'retry-after': '21600' } })
  const plan = await begin()
  await want(plan, 'alice')
  const first = await issued(plan, 'alice')
  const renewAt = await until('the suggestion', () => { const at = viewOf(plan, 'alice')?.renewAt; return at && at < Date.now() + 43 * DAY ? at : null })
  assert.ok(renewAt >= window.start && renewAt <= window.end)
  // It was revoked: the window is moved into the past.
  window = { start: Date.now() - DAY, end: Date.now() - HOUR }
  front.fault = (path, order) => (path === AT.order && order?.replaces ? problem(409, 'alreadyReplaced', 'it has a successor') : null)
  await later(plan, 7 * HOUR)
  await until('the renewal', () => plan.certificate('alice.auberge.test')?.serialNumber !== first.serialNumber)
  const replaces = front.orders.map(order => order.replaces).filter(Boolean)
  assert.deepEqual(replaces, [identifierOf(first.toString())])
  assert.ok(front.asked.includes(`/renewal/${identifierOf(first.toString())}`))
})

test('a clock that is wrong is seen; the server\'s counts, and a certificate isn\'t ordered again and again', async t => {
  const { front, begin, want } = await town(t)
  const plan = await begin({ now: () => Date.now() + 3650 * DAY })
  await want(plan, 'alice')
  await issued(plan, 'alice')
  assert.ok(Math.abs(plan.schedule.clockError + 3650 * DAY) < HOUR)
  await until('the end of the try', () => viewOf(plan, 'alice')?.state === 'issued')
  assert.equal(front.orders.length, 1)
  const right = await begin()
  assert.equal(right.schedule.clockError, 0)
})

test('an account\'s orders of a day are bounded, everybody\'s together, and the house\'s own aren\'t; tomorrow it goes on, not after a restart', async t => {
  const { begin, want, later } = await town(t)
  const bounds = { account: 1, all: 2 }
  const one = await begin({ bounds })
  await want(one, 'alice', 1)
  await issued(one, 'alice')
  await want(one, 'bob', 1)
  assert.equal((await failed(one, 'bob')).type, 'quota')
  await want(one, 'carol', null)
  await issued(one, 'carol')
  await one.schedule.close()
  const two = await begin({ bounds })
  await want(two, 'bob', 1)
  assert.equal(viewOf(two, 'bob')?.trouble?.type, 'quota')
  await later(two, DAY)
  await issued(two, 'bob')
})

test('a domain that is given up is revoked, by the next schedule where the server was away', async t => {
  const { front, pebble, begin, want, directory } = await town(t)
  const one = await begin()
  await want(one, 'alice')
  const { serialNumber } = await issued(one, 'alice')
  front.fault = () => problem(503, 'serverInternal', 'down for maintenance')
  await one.schedule.drop('alice.auberge.test', 5)
  await until('the try', () => front.asked.at(-1) === '/revoke-cert')
  await one.schedule.close()
  assert.equal(readdirSync(`${directory}/revocations`).length, 1)
  front.fault = () => null
  await begin()
  const { Reason } = await until('the revocation', async () => { const status = await pebble.statusOf(serialNumber); return status.Status === 'Revoked' && status })
  assert.equal(Reason, 5)
  await until('an empty list', () => readdirSync(`${directory}/revocations`).length === 0)
})

test('after a stolen key the next certificate is there before the old one is revoked', async t => {
  const { pebble, begin, want } = await town(t)
  const plan = await begin()
  await want(plan, 'alice')
  const first = await issued(plan, 'alice')
  await plan.schedule.revoke('alice.auberge.test')
  assert.notEqual(plan.certificate('alice.auberge.test')?.serialNumber, first.serialNumber)
  await until('the revocation', async () => (await pebble.statusOf(first.serialNumber)).Reason === 1)
})

test('another server\'s certificate is ordered at once and the one there is served until then; the old server is not asked to revoke', async t => {
  const { web, begin, want, directory } = await town(t)
  const one = await begin()
  await want(one, 'alice')
  const first = await issued(one, 'alice')
  await one.schedule.close()
  const other = await Pebble.start(t, { dns, httpPort: web.port })
  const engine = await Engine.open({ server: other.url, ca: other.ca, email: null, directory, log, patience: { first: 50, most: 500, deadline: 20_000 } })
  const words: Word[] = []
  const schedule = await Schedule.open({ engine, directory, log, tell: word => { words.push(word) } })
  t.after(() => schedule.close())
  await schedule.want({ identifiers: ['alice.auberge.test'], solvers: [web.solver], account: null })
  const serials = () => words.flatMap(word => (word.type === 'issued' ? [new X509Certificate(word.certified.chain).serialNumber] : []))
  assert.deepEqual(serials(), [first.serialNumber])
  await until('the other one', () => serials().length === 2)
})
