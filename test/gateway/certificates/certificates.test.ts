// The house's own certificates: what clients accept of them, what is on disk, what relays hear.
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { pino } from 'pino'
import { certificatesOf } from '../../../gateway/certificates/acme/chains.ts'
import { Certificates } from '../../../gateway/certificates/certificates.ts'
import { asPkcs12, newKey, newLeafKey, signIntermediate, signLeaf, signRoot } from '../../../gateway/certificates/x509.ts'
import type { Certificate, CertificatesSnapshot, ToRelay } from '../../../gateway/messages.ts'
import { until } from '../../helpers/patience.ts'
import { temporary } from '../../helpers/temporary.ts'

const DAY = 24 * 3600 * 1000
const log = pino({ level: 'silent' })

async function open(t: TestContext, data: string, { zone = 'localhost', hosts = [] as string[], source = 'internal' as 'internal' | 'off', now = Date.now } = {}) {
  const certificates = await Certificates.open({ zone, source, directory: `${data}/certificates`, snapshot: `${data}/routes/certificates.json`, hosts: [zone, ...hosts], log, now })
  t.after(() => certificates.close())
  return certificates
}

function all(certificates: Certificates): Certificate[] {
  const [first] = certificates.messages()
  return first?.type === 'certificates' ? first.certificates : assert.fail('certificates come first')
}

const namesOf = (certificates: Certificates) => all(certificates).map(({ names }) => names[0]).sort()

/** What a client that trusts `ca` says to `leaf` for a name: null if it accepts. */
async function verdict(t: TestContext, leaf: { chain: string; key: string }, ca: string, servername: string, host?: string): Promise<string | null> {
  const server = createServer({ cert: leaf.chain, key: leaf.key }, socket => socket.end()).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: host ?? '127.0.0.1', ca, ...(host ? {} : { servername }) })
  const outcome = await once(socket, 'secureConnect').then(() => null, (error: { code?: string; message: string }) => (error.code === 'UNSPECIFIED' ? error.message : String(error.code)))
  socket.destroy()
  return outcome
}

test('in zone localhost each name has a leaf of its own that a client with the authority accepts, the apex by address too', async t => {
  const certificates = await open(t, temporary(t))
  await certificates.want('alice.localhost')
  const ca = certificates.authority ?? ''
  const [apex, alice] = all(certificates)
  assert.ok(apex && alice)
  assert.deepEqual([apex.names, alice.names], [['localhost', '127.0.0.1', '::1'], ['alice.localhost']])
  assert.equal(await verdict(t, alice, ca, 'alice.localhost'), null)
  assert.equal(await verdict(t, apex, ca, 'localhost'), null)
  assert.equal(await verdict(t, apex, ca, '', '127.0.0.1'), null)
  assert.equal(await verdict(t, alice, ca, 'bob.localhost'), 'ERR_TLS_CERT_ALTNAME_INVALID')
  assert.equal(alice.trusted, false)
})

test('in a zone of several labels one leaf serves the zone and all names below it, and a deeper host has its own', async t => {
  const certificates = await open(t, temporary(t), { zone: 'example.org', hosts: ['a.b.example.org', 'wiki.example.com'] })
  await certificates.want('alice.example.org')
  await until('the deeper host has one', () => all(certificates).length === 2)
  const [wild] = all(certificates)
  assert.ok(wild)
  assert.deepEqual(all(certificates).map(({ names }) => names), [['example.org', '*.example.org'], ['a.b.example.org']])
  for (const name of ['example.org', 'alice.example.org']) assert.equal(await verdict(t, wild, certificates.authority ?? '', name), null)
  certificates.drop('alice.example.org')
  assert.deepEqual(namesOf(certificates), ['a.b.example.org', 'example.org'])
})

