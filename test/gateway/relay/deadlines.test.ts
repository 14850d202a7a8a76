// What is silent for too long ends, over HTTP/1.1: an upstream that can't be connected to, a response, a tunnel, a connection nobody uses. Run by node --test.
import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { backend, exchange, rawBackend, relayWith, staticRoute, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'
import type { TestContext } from 'node:test'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('an upstream that takes no connection within its time is a 502', async t => {
  const { port } = await relayWith(t, [staticRoute(await full(t))], { settings: { connectTimeout: 50 } })
  assert.match(await exchange(t, port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')), /^HTTP\/1\.1 502 /)
})

test('what came while the relay stood still is read before anybody is late: a head, and a response', async t => {
  const up = await rawBackend(t, socket => socket.on('data', text => {
    if (String(text).startsWith('GET /still')) standStill(() => socket.write(OK))
    else socket.write(OK)
  }))
  const { port } = await relayWith(t, [staticRoute(up.port)], { settings: { headTimeout: 200, responseTimeout: 200 } })
  const wire = new Wire(t, port).send('GET / HTTP/1.1\r\n')
  await once(wire.socket, 'connect')
  standStill(() => wire.send('Host: a.test\r\n\r\n'))
  await wire.until(/^HTTP\/1\.1 200 [^]*ok$/)
  assert.match(await wire.send(GET.replace('/', '/still')).until(/ok$/, wire.text.length), /^HTTP\/1\.1 200 /)
})

test('a response that falls silent is broken off, chunked or counted, and its upstream freed', async t => {
  for (const begun of ['Content-Length: 9\r\n\r\none', 'Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n']) {
    const up = await rawBackend(t, socket => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${begun}`)))
    const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { responseProgress: 50 } })
    const text = await new Wire(t, port).send(GET).close()
    assert.match(text, /^HTTP\/1\.1 200 OK[^]*one(\r\n)?$/)
    await until('nothing is left of it', () => relay.pools.open === 0 && relay.table.find('a.test')?.inFlight === 0)
  }
})

test('an answer that comes after its visitor was told 504 reaches nobody', async t => {
  const asked: (() => void)[] = []
  const up = await rawBackend(t, socket => socket.on('data', text => {
    if (String(text).startsWith('GET /late')) asked.push(() => socket.write(OK.replace('ok', 'no')))
    else socket.write(OK)
  }))
  const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { responseTimeout: 50 } })
  const wire = new Wire(t, port).send(GET.replace('/', '/late'))
  await wire.until(/^HTTP\/1\.1 504 [^]*\r\n\r\n/)
  asked[0]?.()
  await until('the connection is thrown away', () => relay.pools.open === 0)
  const from = wire.text.length
  assert.match(await wire.send(GET).until(/HTTP\/1\.1 200 [^]*..$/, from), /ok$/)
  assert.doesNotMatch(wire.text, /\r\n\r\nno/)
})

test('a tunnel in which nobody says anything ends for both sides', async t => {
  const up = await rawBackend(t, socket => { socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')) })
  const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { tunnelIdle: 50 } })
  await new Wire(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n').close()
  await until('nothing is left of it', () => up.sockets.size === 0 && relay.crowd.size === 0 && relay.pools.open === 0)
})

test('an upstream connection that nobody uses is closed after a while', async t => {
  const up = await rawBackend(t, socket => socket.on('data', () => socket.write(OK)).on('end', () => socket.end()))
  const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { poolIdle: 50 } })
  await new Wire(t, port).send(GET).until(/ok$/)
  await until('it is closed', () => up.sockets.size === 0 && relay.pools.open === 0)
})

test('server-sent events come as they are sent', async t => {
  let say = (_event: string): void => {}
  const up = await backend(t, (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    say = event => void response.write(event)
  })
  const { port } = await relayWith(t, [staticRoute(up.port)])
  const wire = new Wire(t, port).send(GET)
  await wire.until('text/event-stream')
  for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
    say(event)
    await wire.until(event)
  }
})

/** Writes, and then lets this process do nothing for longer than the times above. */
function standStill(write: () => void): void {
  write()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
}

/** The port of a listener that has as many connections waiting as it may have and accepts none: the kernel answers no more. */
async function full(t: TestContext): Promise<number> {
  const listener = new Worker(`
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:worker_threads').parentPort.postMessage(server.address().port)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
    })`, { eval: true })
  t.after(() => listener.terminate())
  const [port] = await once(listener, 'message') as [number]
  for (let waiting = 0; waiting < 8; waiting++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    t.after(() => socket.destroy())
  }
  return port
}
