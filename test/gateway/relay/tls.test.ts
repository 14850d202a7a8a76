import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { answering, backend, relayWith, staticRoute, Wire } from './house.ts'
import { certificate, dialled, refusal, reply, securedWith, ZONE } from './tls-house.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

test('a visitor who half-closes in the middle of a handshake is let go at once', async t => {
  const { tls, relay } = await securedWith(t, [], [ZONE], { settings: { handshakeTimeout: 600_000 } })
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername: 'example.test' }).on('error', () => {})
  const [peer] = await once(server, 'connection') as [Socket]
  const [hello] = await once(peer.on('error', () => {}), 'data') as [Buffer]
  for (const one of [client, peer]) one.destroy()
  server.close()
  const socket = connect({ port: tls, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.write(hello)
  await once(socket, 'data')
  socket.end()
  while (relay.crowd.size > 0) await new Promise(resolve => setImmediate(resolve))
})

test('a request over TLS is served, kept alive and pipelined, and the upstream learns that it was HTTPS', async t => {
  const heads: string[] = []
  const up = await backend(t, (request, response) => {
    heads.push(`${String(request.headers['x-forwarded-proto'])} ${String(request.headers['x-forwarded-port'])}`)
    response.end(request.url)
  })
  const { tls } = await securedWith(t, [staticRoute(up.port)])
  const socket = await dialled(t, tls)
  await reply(socket, GET, /\r\n\r\n\/$/)
  const ask = (path: string): string => GET.replace(' / ', ` ${path} `)
  const text = await reply(socket, ask('/one') + ask('/two') + ask('/three'), /\/three$/)
  assert.ok(text.indexOf('/one') < text.indexOf('/two') && text.indexOf('/two') < text.indexOf('/three'))
  assert.deepEqual(heads, Array(4).fill(`https ${tls}`))
})