for (const [kind, make] of [['P-256', newLeafKey], ['RSA', newKey]] as const) {
  test(`a leaf with a key of ${kind} passes the strict check of OpenSSL, and its identifier is its key's`, async t => {
    const folder = temporary(t)
    const [rootKey, signingKey, key] = await Promise.all([newKey(), newKey(), make()])
    const root = { certificate: signRoot('example.org', rootKey, Date.now()), key: rootKey }
    const signing = { certificate: signIntermediate(root, 'example.org', signingKey, Date.now()), key: signingKey }
    const leaf = signLeaf(signing, ['a.example.org', '*.example.org'], key, Date.now())
    assert.ok(new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)))
    writeFileSync(`${folder}/root.pem`, root.certificate)
    writeFileSync(`${folder}/signing.pem`, signing.certificate)
    writeFileSync(`${folder}/leaf.pem`, leaf)
    await execa('openssl', ['verify', '-x509_strict', '-verify_hostname', 'a.example.org', '-CAfile', `${folder}/root.pem`, '-untrusted', `${folder}/signing.pem`, `${folder}/leaf.pem`])
    const { stdout: text } = await execa('openssl', ['x509', '-noout', '-text', '-in', `${folder}/leaf.pem`])
    const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' })
    const bits = kind === 'RSA' ? createPublicKey(createPrivateKey(key)).export({ type: 'pkcs1', format: 'der' }) : spki.subarray(spki.length - 65)
    const identifier = createHash('sha1').update(bits).digest('hex').toUpperCase().replace(/(..)(?=.)/g, '$1:')
    assert.ok(text.includes(identifier), `${identifier} in ${text}`)
  })
}

test('what the authority signs outside its zone no client believes', async t => {
  const [rootKey, key] = await Promise.all([newKey(), newKey()])
  const root = { certificate: signRoot('example.org', rootKey, Date.now()), key: rootKey }
  const stolen = (names: string[]) => ({ chain: signLeaf(root, names, key, Date.now()), key })
  assert.equal(await verdict(t, stolen(['a.example.org']), root.certificate, 'a.example.org'), null)
  assert.equal(await verdict(t, stolen(['bank.example']), root.certificate, 'bank.example'), 'permitted subtree violation')
  assert.equal(await verdict(t, stolen(['127.0.0.1']), root.certificate, '', '127.0.0.1'), 'excluded subtree violation')
})

