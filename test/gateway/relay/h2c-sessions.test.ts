// Connections to upstreams that speak HTTP/2: how many, how full, and what happens to requests when one goes away.
import assert from 'node:assert/strict'
import { createServer } from 'node:http2'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { Wire, exchange, rawBackend, relayWith } from './house.ts'
import { ask, client, END_HEADERS, END_STREAM, FRAME, frame, h2With, number } from './frames.ts'
import { frameBackend, h2Backend, h2cRoute, okFrame } from './grpc.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
const OK = (id: number): Buffer => okFrame(id, END_HEADERS | END_STREAM)

test('an upstream that takes one request at a time gets one at a time, on few connections, and all visitors are served', async t => {
  let most = 0
  let now = 0
  const { port, sessions } = await h2Backend(t, stream => {
    most = Math.max(most, ++now)
    stream.on('close', () => now--)
    setImmediate(() => { stream.respond(); stream.end('ok') })
  }, { maxConcurrentStreams: 1 })
  const { port: relay } = await relayWith(t, [h2cRoute(port)], { settings: { upstreamSessions: 2 } })
  const answers = await Promise.all(Array.from({ length: 40 }, () => exchange(t, relay, GET)))
  assert.ok(answers.every(text => text.startsWith('HTTP/1.1 200')))
  assert.ok(most <= 2 && sessions.size <= 2, `${most} ${sessions.size}`)
})

test('many visitors share one connection', async t => {
  let opened = 0
  const { port, server } = await h2Backend(t, stream => { stream.respond(); stream.end('ok') })
  server.on('session', () => opened++)
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  await Promise.all(Array.from({ length: 60 }, () => exchange(t, relay, GET)))
  assert.equal(opened, 1)
})

test('a queue that is full is 503', async t => {
  const { port } = await h2Backend(t, () => {}, { maxConcurrentStreams: 1 })
  const { port: relay } = await relayWith(t, [h2cRoute(port)], { settings: { upstreamSessions: 1, upstreamQueue: 1, holdTimeout: 200, responseTimeout: 400 } })
  const statuses = await Promise.all(Array.from({ length: 3 }, () => exchange(t, relay, GET)))
  assert.ok(statuses.some(text => text.startsWith('HTTP/1.1 503')))
})

test('a request in the queue whose visitor leaves is forgotten', async t => {
  let asked = 0
  const { port } = await h2Backend(t, stream => { asked++; stream.on('close', () => {}) }, { maxConcurrentStreams: 1 })
  const { h2 } = await h2With(t, [h2cRoute(port)], { settings: { upstreamSessions: 1 } })
  const session = client(t, h2)
  const [first, second] = [0, 1].map(() => session.request({ ':authority': 'a.test' }).on('error', () => {}))
  await until('the first is there', () => asked === 1)
  second?.close(8)
  await once(second ?? session, 'close')
  first?.close(8)
  await once(first ?? session, 'close')
  const third = session.request({ ':authority': 'a.test' }).on('error', () => {})
  await until('the third is there', () => asked === 2)
  third.close(8)
})

test('after GOAWAY what is under way finishes, and the next request has a new connection', async t => {
  const { port, server } = await h2Backend(t, (stream, headers) => {
    stream.respond()
    stream.write('a')
    if (headers[':path'] === '/last') stream.session?.goaway(0)
    setImmediate(() => stream.end('b'))
  })
  let opened = 0
  server.on('session', () => opened++)
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const session = client(t, h2)
  assert.equal((await ask(session, { ':path': '/last' })).body, 'ab')
  assert.equal((await ask(session, {})).body, 'ab')
  assert.equal(opened, 2)
})

/** A backend that refuses its first `times` requests with `frames`, and answers the others. */
async function reluctant(t: Parameters<typeof frameBackend>[0], times: number, frames: (id: number) => Buffer): Promise<{ port: number; asked: () => number }> {
  let asked = 0
  const { port } = await frameBackend(t, ({ type, stream }, socket) => {
    if (type === FRAME.headers) socket.write(asked++ < times ? frames(stream) : OK(stream))
  })
  return { port, asked: () => asked }
}
const REFUSED = (id: number): Buffer => frame(FRAME.reset, 0, id, number(7))
const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

test('a request that was refused unseen is sent again, whatever its method', async t => {
  const { port, asked } = await reluctant(t, 1, REFUSED)
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  assert.match(await exchange(t, relay, POST), /^HTTP\/1\.1 200 /)
  assert.equal(asked(), 2)
})

test('a request that came after the last one a GOAWAY names is sent again on another connection', async t => {
  for (const code of [0, 11]) {
    const { port, asked } = await reluctant(t, 1, () => frame(FRAME.goaway, 0, 0, Buffer.concat([number(0), number(code)])))
    const { port: relay } = await relayWith(t, [h2cRoute(port)])
    assert.match(await exchange(t, relay, POST), /^HTTP\/1\.1 200 /)
    assert.equal(asked(), 2)
  }
})

test('an upstream that refuses everything is a 502 after a few times', async t => {
  const { port, asked } = await reluctant(t, Infinity, REFUSED)
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  assert.match(await exchange(t, relay, POST), /^HTTP\/1\.1 502 /)
  assert.equal(asked(), 4)
})

