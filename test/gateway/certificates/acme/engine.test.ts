// The engine against Debian's Pebble: from names to a chain, and what becomes of an order that something came between.
import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { after, test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { certificatesOf } from '../../../../gateway/certificates/acme/chains.ts'
import { Engine, type EngineOptions } from '../../../../gateway/certificates/acme/engine.ts'
import { Refusal } from '../../../../gateway/certificates/acme/refusal.ts'
import { temporary, type Cleaner } from '../../../helpers/temporary.ts'
import { nameServer, Web } from './names.ts'
import { Pebble } from './pebble.ts'

const log = pino({ level: process.env.LOG ?? 'silent' })

async function open(t: TestContext, change: Pick<EngineOptions, 'server' | 'ca'> & Partial<EngineOptions>): Promise<Engine> {
  const engine = await Engine.open({ email: 'admin@auberge.test', directory: temporary(t), log, patience: { first: 50, most: 500, deadline: 20_000 }, ...change })
  t.after(() => engine.close())
  return engine
}

async function found(t: Cleaner, env: Record<string, string> = {}) {
  const web = await Web.start(t)
  const pebble = await Pebble.start(t, { dns: await nameServer(t, ['alice', 'bob']), httpPort: web.port, env })
  return { web, pebble }
}

/** For all that don't need a server of another kind: each has an account of its own. */
const shared = await found({ after })

const town = (t: TestContext, env?: Record<string, string>) => env ? found(t, env) : { ...shared, web: shared.web.reset() }

test('names become a chain for a key of its own, P-256 as the account\'s, and nothing is shown afterwards', async t => {
  const { web, pebble } = await town(t)
  const directory = temporary(t)
  const engine = await open(t, { server: pebble.url, ca: pebble.ca, directory })
  const { key, chain } = await engine.issue({ identifiers: ['alice.auberge.test', 'bob.auberge.test'], solver: web.solver })
  const [leaf, intermediate] = certificatesOf(chain)
  assert.ok(leaf && intermediate)
  assert.equal(leaf.subjectAltName, 'DNS:alice.auberge.test, DNS:bob.auberge.test')
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)))
  assert.ok(intermediate.verify(new X509Certificate(await pebble.root()).publicKey))
  assert.equal(web.shown.size, 0)
  assert.deepEqual(readdirSync(`${directory}/orders`), [])
  const [account = ''] = readdirSync(directory).filter(file => file.startsWith('account.'))
  assert.equal(statSync(`${directory}/${account}`).mode & 0o777, 0o600)
  const saved = JSON.parse(readFileSync(`${directory}/${account}`, 'utf8')) as { key: string; url: string }
  assert.equal(createPrivateKey(saved.key).asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.match(saved.url, /^https:/)
})

test('names that the server believes already need nothing shown', async t => {
  const { web, pebble } = await town(t, { PEBBLE_AUTHZREUSE: '100' })
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  const first = await engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })
  const second = await engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })
  assert.equal(web.presented, 1)
  assert.notEqual(first.key, second.key)
})

test('four nonces of ten refused: the order comes to its end all the same', async t => {
  const { web, pebble } = await town(t, { PEBBLE_WFE_NONCEREJECT: '40' })
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  await engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })
})

test('who asks for the same names at the same time gets the same certificate', async t => {
  const { web, pebble } = await town(t)
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  const [one, two] = await Promise.all([1, 2].map(() => engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })))
  assert.equal(one?.chain, two?.chain)
})

test('a wrong answer is a refusal that says what was found and what to do; the next try begins anew', async t => {
  const { web, pebble } = await town(t)
  const directory = temporary(t)
  const engine = await open(t, { server: pebble.url, ca: pebble.ca, directory })
  web.wrong = 'somebody else'
  const wish = { identifiers: ['alice.auberge.test'], solver: web.solver }
  await assert.rejects(engine.issue(wish), (error: unknown) => error instanceof Refusal && error.type === 'unauthorized' && /alice\.auberge\.test.*somebody else.*points at it/.test(error.message))
  assert.deepEqual([web.shown.size, readdirSync(`${directory}/orders`)], [0, []])
  web.wrong = null
  await engine.issue(wish)
})

