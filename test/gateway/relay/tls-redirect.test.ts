import test from 'node:test'
import assert from 'node:assert/strict'
import { answering, siteRoute, staticRoute, Wire } from './house.ts'
import { certificate, dialled, reply, securedWith, ZONE } from './tls-house.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const TRUSTED = { ...ZONE, trusted: true }
const get = (host: string, path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

test('auto redirects where the certificate is trusted, on where there is one, off nowhere', async t => {
  const up = await answering(t, OK)
  for (const [mode, trusted, due] of [['auto', true, true], ['auto', false, false], ['on', true, true], ['on', false, true], ['off', true, false]] as const) {
    const { port, tls } = await securedWith(t, [staticRoute(up.port, 'b.example.test'), staticRoute(up.port, 'none.test')], [{ ...ZONE, trusted }], { redirectHttps: mode })
    const text = await new Wire(t, port).send(get('b.example.test:80', '/a?b=c')).until(/\r\n\r\n[^]/)
    if (due) assert.match(text, new RegExp(`^HTTP/1\\.1 308 [^]*\r\nLocation: https://b\\.example\\.test:${tls}/a\\?b=c\r\n`))
    else assert.match(text, /^HTTP\/1\.1 200 /)
    assert.match(await new Wire(t, port).send(get('none.test')).until(/ok$/), /^HTTP\/1\.1 200 /)
  }
})

test('port 443 is not written out', async t => {
  const up = await answering(t, OK)
  const { port, relay } = await securedWith(t, [staticRoute(up.port, 'b.example.test')], [TRUSTED])
  relay.secure.port = 443
  assert.match(await new Wire(t, port).send(get('b.example.test')).until(/\r\n\r\n/), /\r\nLocation: https:\/\/b\.example\.test\/\r\n/)
})

test('a redirect wakes nothing and is not counted, and its connection goes on', async t => {
  const { port, relay, told } = await securedWith(t, [siteRoute('asleep')], [TRUSTED])
  const wire = new Wire(t, port).send(get('alice.example.test') + get('alice.example.test'))
  await wire.until(/ 308 [^]* 308 /)
  relay.report()
  assert.deepEqual(told.filter(({ type }) => type !== 'meter'), [])
})

test('ACME challenges and the zone localhost are never redirected', async t => {
  const up = await answering(t, OK)
  const { port, relay } = await securedWith(t, [staticRoute(up.port, 'b.example.test')], [TRUSTED], { redirectHttps: 'on' })
  assert.match(await new Wire(t, port).send(get('b.example.test', '/.well-known/acme-challenge/x')).until(/ok$/), / 200 /)
  relay.obey({ type: 'certificates', certificates: [{ ...certificate(['b.localhost']), trusted: true }] })
  relay.replace(2, 'localhost', [staticRoute(up.port, 'b.localhost')])
  assert.match(await new Wire(t, port).send(get('b.localhost')).until(/ok$/), / 200 /)
})

test("a trusted proxy's word that the visitor speaks HTTPS is taken, a stranger's is not", async t => {
  const up = await answering(t, OK)
  const request = get('b.example.test').replace('\r\n\r\n', '\r\nX-Forwarded-Proto: https\r\n\r\n')
  for (const [trustedProxies, status] of [[['127.0.0.1'], 200], [[], 308]] as const) {
    const { port } = await securedWith(t, [staticRoute(up.port, 'b.example.test')], [TRUSTED], { trustedProxies: [...trustedProxies] })
    assert.match(await new Wire(t, port).send(request).until(/\r\n\r\n/), new RegExp(`^HTTP/1.1 ${status} `))
  }
})

test('HSTS is sent over HTTPS under the same condition, never over HTTP, and never over one of the site', async t => {
  const up = await answering(t, OK)
  const own = await answering(t, OK.replace('Content', 'strict-transport-security: max-age=1\r\nContent'))
  const routes = [staticRoute(up.port, 'b.example.test'), staticRoute(own.port, 'own.example.test')]
  const { port, tls, relay } = await securedWith(t, routes, [TRUSTED])
  const socket = await dialled(t, tls, { servername: 'b.example.test' })
  assert.match(await reply(socket, get('b.example.test'), /ok$/), /\r\nStrict-Transport-Security: max-age=15768000\r\n/)
  assert.match(await reply(socket, get('nobody.example.test'), /No site here[^]*\n$/), /\r\nStrict-Transport-Security: max-age=15768000\r\n/)
  const kept = await reply(socket, get('own.example.test'), /ok$/)
  assert.deepEqual(kept.match(/strict-transport-security:.*/gi), ['strict-transport-security: max-age=1'])
  assert.doesNotMatch(await new Wire(t, port).send(get('b.example.test', '/.well-known/acme-challenge/x')).until(/ok$/), /strict-transport/i)
  relay.obey({ type: 'certificates', certificates: [ZONE] })
  assert.doesNotMatch(await reply(socket, get('b.example.test'), /ok$/), /strict-transport/i)
})
