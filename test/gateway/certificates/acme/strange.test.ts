// ACME servers that are slow, cut connections, lie or attack: what the engine makes of them, between it and a real one (Pebble).
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { Engine } from '../../../../gateway/certificates/acme/engine.ts'
import { Refusal } from '../../../../gateway/certificates/acme/refusal.ts'
import { Transport } from '../../../../gateway/certificates/acme/transport.ts'
import { newLeafKey, signLeaf, signRoot, newKey } from '../../../../gateway/certificates/x509.ts'
import { until } from '../../../helpers/patience.ts'
import { temporary } from '../../../helpers/temporary.ts'
import { AT, Front } from './front.ts'
import { nameServer, Web } from './names.ts'
import { localCertificate, Pebble } from './pebble.ts'

const web = await Web.start({ after })
const pebble = await Pebble.start({ after }, { dns: await nameServer({ after }, ['alice']), httpPort: web.port, env: { PEBBLE_AUTHZREUSE: '0' } })

async function town(t: TestContext) {
  web.reset()
  const front = await Front.start(t, pebble)
  const directory = temporary(t)
  const begin = async (deadline = 20_000) => {
    const engine = await Engine.open({ server: front.url, ca: front.ca, email: null, directory, log: pino({ level: process.env.LOG ?? 'silent' }), patience: { first: 50, most: 200, deadline } })
    t.after(() => engine.close())
    return engine
  }
  return { web, pebble, front, directory, begin, wish: { identifiers: ['alice.auberge.test'], solver: web.solver } }
}

const refusal = (type: string, what: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof Refusal, String(error))
  assert.deepEqual([error.type, what.test(error.message)], [type, true], error.message)
  return true
}
const json = (change: object) => (body: string) => JSON.stringify({ ...JSON.parse(body) as object, ...change })

test('an order that is not finished in time waits for the next try, which goes on with it and its key', async t => {
  const { front, directory, begin, wish } = await town(t)
  front.change = (path, body) => (path.startsWith('/my-order/') && body.includes('"valid"') ? json({ status: 'processing' })(body) : body)
  const engine = await begin(1_000)
  await assert.rejects(engine.issue(wish), refusal('slow', /looked at again later/))
  const [file = ''] = readdirSync(`${directory}/orders`)
  const { key } = JSON.parse(readFileSync(`${directory}/orders/${file}`, 'utf8')) as { key: string }
  front.change = (_path, body) => body
  assert.equal((await engine.issue(wish)).key, key)
  assert.equal(front.orders.length, 1)
})

test('an order that stays in its state for ever is left at the deadline, and what was shown is cleared away', async t => {
  const { front, web, begin, wish } = await town(t)
  front.change = (path, body) => (path.startsWith(AT.authorization) ? json({ status: 'pending' })(body) : body)
  await assert.rejects((await begin(1_000)).issue(wish), refusal('slow', /alice/))
  assert.equal(web.shown.size, 0)
})