test('a request of whose body too much has gone is never sent again', async t => {
  let asked = 0
  let got = 0
  const { port } = await frameBackend(t, ({ type, stream, payload }, socket) => {
    if (type === FRAME.headers) asked++
    if (type === FRAME.data && (got += payload.length) > 20_000) socket.write(REFUSED(stream))
  })
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'PUT' }, { endStream: false })
  stream.write(Buffer.alloc(30_000))
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 502)
  assert.equal(asked, 1)
})

test('a request whose body has begun is sent again from its beginning, and then goes on', async t => {
  let asked = 0
  const bodies = ['', '']
  const { port } = await frameBackend(t, ({ type, flags, stream, payload }, socket) => {
    if (type === FRAME.headers) asked++
    if (type !== FRAME.data) return
    bodies[asked - 1] += payload.toString('latin1')
    if (asked === 1) socket.write(REFUSED(stream))
    else if ((flags & END_STREAM) !== 0) socket.write(OK(stream))
  })
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  stream.write('abc')
  await until('it came again', () => bodies[1] === 'abc')
  stream.end('def')
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 200)
  assert.deepEqual(bodies, ['abc', 'abcdef'])
})

test('a small body that has come whole is sent again whole, over HTTP/1.1 too', async t => {
  let asked = 0
  let body = ''
  const { port } = await frameBackend(t, ({ type, flags, stream, payload }, socket) => {
    if (type === FRAME.headers) asked++
    if (type === FRAME.data && asked === 2) body += payload.toString('latin1')
    if (type === FRAME.data && (flags & END_STREAM) !== 0) socket.write(asked === 1 ? REFUSED(stream) : OK(stream))
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  assert.match(await exchange(t, relay, 'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello'), /^HTTP\/1\.1 200 /)
  assert.equal(body, 'hello')
})

test('a body that had not begun comes to the connection that takes the request', async t => {
  let asked = 0
  let body = ''
  const { port } = await frameBackend(t, ({ type, flags, stream, payload }, socket) => {
    if (type === FRAME.headers && ++asked === 1) socket.write(REFUSED(stream))
    if (type === FRAME.data) body += payload.toString('latin1')
    if (type === FRAME.data && (flags & END_STREAM) !== 0) socket.write(OK(stream))
  })
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST' }, { endStream: false })
  await until('it was sent again', () => asked === 2)
  stream.end('hello')
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 200)
  assert.equal(body, 'hello')
})

test('a connection that dies takes a POST with it, and a GET that may have been lost with it is sent again', async t => {
  let asked = 0
  const { port } = await frameBackend(t, ({ type, stream }, socket) => {
    if (type !== FRAME.headers) return
    if (++asked % 2 === 0) socket.destroy()
    else socket.write(OK(stream))
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  assert.match(await exchange(t, relay, GET), /^HTTP\/1\.1 200 /)
  assert.match(await exchange(t, relay, GET), /^HTTP\/1\.1 200 /)
  assert.equal(asked, 3)
  assert.match(await exchange(t, relay, POST), /^HTTP\/1\.1 502 /)
  assert.equal(asked, 4)
})

test('an upstream that is not there, says nothing or speaks HTTP/1.1 is a 502', async t => {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port: nobody } = gone.address() as { port: number }
  await new Promise(resolve => gone.close(resolve))
  const { port: silent } = await rawBackend(t, socket => socket.resume())
  const { port: old } = await rawBackend(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  for (const port of [nobody, silent, old]) {
    const { port: relay, relay: { pools } } = await relayWith(t, [h2cRoute(port)], { settings: { connectTimeout: 200 } })
    assert.match(await exchange(t, relay, POST), /^HTTP\/1\.1 502 /)
    await until('nothing is left', () => pools.open === 0)
  }
})

test('an upstream that takes a request and falls silent is a 504, and its connection is not used again', async t => {
  let dead = 0
  const { port } = await frameBackend(t, ({ type, stream }, socket) => {
    if (type === FRAME.headers && dead === 0) dead = socket.remotePort ?? 0
    else if (type === FRAME.headers && socket.remotePort !== dead) socket.write(OK(stream))
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)], { settings: { responseTimeout: 100, connectTimeout: 5_000 } })
  assert.match(await exchange(t, relay, GET), /^HTTP\/1\.1 504 /)
  assert.match(await exchange(t, relay, GET), /^HTTP\/1\.1 200 /)
})

test('a response that falls silent is broken off, and the stream is cancelled', async t => {
  let code = -1
  const { port } = await h2Backend(t, stream => { stream.respond(); stream.write('x'); stream.on('close', () => { code = stream.rstCode ?? 0 }) })
  const { port: relay } = await relayWith(t, [h2cRoute(port)], { settings: { responseProgress: 100 } })
  const text = await exchange(t, relay, GET)
  assert.ok(text.endsWith('1\r\nx\r\n'))
  await until('cancelled', () => code === 8)
})

test('a connection that nobody uses is closed after a while, and when the relay leaves', async t => {
  const { port, sessions } = await h2Backend(t, stream => { stream.respond(); stream.end() })
  const { port: relay, relay: { pools } } = await relayWith(t, [h2cRoute(port)], { settings: { poolIdle: 100 } })
  await exchange(t, relay, GET)
  await until('closed', () => pools.open === 0 && sessions.size === 0)
  const other = await relayWith(t, [h2cRoute(port)])
  await new Wire(t, other.port).send(GET).close()
  await other.relay.leave()
  await until('closed', () => other.relay.pools.open === 0 && sessions.size === 0)
})
