// Upstreams that speak HTTP/2, for visitors over HTTP/1.1 and HTTP/2: what they get, and what comes back.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { Wire, exchange, relayWith, unchunked } from './house.ts'
import { ask, client, END_HEADERS, END_STREAM, FRAME, fields, frame, h2With } from './frames.ts'
import { frameBackend, h2Backend, h2cRoute, okFrame } from './grpc.ts'

const CLOSE = 'Connection: close\r\n\r\n'

test('a request over HTTP/1.1 arrives as a header list, with what every upstream is told', async t => {
  const seen: string[][] = []
  const { port } = await h2Backend(t, (stream, _headers, _flags, list) => { seen.push(list); stream.respond(); stream.end('ok') })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const text = await exchange(t, relay, `GET /p?q HTTP/1.1\r\nHost: A.test\r\nX-Two: 1\r\nx-two: \xe9\r\nAuthorization: a\r\nAuthorization: b\r\nTE: trailers, gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close, x-hop, te\r\n\r\n`)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(text, /\r\nVia: 2\.0 auberge\r\n/)
  const lines = Array.from({ length: (seen[0]?.length ?? 0) / 2 }, (_, i) => `${seen[0]?.[2 * i]}: ${seen[0]?.[2 * i + 1]}`)
  assert.deepEqual(lines.slice(0, 4), [':method: GET', ':scheme: http', ':authority: A.test', ':path: /p?q'])
  for (const line of ['x-two: 1', 'x-two: \xe9', 'authorization: b', 'te: trailers', 'x-forwarded-for: 127.0.0.1', 'via: 1.1 auberge']) assert.ok(lines.includes(line), line)
  assert.ok(!lines.some(line => /^(host|connection|upgrade|http2-settings|keep-alive|x-hop|content-length|transfer-encoding):/.test(line)))
})

test('trailers go both ways, and interim responses come back', async t => {
  let got: unknown = null
  const { port } = await h2Backend(t, stream => {
    stream.additionalHeaders({ ':status': 103, link: '</x>' })
    stream.on('trailers', trailers => { got = Object.entries(trailers) })
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }))
    stream.on('end', () => stream.end('whole')).resume()
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const text = await exchange(t, relay, `POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n${CLOSE}3\r\nabc\r\n0\r\nX-Up: 1\r\nContent-Type: no\r\n\r\n`)
  assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/x>\r\n/)
  assert.match(text, /5\r\nwhole\r\n0\r\nx-sum: 7\r\n\r\n$/)
  assert.deepEqual(got, [['x-up', '1']])
})

