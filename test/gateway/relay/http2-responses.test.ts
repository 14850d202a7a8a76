// What an HTTP/2 visitor gets of a backend's response, and when either of them leaves or is slow.
import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { once } from 'node:events'
import { test } from 'node:test'
import { until } from '../../helpers/patience.ts'
import { Frames, GET, answer, ask, client, END_HEADERS, END_STREAM, FRAME, frame, h2With, headersFrame } from './frames.ts'
import { answering, at, backend, rawBackend, siteRoute, staticRoute } from './house.ts'

test('a response comes with its fields in lower case and none of its connection', async t => {
  const { port } = await answering(t, 'HTTP/1.1 200 OK\r\nX-Thing: A\r\nX-Thing: B\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nHTTP2-Settings: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Domain=example.test\r\nContent-Length: 2\r\n\r\nok')
  const { h2 } = await h2With(t, [staticRoute(port)])
  const { status, headers, body } = await ask(client(t, h2), {})
  assert.deepEqual([status, body, headers['x-thing'], headers['set-cookie'], headers.via, headers['content-length']], [200, 'ok', 'A, B', ['a=1'], '1.1 auberge', '2'])
  for (const name of ['connection', 'keep-alive', 'x-hop', 'http2-settings', 'transfer-encoding']) assert.equal(headers[name], undefined, name)
})

test('answers to HEAD, 204 and 304 have no body and end with their head', async t => {
  const { port } = await backend(t, (request, response) => {
    response.writeHead(request.url === '/204' ? 204 : request.url === '/304' ? 304 : 200, request.url === '/204' ? {} : { 'content-length': 5 })
    response.end(request.method === 'HEAD' || request.url !== '/' ? undefined : 'hello')
  })
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  const answers = await Promise.all([ask(session, { ':method': 'HEAD' }), ask(session, { ':path': '/204' }), ask(session, { ':path': '/304' }), ask(session, { ':authority': 'none.test', ':method': 'HEAD' })])
  assert.deepEqual(answers.map(({ status, headers, body, code }) => [status, headers['content-length'] === undefined, body, code]), [[200, false, '', 0], [204, true, '', 0], [304, false, '', 0], [404, false, '', 0]])
})

