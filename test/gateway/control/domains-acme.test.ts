// Custom domains with a real ACME server (Pebble) that looks at a real relay: from a claim to what clients accept, by each challenge type, and back.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { pino } from 'pino'
import { assemble } from '../../../gateway/control/assemble.ts'
import { linkTo } from '../../../gateway/relay/control.ts'
import { Relay } from '../../../gateway/relay/relay.ts'
import { openRegistry } from '../../../registry/open.ts'
import { places, type House } from '../../../wire/house.ts'
import { until } from '../../helpers/patience.ts'
import { openResolver } from '../../helpers/resolver.ts'
import { temporary } from '../../helpers/temporary.ts'
import { freePorts, Pebble } from '../certificates/acme/pebble.ts'
import { FakeDns } from './peers.ts'
import { Rooms } from './rooms.ts'
import { houseAt, plainArchive } from './stage.ts'

const ZONE = 'house.example'

test('by HTTP-01: a domain that is proven and leads here gets a certificate that curl accepts, and loses it when it is given back', { timeout: 60_000 }, async t => {
  const { desk, alice, dns, tls, http, root, pebble, heard } = await opened(t)
  dns.names.set('example.org', { a: ['127.0.0.1'] })
  await desk.addDomain(alice, 'alice', 'example.org')
  const { serialNumber, subjectAltName } = await until('the certificate', () => servedBy(tls, 'example.org', root), 30_000)
  assert.equal(subjectAltName, 'DNS:example.org')
  const { stdout } = await execa('curl', ['-sS', '--cacert', root, '--resolve', `example.org:${tls}:127.0.0.1`, '-o', '/dev/null', '-w', '%{ssl_verify_result}', `https://example.org:${tls}/`])
  assert.equal(stdout, '0')
  const { stdout: after } = await execa('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', 'Host: example.org', `http://127.0.0.1:${http}/.well-known/acme-challenge/x`])
  assert.ok(heard.has('http-01') && after !== '200', 'what was shown is shown no more')
  await desk.removeDomain(alice, 'alice', 'example.org')
  await until('the revocation', async () => (await pebble.statusOf(serialNumber)).Status === 'Revoked', 30_000)
  assert.equal(await servedBy(tls, 'example.org', root), null)
})

test('by TLS-ALPN-01, where the house serves no HTTP', { timeout: 60_000 }, async t => {
  const { desk, alice, dns, tls, root, heard } = await opened(t, { http: [] })
  dns.names.set('www.example.org', { cname: `alice.${ZONE}` })
  await desk.addDomain(alice, 'alice', 'www.example.org')
  const leaf = await until('the certificate', () => servedBy(tls, 'www.example.org', root), 30_000)
  assert.equal(leaf.subjectAltName, 'DNS:www.example.org')
  assert.deepEqual([...heard], ['tls-alpn-01'])
})

test('where port 80 is blocked the handshake proves it instead, a renewal begins with what worked, and a deleted site\'s is revoked', { timeout: 60_000 }, async t => {
  const { desk, alice, dns, tls, root, heard, pebble } = await opened(t, {}, { isBlocked: true })
  dns.names.set('example.org', { a: ['127.0.0.1'] })
  await desk.addDomain(alice, 'alice', 'example.org')
  const first = await until('the certificate', () => servedBy(tls, 'example.org', root), 30_000)
  assert.deepEqual([...heard], ['http-01', 'tls-alpn-01'])
  heard.clear()
  await desk.acmeStep(alice, 'renew', 'example.org')
  const { serialNumber } = await until('the next one', async () => { const now = await servedBy(tls, 'example.org', root); return now?.serialNumber === first.serialNumber ? null : now })
  assert.ok(!heard.has('http-01'))
  await desk.deleteSite(alice, 'alice')
  await until('the revocation', async () => (await pebble.statusOf(serialNumber)).Status === 'Revoked', 30_000)
})