test('the root and the one that signs for it last ten years and make no other authority; a leaf lives at most 397 days and serves only', async t => {
  const certificates = await open(t, temporary(t))
  const root = new X509Certificate(certificates.authority ?? '')
  const [leaf, signing, more] = certificatesOf(all(certificates)[0]?.chain ?? '')
  assert.ok(leaf && signing && !more)
  assert.deepEqual([root, signing].map(one => one.publicKey.asymmetricKeyDetails?.modulusLength), [3072, 3072])
  const days = (one: X509Certificate) => (one.validToDate.getTime() - one.validFromDate.getTime()) / DAY
  assert.ok(days(root) > 3600 && days(leaf) <= 397 && days(leaf) > 300)
  const { stdout } = await execa('openssl', ['x509', '-noout', '-text'], { input: root.toString() })
  assert.match(stdout, /Basic Constraints: critical\s+CA:TRUE, pathlen:1/)
  const { stdout: middle } = await execa('openssl', ['x509', '-noout', '-text'], { input: signing.toString() })
  assert.match(middle, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
  assert.match(stdout, /Key Usage: critical\s+Certificate Sign, CRL Sign/)
  assert.match(stdout, /Name Constraints: critical\s+Permitted:\s+DNS:localhost/)
  const { stdout: text } = await execa('openssl', ['x509', '-noout', '-text'], { input: leaf.toString() })
  assert.match(text, /CA:FALSE/)
  assert.match(text, /TLS Web Server Authentication/)
  assert.match(text, /ASN1 OID: prime256v1/)
  assert.match(text, /Key Usage: critical\s+Digital Signature\n/)
  const id = (kind: string, of: string) => new RegExp(`X509v3 ${kind} Key Identifier: \\s+([0-9A-F:]+)`).exec(of)?.[1]
  assert.deepEqual([id('Authority', text), id('Authority', middle)], [id('Subject', middle), id('Subject', stdout)])
  assert.ok(id('Subject', stdout))
})

test('authority and leaves survive a restart; what is gone meanwhile, damaged or half written is dropped', async t => {
  const data = temporary(t)
  const first = await open(t, data, { hosts: ['alice.localhost', 'bob.localhost', 'carol.localhost'] })
  await until('all are there', () => all(first).length === 4)
  await first.close()
  const before = new Map(all(first).map(leaf => [leaf.names[0], leaf.chain]))
  writeFileSync(`${data}/certificates/leaves/carol.localhost.json`, '{"names":')
  writeFileSync(`${data}/certificates/leaves/carol.localhost.json.new`, '{"na')
  writeFileSync(`${data}/certificates/authority.localhost.json.new`, '{"cer')
  const second = await open(t, data, { hosts: ['alice.localhost', 'carol.localhost'] })
  assert.equal(second.authority, first.authority)
  await until('carol has one again', () => all(second).length === 3)
  await second.close()
  const after = new Map(all(second).map(leaf => [leaf.names[0], leaf.chain]))
  assert.deepEqual([...after.keys()].sort(), ['alice.localhost', 'carol.localhost', 'localhost'])
  assert.equal(after.get('alice.localhost'), before.get('alice.localhost'))
  assert.notEqual(after.get('carol.localhost'), before.get('carol.localhost'))
  assert.equal(readdirSync(`${data}/certificates/leaves`).includes('bob.localhost.json'), false)
})

test('a leaf is renewed long before its end, with a key that is not a year old', async t => {
  let now = Date.now()
  const certificates = await open(t, temporary(t), { hosts: ['alice.localhost'], now: () => now })
  await until('both are there', () => all(certificates).length === 2)
  const before = all(certificates)
  await certificates.round()
  assert.deepEqual(all(certificates), before)
  now += 250 * DAY
  await certificates.round()
  for (const [index, leaf] of all(certificates).entries()) {
    assert.ok(new X509Certificate(leaf.chain).validToDate.getTime() > now + 300 * DAY)
    assert.notEqual(leaf.key, before[index]?.key)
  }
})

test('relays hear of one name at a time, and of a new ticket key', async t => {
  const certificates = await open(t, temporary(t))
  const heard: ToRelay[] = []
  certificates.follow(change => heard.push(change))
  await Promise.all([certificates.want('alice.localhost'), certificates.want('alice.localhost')])
  certificates.drop('alice.localhost')
  await certificates.round()
  assert.deepEqual(heard.map(({ type }) => type), ['certificate', 'uncertified', 'tickets'])
  const [, , tickets] = heard
  assert.ok(tickets?.type === 'tickets')
  assert.equal(Buffer.from(tickets.key, 'base64').length, 48)
  assert.notDeepEqual(tickets, certificates.messages()[2])
})

test('a name that goes while its certificate is being made has none', async t => {
  let now = Date.now()
  const certificates = await open(t, temporary(t), { now: () => now })
  now += 200 * DAY
  const making = certificates.want('alice.localhost')
  certificates.drop('alice.localhost')
  await making
  assert.deepEqual(namesOf(certificates), ['localhost'])
})

test('private keys are readable by control alone, and by the relays in the snapshot', async t => {
  const data = temporary(t)
  const certificates = await open(t, data)
  await certificates.close()
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
  assert.equal(mode(`${data}/certificates`), '700')
  assert.equal(mode(`${data}/certificates/authority.localhost.json`), '600')
  assert.equal(mode(`${data}/certificates/leaves`), '700')
  assert.equal(mode(`${data}/certificates/leaves/localhost.json`), '600')
  assert.equal(mode(`${data}/routes/certificates.json`), '640')
  const snapshot = JSON.parse(readFileSync(`${data}/routes/certificates.json`, 'utf8')) as CertificatesSnapshot
  const [certs, tickets] = certificates.messages()
  assert.deepEqual([{ type: 'certificates', certificates: snapshot.certificates }, { type: 'tickets', key: snapshot.ticketKey }], [certs, tickets])
  for (const { chain, key } of snapshot.certificates) assert.ok(new X509Certificate(chain).checkPrivateKey(createPrivateKey(key)))
})

test('an authority of before there was an intermediate one goes on, for people trust its root', async t => {
  const data = temporary(t)
  const key = await newKey(2048)
  mkdirSync(`${data}/certificates`, { mode: 0o700 })
  writeFileSync(`${data}/certificates/authority.localhost.json`, JSON.stringify({ certificate: signRoot('localhost', key, Date.now()), key }), { mode: 0o600 })
  const certificates = await open(t, data)
  const [leaf, more] = certificatesOf(all(certificates)[0]?.chain ?? '')
  assert.ok(leaf?.verify(new X509Certificate(certificates.authority ?? '').publicKey) && !more)
})

test('with --acme off there is no authority and no certificate', async t => {
  const certificates = await open(t, temporary(t), { source: 'off', hosts: ['alice.localhost'] })
  await certificates.want('bob.localhost')
  assert.deepEqual([certificates.authority, all(certificates)], [null, []])
})

test('the PKCS#12 file has the certificate and no key', async t => {
  const certificates = await open(t, temporary(t))
  const bundle = asPkcs12(certificates.authority ?? '', 'auberge')
  const read = (...args: string[]) => execa('openssl', ['pkcs12', '-passin', 'pass:auberge', '-nodes', ...args], { input: bundle })
  const { stdout } = await read()
  assert.ok(stdout.includes((certificates.authority ?? '').trim()))
  assert.doesNotMatch(stdout, /PRIVATE KEY/)
})

test('over twelve years every leaf is renewed in time, the authority replaced once, and nothing made anew that could stay', async t => {
  let now = Date.now()
  const certificates = await open(t, temporary(t), { hosts: ['alice.localhost'], now: () => now })
  await until('both', () => all(certificates).length === 2)
  const leaves = new Set<string>()
  const authorities = new Set<string>()
  for (let day = 0; day < 12 * 365; day += 20, now += 20 * DAY) {
    await certificates.round()
    authorities.add(certificates.authority ?? '')
    const root = new X509Certificate(certificates.authority ?? '')
    for (const { names, chain } of all(certificates)) {
      const [leaf, signing] = certificatesOf(chain)
      assert.ok(leaf && signing && leaf.validToDate.getTime() > now + DAY && leaf.verify(signing.publicKey) && signing.verify(root.publicKey), `${names[0]} after ${day} days`)
      leaves.add(leaf.fingerprint256)
    }
  }
  assert.equal(authorities.size, 2)
  assert.ok(leaves.size <= 2 * 22, `${leaves.size} leaves`)
})

test('a certificate that others signed is served in the place of our own, and our own again when it is withdrawn', async t => {
  const data = temporary(t)
  const key = await newLeafKey()
  const rootKey = await newKey()
  const root = { certificate: signRoot('example.org', rootKey, Date.now()), key: rootKey }
  const given = { names: ['example.org', '*.example.org'], key, chain: signLeaf(root, ['example.org', '*.example.org'], key, Date.now()), trusted: true, expiresAt: Date.now() + DAY }
  const certificates = await open(t, data, { zone: 'example.org' })
  const heard: ToRelay[] = []
  certificates.follow(change => { heard.push(change) })
  const own = all(certificates)
  certificates.install(given)
  assert.deepEqual(all(certificates).map(({ chain, trusted }) => [chain, trusted]), [[given.chain, true]])
  await certificates.want('alice.example.org')
  certificates.drop('alice.example.org')
  assert.deepEqual(heard.map(({ type }) => type), ['certificate'])
  assert.deepEqual(certificates.view().leaves.map(leaf => [leaf.own, leaf.trusted]), [[false, true]])
  certificates.withdraw('example.org')
  assert.deepEqual(all(certificates), own)
  assert.deepEqual(heard.map(({ type }) => type), ['certificate', 'certificate'])
})