test('answers that are cut off at any point are asked for again by the next try', async t => {
  const { front, begin, wish } = await town(t)
  const engine = await begin()
  for (const at of [AT.directory, AT.account, AT.order, AT.authorization, AT.challenge, AT.finalize, AT.certificate]) {
    front.cut = path => path.startsWith(at)
    await assert.rejects(engine.issue(wish), refusal('unreachable', /can't be reached/), at)
  }
  front.cut = () => false
  await engine.issue(wish)
  assert.ok(front.orders.length <= 2, 'the one whose answer was lost, and the next')
})

test('a change of the account\'s key that the server took in, or never heard of, is finished by the next engine', async t => {
  const { front, begin, wish } = await town(t)
  for (const heard of [true, false]) {
    const first = await begin()
    await first.issue(wish)
    const before = await first.account.thumbprint()
    front.cut = path => heard && path === '/rollover-account-key'
    front.fault = path => (!heard && path === '/rollover-account-key' ? { status: 503, body: 'later' } : null)
    await assert.rejects(first.account.rollOver(), Refusal)
    assert.equal(await first.account.thumbprint(), before)
    await first.close()
    front.cut = () => false
    front.fault = () => null
    const second = await begin()
    await second.issue(wish)
    assert.notEqual(await second.account.thumbprint(), before)
    await second.close()
  }
})

test('a certificate for another key or another name is not taken, and the next try begins anew', async t => {
  const { front, begin, wish, directory } = await town(t)
  const engine = await begin()
  const rootKey = await newKey(2048)
  const root = { certificate: signRoot('auberge.test', rootKey, Date.now()), key: rootKey }
  const other = signLeaf(root, ['alice.auberge.test'], await newLeafKey(), Date.now())
  front.change = (path, body) => (path.startsWith(AT.certificate) ? other : body)
  await assert.rejects(engine.issue(wish), refusal('malformed', /for another key/))
  front.change = (path, body) => (path.startsWith(AT.certificate) ? 'nothing' : body)
  await assert.rejects(engine.issue(wish), refusal('malformed', /empty/))
  assert.deepEqual(readdirSync(`${directory}/orders`), [])
  front.change = (_path, body) => body
  assert.ok(new X509Certificate((await engine.issue(wish)).chain).checkHost('alice.auberge.test'))
})

test('what isn\'t https isn\'t asked, what is no JSON isn\'t read, what is endless isn\'t held, and a token can\'t lead out of its place', async t => {
  const { front, begin, wish, web } = await town(t)
  const attempt = async (change: Front['change'], check: (error: unknown) => boolean): Promise<void> => {
    front.change = change
    const engine = await begin()
    await assert.rejects(engine.issue(wish), check)
    await engine.close()
  }
  await attempt((path, body) => (path === AT.directory ? json({ newNonce: 'http://127.0.0.1:1/' })(body) : body), refusal('malformed', /no newNonce/))
  await attempt((path, body) => (path.startsWith('/my-order/') ? json({ authorizations: ['http://127.0.0.1:1/'] })(body) : body), refusal('malformed', /not https/))
  await attempt((path, body) => (path === AT.directory ? '<html>' : body), refusal('malformed', /no JSON/))
  await attempt((path, body) => (path === AT.directory ? 'x'.repeat(2 ** 21) : body), refusal('unreachable', /./))
  await attempt((path, body) => (path.startsWith(AT.authorization) ? body.replaceAll(/"token": ?"[^"]+"/g, '"token":"../../etc/passwd"') : body), refusal('unoffered', /http-01/))
  assert.equal(web.presented, 0)
})

test('what it asks too much, or for somebody else, is not shown; what it sends too much with a certificate is not kept; a redirect is not followed', async t => {
  const { front, begin, wish, web } = await town(t)
  const engine = await begin()
  front.change = (path, body) => (path.startsWith('/my-order/') ? json({ authorizations: Array.from({ length: 5_000 }, (_, index) => `https://127.0.0.1:1/${index}`) })(body) : body)
  await assert.rejects(engine.issue(wish), refusal('malformed', /wants 5000 proofs of 1 names/))
  front.change = (path, body) => (path.startsWith(AT.authorization) ? json({ identifier: { type: 'dns', value: 'bob.auberge.test' } })(body) : body)
  await assert.rejects(engine.issue(wish), refusal('malformed', /proof of "bob\.auberge\.test", which nobody asked for/))
  assert.equal(web.presented, 0)
  front.change = (_path, body) => body
  front.fault = path => (path === AT.order ? { status: 307, body: '', headers: { location: 'https://127.0.0.1:1/' } } : null)
  await assert.rejects(engine.issue(wish), refusal('malformed', /status 307/))
  front.fault = () => null
  front.change = (path, body) => (path.startsWith(AT.certificate) ? body.replaceAll('-----END CERTIFICATE-----\n', `$&${'padding\n'.repeat(10_000)}`) : body)
  const { chain } = await engine.issue(wish)
  assert.ok(chain.length < 10_000 && !chain.includes('padding') && chain.match(/BEGIN/g)?.length === 2)
})

test('answers of the wrong kind at any point are a failure like others', async t => {
  const { front, begin, wish, web, directory } = await town(t)
  const engine = await begin(300)
  for (const at of [AT.order, '/my-order/', AT.authorization, AT.challenge, AT.finalize, AT.certificate]) {
    for (const garbage of ['null', '[]', '{}', '{"status":7,"authorizations":[null],"identifier":7,"challenges":[null],"certificate":{}}', '{"challenges":[{"type":"http-01","token":7,"url":7}]}']) {
      front.change = (path, body) => (path.startsWith(at) ? garbage : body)
      // What is answered to an order or to a challenge isn't read.
      await engine.issue(wish).catch((error: unknown) => assert.ok(error instanceof Error))
      assert.equal(web.shown.size, 0)
    }
  }
  front.change = (_path, body) => body
  await engine.issue(wish)
  assert.deepEqual(readdirSync(`${directory}/orders`), [])
})

test('a server that goes on and on with one answer is left', async t => {
  const { ca, cert, key } = await localCertificate()
  const server = createServer({ cert, key }, (_request, response) => {
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  }).listen(0, '127.0.0.1')
  t.after(() => { server.close(); server.closeAllConnections() })
  await once(server, 'listening')
  const transport = new Transport({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`, ca, patience: 100 })
  t.after(() => transport.close())
  await assert.rejects(transport.directory(), refusal('unreachable', /can't be reached/))
})

test('a server\'s words reach people as one plain line of bounded length', async t => {
  const { front, begin, wish } = await town(t)
  front.fault = path => (path === AT.order ? { status: 400, body: { type: 'urn:ietf:params:acme:error:malformed', detail: `\u001b[31mred\nline${'x'.repeat(5_000)}` } } : null)
  await assert.rejects((await begin()).issue(wish), (error: Error) => !/[\u0000-\u001f]/.test(error.message) && error.message.length < 1_000)
})

test('an engine that closes leaves its order for the next one', async t => {
  const { front, begin, wish } = await town(t)
  front.change = (path, body) => (path.startsWith(AT.authorization) ? json({ status: 'pending' })(body) : body)
  const first = await begin()
  const lost = assert.rejects(first.issue(wish))
  await until('it waits', () => front.asked.filter(path => path.startsWith(AT.authorization)).length > 3)
  await first.close()
  await lost
  front.change = (_path, body) => body
  await (await begin()).issue(wish)
  assert.equal(front.orders.length, 1)
})