test('nothing is ordered for a domain that is proven and leads elsewhere; it waits, and has its certificate once it leads here', { timeout: 60_000 }, async t => {
  const { desk, alice, dns, tls, root } = await opened(t)
  const { records } = await desk.addDomain(alice, 'alice', 'later.example')
  dns.names.set(records.proof.name, { txt: [records.proof.value] }).set('later.example', { a: ['192.0.2.1'] })
  assert.equal((await desk.checkDomain('alice', 'later.example')).state, 'verified')
  assert.deepEqual(desk.acme().orders.filter(({ id }) => id === 'later.example'), [])
  dns.names.set('later.example', { a: ['127.0.0.1'] })
  await desk.checkDomain('alice', 'later.example')
  await until('the certificate', () => servedBy(tls, 'later.example', root), 30_000)
})

test('a domain that led here when it was looked at, and does not when its order comes, costs the server no look; the order waits', { timeout: 60_000 }, async t => {
  const { desk, alice, dns, heard } = await opened(t)
  dns.names.set('gone.example', { a: ['127.0.0.1'] })
  const added = desk.addDomain(alice, 'alice', 'gone.example')
  await until('the look', () => dns.asked.includes('AAAA gone.example'))
  dns.names.set('gone.example', { a: ['192.0.2.1'] })
  await added
  const order = await until('the failure', () => desk.acme().orders.find(({ id, trouble }) => id === 'gone.example' && trouble !== null) ?? null, 30_000)
  assert.match(order.trouble?.message ?? '', /gone\.example is no site's here, or leads elsewhere/)
  assert.ok((order.retryAt ?? 0) > Date.now() && heard.size === 0)
})

/** A control with a relay in this process and a Pebble that asks it, by HTTP at a port where nobody listens if it `isBlocked`; sites by `Rooms`. */
async function opened(t: TestContext, change: Partial<House> = {}, { isBlocked = false } = {}) {
  const dns = await openResolver({ [`alice.${ZONE}`]: { a: ['127.0.0.1'] } })
  t.after(() => dns.close())
  const [http = 0, tls = 0, closed = 0] = await freePorts(3)
  const pebble = await Pebble.start(t, { dns: dns.address, httpPort: isBlocked ? closed : http, tlsPort: tls })
  const data = temporary(t)
  writeFileSync(`${data}/root.pem`, await pebble.root())
  const acme = { url: pebble.url, email: null, caFile: 'given', binding: null, chain: null, profile: null }
  const house = houseAt(data, { zone: ZONE, publicIpv4: '127.0.0.1', dns: [], http: [{ address: '127.0.0.1', port: http }], https: [{ address: '127.0.0.1', port: tls }], resolvers: [dns.address], acme, ...change })
  const registry = openRegistry(places(data).registry)
  const control = await assemble({ house, acme: { ca: pebble.ca, bindingKey: null }, registry, provisioner: new Rooms(), archive: plainArchive, log: pino({ level: process.env.LOG ?? 'silent' }) })
  const server = await FakeDns.at(places(data).zoneSocket)
  const heard = new Set<string>()
  const relay = new Relay({ settings: { leave: 0 }, tell: message => link.tell(message) })
  const link = linkTo(places(data).routesSocket, 0, relay.settings, message => {
    if (message.type === 'challenges') for (const { type } of message.challenges) heard.add(type)
    relay.obey(message)
  })
  if (house.http.length > 0) await relay.listen({ port: http, host: '127.0.0.1' })
  await relay.listenTls({ port: tls, host: '127.0.0.1' })
  t.after(async () => {
    server.socket.destroy()
    await relay.leave()
    link.close()
    await control.close()
    registry.close()
  })
  const alice = await registry.accounts.create({ username: 'alice', password: 'correct horse' })
  await control.desk.createSite(alice, { name: 'alice', owner: alice })
  return { desk: control.desk, alice, dns, pebble, http, tls, root: `${data}/root.pem`, heard }
}

/** The certificate a name is served with, if it is one of the authority in the file. */
async function servedBy(port: number, name: string, root: string): Promise<X509Certificate | null> {
  const { stdout } = await execa('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-verify_hostname', name, '-CAfile', root, '-no-CApath', '-no-CAstore'], { input: '', reject: false })
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(String(stdout))?.[0]
  return pem !== undefined && String(stdout).includes('Verify return code: 0 (ok)') ? new X509Certificate(pem) : null
}