test('a name that does not resolve is refused as such', async t => {
  const { web, pebble } = await town(t)
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  await assert.rejects(engine.issue({ identifiers: ['nobody.auberge.test'], solver: web.solver }), /nobody\.auberge\.test/)
})

test('a wildcard can\'t be proven by HTTP: the refusal says what the server offers', async t => {
  const { web, pebble } = await town(t)
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  await assert.rejects(engine.issue({ identifiers: ['*.auberge.test'], solver: web.solver }), /auberge\.test be proven by dns-01, and here it would be by http-01/)
})

test('a server that is away is said to be; one whose certificate nobody vouches for, too', async t => {
  const { web, pebble } = await town(t)
  const stranger = await open(t, { server: pebble.url, ca: null })
  const wish = { identifiers: ['alice.auberge.test'], solver: web.solver }
  await assert.rejects(stranger.issue(wish), (error: unknown) => error instanceof Refusal && error.type === 'untrusted' && /--acme-ca-file/.test(error.message))
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  await pebble.stop()
  await assert.rejects(engine.issue(wish), (error: unknown) => error instanceof Refusal && error.type === 'unreachable' && error.status === 503)
  await pebble.begin()
  await engine.issue(wish)
})

test('an order that was interrupted is gone on with by the next engine, with the key it had; a server that has forgotten account and order has both made anew', async t => {
  const { web, pebble } = await town(t)
  const directory = temporary(t)
  const wish = { identifiers: ['alice.auberge.test'], solver: web.solver }
  const first = await open(t, { server: pebble.url, ca: pebble.ca, directory })
  await assert.rejects(first.issue(wish, async () => { throw new Error('the disk is full') }), /disk/)
  const [order = ''] = readdirSync(`${directory}/orders`)
  const { key } = JSON.parse(readFileSync(`${directory}/orders/${order}`, 'utf8')) as { key: string }
  await first.close()
  const second = await open(t, { server: pebble.url, ca: pebble.ca, directory })
  assert.equal((await second.issue(wish)).key, key)
  assert.equal(web.presented, 1)
  await pebble.restart()
  assert.notEqual((await second.issue(wish)).key, key)
})

test('an account is bound to a customer by the key that the authority gave; without it the refusal names the options', async t => {
  const web = await Web.start(t)
  const binding = { kid: 'kid-1', key: Buffer.alloc(48, 7).toString('base64url') }
  const pebble = await Pebble.start(t, { dns: await nameServer(t, ['alice']), httpPort: web.port, binding })
  const wish = { identifiers: ['alice.auberge.test'], solver: web.solver }
  const unbound = await open(t, { server: pebble.url, ca: pebble.ca })
  await assert.rejects(unbound.issue(wish), /--acme-eab-kid/)
  const bound = await open(t, { server: pebble.url, ca: pebble.ca, binding })
  await bound.issue(wish)
})

test('the account\'s key is changed and certificates are ordered with the new one, by the next engine as well', async t => {
  const { web, pebble } = await town(t)
  const directory = temporary(t)
  const first = await open(t, { server: pebble.url, ca: pebble.ca, directory })
  await first.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })
  const [before, url] = [await first.account.thumbprint(), first.account.url]
  await first.account.rollOver()
  assert.notEqual(await first.account.thumbprint(), before)
  await first.issue({ identifiers: ['bob.auberge.test'], solver: web.solver })
  const second = await open(t, { server: pebble.url, ca: pebble.ca, directory, email: 'other@auberge.test' })
  await second.issue({ identifiers: ['alice.auberge.test', 'bob.auberge.test'], solver: web.solver })
  assert.equal(second.account.url, url)
})

test('a certificate is revoked, and the chain that ends with the wanted issuer is taken where there is one', async t => {
  const { web, pebble } = await town(t, { PEBBLE_ALTERNATE_ROOTS: '1' })
  const engine = await open(t, { server: pebble.url, ca: pebble.ca })
  const [, other] = await Promise.all([0, 1].map(async index => new X509Certificate(await pebble.root(index)).subject.replace(/^CN=/, '')))
  const { chain } = await engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver, issuer: other })
  assert.equal(certificatesOf(chain).at(-1)?.issuer, `CN=${other}`)
  await engine.revoke(chain, 5)
  const { Status, Reason } = await pebble.statusOf(new X509Certificate(chain).serialNumber)
  assert.deepEqual([Status, Reason], ['Revoked', 5])
})