test('the certificate is the one of the name asked for, the wildcard covers one label, no name gets the apex', async t => {
  const { tls } = await securedWith(t, [])
  const subject = async (options: object): Promise<string> => (await dialled(t, tls, options)).getPeerX509Certificate()?.subject ?? ''
  assert.equal(await subject({ servername: 'a.test' }), 'CN=a.test')
  assert.equal(await subject({ servername: 'alice.example.test' }), 'CN=example.test')
  assert.equal(await subject({ servername: 'EXAMPLE.test' }), 'CN=example.test')
  assert.equal(await subject({ servername: '' }), 'CN=example.test')
  assert.equal(await refusal(t, tls, { servername: 'x.y.example.test' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
})

test('a name that no certificate covers is answered with unrecognized_name', async t => {
  const { tls } = await securedWith(t, [])
  assert.equal(await refusal(t, tls, { servername: 'other.test' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
})

test("an unknown name under the wildcard gets the relay's 404", async t => {
  const { tls } = await securedWith(t, [])
  const socket = await dialled(t, tls, { servername: 'nobody.example.test' })
  assert.match(await reply(socket, 'GET / HTTP/1.1\r\nHost: nobody.example.test\r\n\r\n', /\r\n\r\n[^]+/), /^HTTP\/1\.1 404 /)
})

test('an exact certificate goes before the wildcard, and a broken one does not take the others down', async t => {
  const exact = certificate(['alice.example.test'])
  const broken = { ...certificate(['bob.example.test']), key: exact.key }
  const { tls } = await securedWith(t, [], [broken, ZONE, exact])
  const subject = async (servername: string): Promise<string> => (await dialled(t, tls, { servername })).getPeerX509Certificate()?.subject ?? ''
  assert.equal(await subject('alice.example.test'), 'CN=alice.example.test')
  assert.equal(await subject('bob.example.test'), 'CN=example.test')
})

test('certificates are replaced while a connection is open: it goes on, the next has the new one', async t => {
  const up = await answering(t, OK)
  const { tls, relay } = await securedWith(t, [staticRoute(up.port)])
  const old = await dialled(t, tls)
  await reply(old, GET, /ok$/)
  relay.obey({ type: 'certificates', certificates: [certificate(['a.test'])] })
  await reply(old, GET, /ok$/)
  const fresh = await dialled(t, tls)
  assert.notEqual(fresh.getPeerX509Certificate()?.fingerprint256, old.getPeerX509Certificate()?.fingerprint256)
})

test('one certificate is added, replaced and taken away without the others', async t => {
  const { tls, relay } = await securedWith(t, [], [ZONE])
  const seen = async (servername: string): Promise<string> => (await dialled(t, tls, { servername })).getPeerX509Certificate()?.fingerprint256 ?? ''
  const wildcard = await seen('bob.example.test')
  relay.obey({ type: 'certificate', certificate: certificate(['bob.example.test']) })
  const own = await seen('bob.example.test')
  relay.obey({ type: 'certificate', certificate: certificate(['bob.example.test']) })
  assert.equal(new Set([wildcard, own, await seen('bob.example.test')]).size, 3)
  relay.obey({ type: 'uncertified', name: 'bob.example.test' })
  assert.deepEqual([await seen('bob.example.test'), await seen('alice.example.test')], [wildcard, wildcard])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session of ${version} resumes at another relay with the same ticket key, and no longer after a rotation`, async t => {
    const up = await answering(t, OK)
    const [first, second] = [await securedWith(t, [staticRoute(up.port)]), await securedWith(t, [staticRoute(up.port)])]
    const key = (fill: number): string => Buffer.alloc(48, fill).toString('base64')
    for (const { relay } of [first, second]) relay.obey({ type: 'tickets', key: key(1) })
    const socket = await dialled(t, first.tls, { maxVersion: version })
    let session = socket.getSession()
    socket.on('session', newest => { session = newest })
    await reply(socket, GET, /ok$/)
    const other = await dialled(t, second.tls, { maxVersion: version, ...session && { session } })
    assert.equal(other.isSessionReused(), true)
    assert.match(await reply(other, GET, /ok$/), /200 OK/)
    second.relay.obey({ type: 'tickets', key: key(2) })
    assert.equal((await dialled(t, second.tls, { maxVersion: version, ...session && { session } })).isSessionReused(), false)
  })
}

test('http/1.1 is agreed on by ALPN, what we do not speak is refused', async t => {
  const { tls } = await securedWith(t, [])
  assert.equal((await dialled(t, tls, { ALPNProtocols: ['spdy/3', 'http/1.1'] })).alpnProtocol, 'http/1.1')
  assert.equal((await dialled(t, tls)).alpnProtocol, false)
  assert.match(await refusal(t, tls, { ALPNProtocols: ['spdy/3'] }), /NO_APPLICATION_PROTOCOL/)
  assert.match(await refusal(t, tls, { ALPNProtocols: ['acme-tls/1'] }), /NO_APPLICATION_PROTOCOL/)
})

test('a client that speaks only HTTP/1.0 over TLS is served', async t => {
  const up = await answering(t, OK)
  const { tls } = await securedWith(t, [staticRoute(up.port)])
  const socket = await dialled(t, tls, { ALPNProtocols: ['http/1.0'] })
  assert.equal(socket.alpnProtocol, 'http/1.0')
  assert.match(await reply(socket, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n', /ok$/), /^HTTP\/1\.1 200 OK/)
})

test('h2 is agreed on where it is offered, and routed by authority', async t => {
  const up = await backend(t, (request, response) => response.end(String(request.headers['x-forwarded-proto'])))
  const { tls, relay } = await securedWith(t, [staticRoute(up.port)])
  const client = http2.connect(`https://127.0.0.1:${tls}`, { servername: 'a.test', rejectUnauthorized: false })
  t.after(() => client.destroy())
  const stream = client.request({ ':path': '/', ':authority': 'a.test' })
  let body = ''
  for await (const piece of stream) body += String(piece)
  assert.equal(body, 'https')
  client.close()
  while (relay.crowd.size > 0 || relay['guests'].size > 0) await new Promise(resolve => setTimeout(resolve, 5))
})

test('our order of ciphers counts, except for who puts ChaCha20 first', async t => {
  const { tls } = await securedWith(t, [])
  const chosen = async (ciphers: string, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> => (await dialled(t, tls, { ciphers, maxVersion })).getCipher().name
  const [strong, light, chacha] = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']
  assert.equal(await chosen(`${strong}:${chacha}:${light}`, 'TLSv1.3'), light)
  assert.equal(await chosen(`${chacha}:${strong}:${light}`, 'TLSv1.3'), chacha)
  assert.equal(await chosen('ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2'), 'ECDHE-RSA-AES128-GCM-SHA256')
  assert.equal(await chosen('ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2'), 'ECDHE-RSA-CHACHA20-POLY1305')
})

test('TLS 1.1, CBC and RSA key exchange are refused', async t => {
  const { tls } = await securedWith(t, [])
  assert.match(await refusal(t, tls, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /VERSION/)
  for (const ciphers of ['ECDHE-RSA-AES128-SHA256', 'AES128-GCM-SHA256']) {
    assert.match(await refusal(t, tls, { maxVersion: 'TLSv1.2', ciphers }), /HANDSHAKE_FAILURE/)
  }
})

test('a handshake that stops half-way, and a silent connection, end at the deadline and are counted until then', async t => {
  const { tls, relay } = await securedWith(t, [], [ZONE], { settings: { handshakeTimeout: 100 } })
  const wires = [new Wire(t, tls), new Wire(t, tls).send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')]
  while (relay.crowd.size < 2) await new Promise(resolve => setImmediate(resolve))
  for (const wire of wires) assert.equal(await wire.close(), '')
  while (relay.crowd.size > 0 || relay['guests'].size > 0) await new Promise(resolve => setImmediate(resolve))
})

test('connections beyond the limit are turned away before any handshake', async t => {
  const { tls } = await securedWith(t, [], [ZONE], { settings: { perAddress: 1 } })
  await dialled(t, tls, { servername: 'example.test' })
  assert.match(await new Wire(t, tls).end(), /^HTTP\/1\.1 503 /)
})

test('garbage is answered with an alert and the connection ended', async t => {
  const { tls, relay } = await securedWith(t, [], [ZONE], { settings: { linger: 50 } })
  for (const garbage of ['\x00\x01\x02', '\x16\x03\x01\x00\x04\x02\x00\x00\x00', '\x16\x03\x01\x00\x00', '\x16\x02\x00\x00\x05hello', '\x80\x2e\x01\x00\x02']) {
    const text = await new Wire(t, tls).send(garbage).end()
    assert.match(text, /^\x15\x03\x03\x00\x02\x02[^]$/)
  }
  while (relay.crowd.size > 0) await new Promise(resolve => setImmediate(resolve))
})

test('plain HTTP on the TLS port gets a 400 that says so', async t => {
  const { tls } = await securedWith(t, [])
  assert.match(await new Wire(t, tls).send(GET).end(), /^HTTP\/1\.1 400 [^]*Connection: close\r\n\r\nThis port speaks HTTPS/)
})

test('visitors who leave in the middle of a handshake leave nothing behind', async t => {
  const { tls, relay } = await securedWith(t, [])
  for (let i = 0; i < 20; i++) {
    const socket = connect(tls, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    socket.write(Buffer.from([22, 3, 1]))
    if (i % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
  }
  while (relay.crowd.size > 0 || relay['guests'].size > 0) await new Promise(resolve => setImmediate(resolve))
})

test('a relay without HTTPS redirects nothing', async t => {
  const up = await answering(t, OK)
  const { port } = await relayWith(t, [staticRoute(up.port)], { redirectHttps: 'on' })
  assert.match(await new Wire(t, port).send(GET).until('ok'), /200 OK/)
})
