import test from 'node:test'
import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo } from 'node:net'
import { backend, exchange, relayWith, staticRoute, Wire } from './house.ts'
import { CUSTOM, dialled, reply, securedWith } from './tls-house.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
const PROXY = 'PROXY TCP4 192.0.2.7 198.51.100.1 4000 81\r\n'
const TRUSTED = { trustedProxies: ['127.0.0.1'], proxyProtocol: true }

test('the address in a trusted proxy\'s PROXY header is the visitor\'s', async t => {
  const { port: up } = await backend(t, (request, response) => response.end(`${String(request.headers['x-forwarded-for'])} ${String(request.headers['x-forwarded-port'])}`))
  const { port } = await relayWith(t, [staticRoute(up)], TRUSTED)
  assert.match(await exchange(t, port, PROXY + GET), /192\.0\.2\.7 81/)
  const wire = new Wire(t, port).send('PROXY UNKN')
  await new Promise(resolve => wire.socket.once('connect', resolve))
  assert.match(await wire.send('OWN\r\n').send(GET).until('127.0.0.1'), /200 OK/)
})

test('version 2 of the header is read over a connection like version 1, in whatever pieces, and what it says is kept to', async t => {
  const { port: up } = await backend(t, (request, response) => response.end(`${String(request.headers['x-forwarded-for'])} ${String(request.headers['x-forwarded-port'])}.`))
  const { port } = await relayWith(t, [staticRoute(up)], TRUSTED)
  const six = [...'20010db8000000000000000000000007'.match(/../g) ?? []].map(octet => Number.parseInt(octet, 16))
  const cases: [Buffer, string][] = [
    [second(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 15, 160, 0, 81]), '192.0.2.7 81.'],
    [second(0x21, 0x21, [...six, ...six, 15, 160, 1, 187]), '2001:db8::7 443.'],
    [second(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 15, 160, 0, 81, 0x04, 0, 3, 1, 2, 3]), '192.0.2.7 81.'],
    [second(0x20, 0x00, []), `127.0.0.1 ${port}.`],
  ]
  for (const [header, wanted] of cases) {
    assert.match(await exchange(t, port, header.toString('latin1') + GET), new RegExp(`\\r\\n\\r\\n.*${wanted}`, 's'))
    const wire = new Wire(t, port)
    wire.socket.setNoDelay(true)
    for (const octet of header) {
      wire.socket.write(Buffer.of(octet))
      await new Promise(resolve => setImmediate(resolve))
    }
    assert.ok((await wire.send(GET).end()).includes(wanted))
  }
  for (const header of [second(0x22, 0x11, [1]), second(0x21, 0x12, [192, 0, 2, 7, 198, 51, 100, 1, 15, 160, 0, 81]), second(0x21, 0x11, [192, 0, 2, 7])]) assert.equal(await exchange(t, port, header.toString('latin1') + GET), '')
})

/** A header of version 2. */
function second(version: number, family: number, rest: number[]): Buffer {
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.of(version, family, rest.length >> 8, rest.length & 255), Buffer.from(rest)])
}

for (const together of [true, false]) {
  test(`ahead of TLS the header is read too, ${together ? 'in one piece with the ClientHello' : 'on its own'}`, async t => {
    const { port: up } = await backend(t, (request, response) => response.end(`${String(request.headers['x-forwarded-for'])} ${String(request.headers['x-forwarded-proto'])} ${String(request.headers['x-forwarded-port'])}`))
    const { relay, tls } = await securedWith(t, [staticRoute(up)], [CUSTOM], TRUSTED)
    const balancer = createServer(visitor => {
      const out = connect(tls, '127.0.0.1').on('error', () => {})
      if (!together) out.write(PROXY)
      visitor.on('error', () => {}).once('data', (hello: Buffer) => {
        out.write(together ? Buffer.concat([Buffer.from(PROXY), hello]) : hello)
        visitor.pipe(out).pipe(visitor)
      })
    }).listen(0, '127.0.0.1')
    t.after(() => balancer.close())
    await new Promise(resolve => balancer.once('listening', resolve))
    const socket = await dialled(t, (balancer.address() as AddressInfo).port)
    const get = GET.replace('Connection: close\r\n', '')
    assert.match(await reply(socket, get, /https [0-9]+/), /192\.0\.2\.7 https 81/)
    assert.match(await reply(socket, get, /https [0-9]+/), /192\.0\.2\.7 https 81/)
    socket.destroy()
    while (relay.crowd.size > 0) await new Promise(resolve => setImmediate(resolve))
  })
}

test('the address in the header is what limits', async t => {
  const { port } = await relayWith(t, [], { ...TRUSTED, settings: { perAddress: 1 } })
  const first = new Wire(t, port).send(`${PROXY}GET / HTTP/1.1\r\nHost: x.test\r\n\r\n`)
  await first.until('404')
  assert.match(await exchange(t, port, PROXY + GET), /^HTTP\/1\.1 503 /)
  assert.match(await exchange(t, port, PROXY.replace('2.7', '2.8') + GET), /^HTTP\/1\.1 404 /)
})

test('without a header, or from anybody who is not a trusted proxy, a connection is closed unanswered', async t => {
  const { port } = await relayWith(t, [], { ...TRUSTED, settings: { headTimeout: 60 } })
  for (const sent of [GET, '', 'PROXY ']) assert.equal(await exchange(t, port, sent), '')
  const { port: open } = await relayWith(t, [], { proxyProtocol: true })
  assert.equal(await exchange(t, open, PROXY + GET), '')
})
