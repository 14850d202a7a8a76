// ACME challenges at the relay, asked for as a certificate authority asks: plain HTTP at port 80, and a handshake with `acme-tls/1`, by curl and real TLS clients.
import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { Challenges } from '../../../gateway/certificates/challenges.ts'
import { challengeOf, type Challenge } from '../../../gateway/certificates/acme/challenge.ts'
import type { Relay } from '../../../gateway/relay/relay.ts'
import { answering, siteRoute, staticRoute, Wire } from './house.ts'
import { dialled, refusal, reply, securedWith, ZONE } from './tls-house.ts'

const run = promisify(execFile)
const TOKEN = 'DGyRejmCefe7v4NfDGDKfA'
const THUMBPRINT = 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ'
const HTTP = challengeOf('http-01', 'alice.example.test', TOKEN, THUMBPRINT)
const ALPN = challengeOf('tls-alpn-01', 'a.test', TOKEN, THUMBPRINT)
const ask = (host: string, token: string, method = 'GET'): string => `${method} /.well-known/acme-challenge/${token} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

test('a pending token is answered with its key authorization alone, before any redirect, waking and counting nothing', async t => {
  const { port, relay, told } = await securedWith(t, [{ ...siteRoute('asleep'), redirect: 'www.elsewhere.test' }], [{ ...ZONE, trusted: true }], { redirectHttps: 'on' })
  await shown(relay).http.present(HTTP)
  const wire = new Wire(t, port).send(ask('alice.example.test', TOKEN))
  const text = await wire.until(/Q$/)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Type: application\/octet-stream\r\n/)
  assert.equal(text.split('\r\n\r\n')[1], `${TOKEN}.${THUMBPRINT}`)
  wire.send(ask('alice.example.test', TOKEN, 'HEAD'))
  await wire.until(/ 200 OK[^]* 200 OK[^]*\r\n\r\n$/)
  const { stdout } = await run('curl', ['-fsSL', '--resolve', `alice.example.test:${port}:127.0.0.1`, `http://alice.example.test:${port}/.well-known/acme-challenge/${TOKEN}`])
  assert.equal(stdout, HTTP.keyAuthorization)
  relay.report()
  assert.deepEqual(told.filter(({ type }) => type !== 'meter' && type !== 'applied'), [])
})

test('another token, another host, another method and what is over are the site\'s own business', async t => {
  const up = await answering(t, 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno')
  const { port, relay } = await securedWith(t, [staticRoute(up.port, 'alice.example.test'), staticRoute(up.port, 'b.example.test')])
  const { http } = shown(relay)
  await http.present(HTTP)
  for (const request of [ask('alice.example.test', `${TOKEN}x`), ask('b.example.test', TOKEN), ask('alice.example.test', `${TOKEN}?`), ask('alice.example.test', TOKEN, 'DELETE')]) assert.match(await new Wire(t, port).send(request).until(/no$/), / 404 /)
  await http.cleanup(HTTP)
  assert.match(await new Wire(t, port).send(ask('alice.example.test', TOKEN)).until(/no$/), / 404 /)
})

test('a host without a route is asked all the same, and a visitor over HTTP/2 gets the same answer', async t => {
  const { port, tls, relay } = await securedWith(t, [])
  await shown(relay).http.present(HTTP)
  assert.match(await new Wire(t, port).send(ask('alice.example.test', TOKEN)).until(/Q$/), / 200 /)
  const { stdout } = await run('curl', ['-fsSk', '--http2', '--resolve', `alice.example.test:${tls}:127.0.0.1`, `https://alice.example.test:${tls}/.well-known/acme-challenge/${TOKEN}`])
  assert.equal(stdout, HTTP.keyAuthorization)
})

test('acme-tls/1 shows the challenge\'s certificate: self-signed, for the one name, with the digest in a critical extension', async t => {
  const { tls, relay } = await securedWith(t, [])
  await shown(relay).alpn.present(ALPN)
  const socket = await dialled(t, tls, { servername: 'A.test', ALPNProtocols: ['acme-tls/1'] })
  assert.equal(socket.alpnProtocol, 'acme-tls/1')
  const { raw } = socket.getPeerCertificate()
  const leaf = new X509Certificate(raw)
  assert.deepEqual([leaf.subjectAltName, leaf.ca, leaf.verify(leaf.publicKey)], ['DNS:a.test', false, true])
  // SEQUENCE { OID 1.3.6.1.5.5.7.1.31, TRUE, OCTET STRING { OCTET STRING digest } }
  const digest = createHash('sha256').update(`${TOKEN}.${THUMBPRINT}`).digest('hex')
  assert.ok(raw.toString('hex').includes(`303106082b0601050507011f0101ff04220420${digest}`))
})

test('the connection of a challenge ends after its handshake, and nothing is served on it', async t => {
  const up = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { tls, relay } = await securedWith(t, [staticRoute(up.port, 'a.test')])
  await shown(relay).alpn.present(ALPN)
  const socket = await dialled(t, tls, { servername: 'a.test', ALPNProtocols: ['acme-tls/1'] })
  await assert.rejects(reply(socket, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', /ok$/), /ended before/)
})

test('without a challenge, or beside other protocols, nobody gets one\'s certificate', async t => {
  const { tls, relay } = await securedWith(t, [])
  const { alpn } = shown(relay)
  await alpn.present(ALPN)
  assert.match(await refusal(t, tls, { servername: 'b.example.test', ALPNProtocols: ['acme-tls/1'] }), /NO_APPLICATION_PROTOCOL/)
  const both = await dialled(t, tls, { servername: 'a.test', ALPNProtocols: ['acme-tls/1', 'http/1.1'] })
  assert.equal(both.alpnProtocol, 'http/1.1')
  await alpn.cleanup(ALPN)
  assert.match(await refusal(t, tls, { servername: 'a.test', ALPNProtocols: ['acme-tls/1'] }), /NO_APPLICATION_PROTOCOL/)
})

test('openssl sees the challenge, as an authority\'s own client would', async t => {
  const { tls, relay } = await securedWith(t, [])
  await shown(relay).alpn.present(ALPN)
  const { stdout } = await openssl(t, ['s_client', '-connect', `127.0.0.1:${tls}`, '-servername', 'a.test', '-alpn', 'acme-tls/1'])
  assert.match(stdout, /ALPN protocol: acme-tls\/1/)
})

async function openssl(_t: TestContext, args: string[]): Promise<{ stdout: string }> {
  const child = run('openssl', args, { timeout: 20_000 })
  child.child.stdin?.end()
  return child.catch((error: { stdout: string }) => ({ stdout: error.stdout }))
}

/** Control's solvers, with the relay as the only one. */
function shown(relay: Relay): { http: { present(one: Challenge): Promise<void>; cleanup(one: Challenge): Promise<void> }; alpn: { present(one: Challenge): Promise<void>; cleanup(one: Challenge): Promise<void> } } {
  let version = relay.table.version
  const challenges = new Challenges(() => ++version)
  challenges.follow(change => relay.obey(change))
  const relays = { settled: async (wanted: number) => relay.table.version >= wanted }
  return { http: challenges.http01(relays), alpn: challenges.tlsAlpn01(relays) }
}