test('early hints and 100 come ahead of the response', async t => {
  const { port } = await answering(t, 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { h2 } = await h2With(t, [staticRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test' })
  const hints = once(stream, 'headers')
  const got = await answer(stream)
  assert.deepEqual([(await hints)[0][':status'], (await hints)[0].link, got.status, got.body], [103, '</a.css>', 200, 'ok'])
})

test('response trailers reach the visitor, after a body that came at once or in pieces', async t => {
  const { port } = await rawBackend(t, socket => socket.on('data', chunk => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'
    const tail = '0\r\nGrpc-Status: 0\r\n\r\n'
    if (chunk.includes('/once')) socket.write(head + tail)
    else socket.write(head, () => setImmediate(() => setImmediate(() => socket.write(tail))))
  }))
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  for (const path of ['/once', '/pieces', '/pieces']) {
    const { body, trailers, code } = await ask(session, { ':path': path, te: 'trailers' })
    assert.deepEqual([body, trailers?.['grpc-status'], code], ['ok', '0', 0], path)
  }
})

test('server-sent events come as they are sent', async t => {
  const { port, sockets } = await rawBackend(t, socket => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')))
  const { h2 } = await h2With(t, [staticRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test' })
  assert.equal(String((await once(stream, 'data'))[0]), 'data: 1\n\n')
  for (const socket of sockets) socket.end('data: 2\n\n')
  assert.equal((await answer(stream)).body, 'data: 2\n\n')
})

test('a response that breaks off is reset, and never looks whole', async t => {
  const heads = ['Content-Length: 10\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n']
  for (const head of heads) {
    const { port } = await rawBackend(t, socket => socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}`)))
    const { h2 } = await h2With(t, [staticRoute(port)])
    assert.equal((await ask(client(t, h2), {})).code, constants.NGHTTP2_INTERNAL_ERROR, head)
  }
})

test('an answer ahead of a body that still comes is whole, and turns the rest off without an error', async t => {
  const { port } = await rawBackend(t, socket => socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')))
  const { h2, relay } = await h2With(t, [staticRoute(port)])
  const frames = new Frames(t, h2)
  frames.send(headersFrame(1, [[':method', 'POST'], ...GET.slice(1)], END_HEADERS), ...[1, 2, 3].map(() => frame(FRAME.data, 0, 1, Buffer.alloc(11_000))))
  assert.equal(await frames.reset(1), constants.NGHTTP2_NO_ERROR)
  assert.equal(frames.got.filter(({ type, stream }) => type === FRAME.data && stream === 1).map(({ payload }) => payload.toString()).join(''), 'no')
  assert.ok(frames.got.some(({ type, stream, flags }) => type === FRAME.data && stream === 1 && (flags & END_STREAM) !== 0))
  frames.send(headersFrame(3, [...GET.slice(0, 3), [':authority', 'none.test']]))
  await frames.until(({ type, stream }) => type === FRAME.headers && stream === 3)
  await until('the upstream is closed', () => relay.pools.open === 0)
})

test('a reset frees the upstream at once, held, awaited or under way', async t => {
  const { port, sockets } = await rawBackend(t, socket => socket.on('end', () => socket.end()).on('data', chunk => { if (chunk.includes('/body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello') }))
  const { h2, relay, waitFor } = await h2With(t, [staticRoute(port), siteRoute('asleep')])
  const session = client(t, h2)
  const awaited = session.request({ ':authority': 'a.test' })
  const underWay = session.request({ ':authority': 'a.test', ':path': '/body' })
  const held = session.request({ ':authority': 'alice.example.test' })
  await once(underWay, 'data')
  await waitFor('wake')
  for (const stream of [awaited, underWay, held]) stream.on('error', () => {}).close(constants.NGHTTP2_CANCEL)
  await until('the upstreams are closed', () => sockets.size === 0 && relay.pools.open === 0 && relay.hold.size === 0)
  assert.equal(relay.hold.size, 0)
})

test('a closed connection frees all its upstreams', async t => {
  const { port, sockets } = await rawBackend(t, socket => socket.resume().on('end', () => socket.end()))
  const { h2, relay, guests } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  for (let i = 0; i < 5; i++) session.request({ ':authority': 'a.test' }).on('error', () => {})
  await until('they are there', () => sockets.size === 5)
  session.destroy()
  await until('they are gone', () => sockets.size === 0 && relay.pools.open === 0 && guests.size === 0)
})

test('a visitor who does not read stops the upstream, and goes on where it left', async t => {
  let sent = 0
  const piece = Buffer.alloc(65_536, 120)
  const { port } = await rawBackend(t, socket => socket.once('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${512 * piece.length}\r\n\r\n`)
    const more = (): void => { while (sent < 512) { sent++; if (!socket.write(piece)) { socket.once('drain', more); return } } }
    more()
  }))
  const { h2 } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  const stream = session.request({ ':authority': 'a.test' })
  await once(stream, 'response')
  let before = -1
  await until('it stands still', () => { const still = before === sent; before = sent; return still })
  assert.ok(sent < 512, `${sent} pieces were taken`)
  let size = 0
  stream.on('data', (bytes: Buffer) => { size += bytes.length })
  await once(stream, 'end')
  assert.equal(size, 512 * piece.length)
})

test('a backend that does not read stops the upload, and goes on where it left', async t => {
  let size = 0
  const { port, sockets } = await rawBackend(t, socket => socket.pause())
  const { h2 } = await h2With(t, [staticRoute(port)])
  const stream = client(t, h2).request({ ':authority': 'a.test', ':method': 'POST' })
  const whole = 256 * 65_536
  stream.end(Buffer.alloc(whole, 120))
  await until('the backend is there', () => sockets.size === 1)
  const [socket] = sockets
  let before = -1
  await until('it stands still', () => { const now = stream.session?.state.effectiveLocalWindowSize ?? 0; const still = now === before; before = now; return still })
  assert.ok(stream.writableLength > 0, 'all was taken')
  socket?.resume().on('data', chunk => {
    size += chunk.length
    if (chunk.toString('latin1').endsWith('0\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const got = await answer(stream)
  assert.equal(got.body, 'ok')
  assert.ok(size > whole)
})

test('a relay that leaves says so, and what is under way is finished', async t => {
  const { port, sockets } = await rawBackend(t, () => {})
  const { h2, guests } = await h2With(t, [staticRoute(port)])
  const session = client(t, h2)
  const goaway = once(session, 'goaway')
  const stream = session.request({ ':authority': 'a.test' })
  await until('it is there', () => sockets.size === 1)
  for (const guest of guests) guest.retire()
  assert.equal((await goaway)[0], 0)
  for (const socket of sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  assert.equal((await answer(stream)).body, 'ok')
  await until('the connection is over', () => guests.size === 0)
})

test('a request for a sleeping site waits, its body unread, and goes when it wakes', async t => {
  const { port } = await backend(t, (request, response) => { request.resume().on('end', () => response.end('awake')) })
  const { h2, relay, waitFor } = await h2With(t, [siteRoute('asleep')])
  const stream = client(t, h2).request({ ':authority': 'alice.example.test', ':method': 'POST' })
  stream.end(Buffer.alloc(200_000))
  await waitFor('wake')
  relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(port)) })
  assert.equal((await answer(stream)).body, 'awake')
})