test('HEAD, 204 and 304 have no body; a length that is known is said', async t => {
  const { port } = await h2Backend(t, (stream, headers) => {
    const status = Number(headers[':path']?.slice(1))
    if (headers[':method'] === 'HEAD') return void stream.respond({ ':status': 200, 'content-length': '9' }, { endStream: true })
    stream.respond({ ':status': status, ...status === 200 ? { 'content-length': '2' } : {} }, { endStream: status !== 200 })
    if (status === 200) stream.end('ok')
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const text = await exchange(t, relay, ['HEAD /200', 'GET /204', 'GET /304', 'GET /200'].map((line, i) => `${line} HTTP/1.1\r\nHost: a.test\r\n${i === 3 ? CLOSE : '\r\n'}`).join(''))
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+|Content-Length: \d+|ok$|Transfer-Encoding/g), ['HTTP/1.1 200', 'Content-Length: 9', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200', 'Content-Length: 2', 'ok'])
})

test('the rules for responses are those of HTTP/1.1: cookies of the zone, redirects to the upstream itself', async t => {
  const { port } = await h2Backend(t, stream => {
    stream.respond({ ':status': 302, location: `http://127.0.0.1:${port}/there`, 'set-cookie': ['a=1; Domain=example.test', 'b=2'] })
    stream.end()
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port, 'x.example.test')])
  const text = await exchange(t, relay, `GET / HTTP/1.1\r\nHost: x.example.test\r\n${CLOSE}`)
  assert.match(text, /\r\nLocation: \/there\r\n/)
  assert.match(text, /\r\nset-cookie: b=2\r\n/)
  assert.ok(!text.includes('a=1'))
})

test('large bodies arrive whole both ways, over HTTP/1.1', async t => {
  const { port } = await h2Backend(t, stream => { stream.respond(); stream.pipe(stream) })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const body = randomBytes(24_000_000)
  const hash = createHash('sha256')
  const asked = request({ port: relay, host: '127.0.0.1', method: 'POST', headers: { host: 'a.test', 'content-length': body.length } })
  asked.end(body)
  const [answer] = await once(asked, 'response')
  for await (const chunk of answer) hash.update(chunk)
  assert.equal(hash.digest('hex'), createHash('sha256').update(body).digest('hex'))
  asked.destroy()
})

test('large bodies arrive whole both ways, over HTTP/2', async t => {
  const { port } = await h2Backend(t, stream => { stream.respond(); stream.pipe(stream) })
  const { h2 } = await h2With(t, [h2cRoute(port)])
  const body = randomBytes(8_000_000)
  const answer = await ask(client(t, h2), { ':method': 'POST' }, body)
  assert.ok(Buffer.from(answer.body, 'latin1').equals(body))
})

test('a visitor who does not read holds up neither the others on the connection nor memory', async t => {
  let sent = 0
  const { port, sessions } = await h2Backend(t, (stream, headers) => {
    stream.respond()
    if (headers[':path'] !== '/much') return void stream.end('ok')
    const more = (): void => { while (stream.writable && stream.write(Buffer.alloc(16_384))) sent += 16_384 }
    stream.on('drain', more)
    more()
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const stalled = new Wire(t, relay)
  stalled.socket.pause()
  stalled.send('GET /much HTTP/1.1\r\nHost: a.test\r\n\r\n')
  let before = -1
  await until('no more is sent', () => sent > 0 && sent === before ? true : (before = sent, false))
  assert.ok(sent < 40_000_000, String(sent))
  assert.equal(unchunked(await exchange(t, relay, `GET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`)), 'ok')
  assert.equal(sessions.size, 1)
})

test('a visitor over HTTP/1.1 who leaves cancels the stream', async t => {
  let code = -1
  const { port } = await h2Backend(t, stream => { stream.respond(); stream.write('x'); stream.on('close', () => { code = stream.rstCode ?? 0 }) })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const wire = new Wire(t, relay).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
  await wire.until('x\r\n')
  wire.socket.destroy()
  await until('cancelled', () => code === 8)
})

test('an upgrade to such an upstream is 501, and the connection goes on', async t => {
  const { port } = await h2Backend(t, stream => { stream.respond(); stream.end('ok') })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const text = await exchange(t, relay, `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`)
  assert.match(text, /^HTTP\/1\.1 501 [^]*HTTP\/1\.1 200 /)
})

const LIES: [string, (stream: number) => Buffer[]][] = [
  ['more than it announced', id => [frame(FRAME.headers, END_HEADERS, id, fields([[':status', '200'], ['content-length', '2']])), frame(FRAME.data, END_STREAM, id, Buffer.from('abc'))]],
  ['less than it announced', id => [frame(FRAME.headers, END_HEADERS, id, fields([[':status', '200'], ['content-length', '9']])), frame(FRAME.data, END_STREAM, id, Buffer.from('abc'))]],
  ['a reset without an error in the middle', id => [okFrame(id), frame(FRAME.data, 0, id, Buffer.from('abc')), frame(FRAME.reset, 0, id, Buffer.alloc(4))]],
  ['the end of the connection in the middle', id => [okFrame(id), frame(FRAME.data, 0, id, Buffer.from('abc'))]],
]
for (const [name, frames] of LIES) test(`${name}: the response is broken off, never whole`, async t => {
  const { port } = await frameBackend(t, ({ type, stream }, socket) => {
    if (type !== FRAME.headers) return
    socket.write(Buffer.concat(frames(stream)))
    if (name.includes('connection')) socket.end()
  })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const wire = new Wire(t, relay).send(`GET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`)
  const text = await wire.close()
  assert.ok(!text.endsWith('0\r\n\r\n') && !/Content-Length: 3/.test(text), text)
  if (text.includes('Content-Length: 9')) assert.ok(text.length - text.indexOf('\r\n\r\n') - 4 < 9)
})

const NONSENSE: [string, [string, string][]][] = [
  ['101', [[':status', '101']]], ['a status of letters', [[':status', 'abc']]], ['no status', [['x', 'y']]],
  ['Transfer-Encoding', [[':status', '200'], ['transfer-encoding', 'chunked']]], ['two lengths', [[':status', '200'], ['content-length', '1'], ['content-length', '2']]],
]
for (const [name, list] of NONSENSE) test(`${name} in a response is a 502`, async t => {
  const { port } = await frameBackend(t, ({ type, stream }, socket) => { if (type === FRAME.headers) socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields(list))) })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  assert.match(await exchange(t, relay, `GET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`), /^HTTP\/1\.1 502 /)
})

test('a field that could be read as another is not passed on', async t => {
  const list: [string, string][] = [[':status', '200'], ['x', 'a\nset-cookie: b'], ['set-cookie: x', 'y'], ['z', 'kept']]
  const { port } = await frameBackend(t, ({ type, stream }, socket) => { if (type === FRAME.headers) socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields(list))) })
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const text = await exchange(t, relay, `GET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`)
  assert.match(text, /\r\nz: kept\r\n/)
  assert.ok(!text.includes('set-cookie'))
})

test('a head larger than a response may have, or of more fields, is a 502, and the connection goes on', async t => {
  const wide = Array.from({ length: 6 }, (_, i): [string, string] => [`x-${i}`, 'x'.repeat(12_000)])
  const many = Array.from({ length: 129 }, (_, i): [string, string] => [`x-${i}`, '1'])
  let connections = 0
  const { port, server } = await frameBackend(t, ({ type, stream }, socket) => {
    if (type !== FRAME.headers) return
    const [first = [], ...more] = stream === 1 ? wide.map(field => [field]) : stream === 3 ? [many] : [[]]
    socket.write(frame(FRAME.headers, END_STREAM | (more.length === 0 ? END_HEADERS : 0), stream, fields([[':status', '200'], ...first])))
    more.forEach((one, i) => socket.write(frame(FRAME.continuation, i === more.length - 1 ? END_HEADERS : 0, stream, fields(one))))
  })
  server.on('connection', () => connections++)
  const { port: relay } = await relayWith(t, [h2cRoute(port)])
  const statuses: string[] = []
  for (let i = 0; i < 3; i++) statuses.push((await exchange(t, relay, `GET / HTTP/1.1\r\nHost: a.test\r\n${CLOSE}`)).slice(9, 12))
  assert.deepEqual(statuses, ['502', '502', '200'])
  assert.equal(connections, 1)
})
