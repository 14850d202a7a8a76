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
