import test from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { backend, answering, bodyOf, exchange, rawBackend, relayWith, staticRoute, unchunked, visitorsOf, Wire } from './house.ts'
import { temporary } from '../../helpers/temporary.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'

/** Lets the event loop go round once. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('a large upload and a large download arrive as they were sent', async t => {
  const content = randomBytes(24 * 2 ** 20)
  const sum = createHash('sha256').update(content).digest('hex')
  const { port: up } = await backend(t, async (request, response) => {
    const hash = createHash('sha256')
    for await (const chunk of request) hash.update(chunk as Buffer)
    if (request.url === '/chunked') { response.write(content); response.end() }
    else response.setHeader('content-length', content.length).setHeader('x-sum', hash.digest('hex')).end(content)
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  for (const path of ['/counted', '/chunked']) {
    const answer = await viaNode(port, path, content)
    assert.equal(createHash('sha256').update(answer.body).digest('hex'), sum)
    if (path === '/counted') assert.equal(answer.headers['x-sum'], sum)
  }

  async function viaNode(to: number, path: string, body: Buffer): Promise<{ body: Buffer; headers: Record<string, unknown> }> {
    const asked = http.request({ port: to, path, method: 'POST', headers: { host: 'a.test', ...(path === '/counted' ? { 'content-length': body.length } : {}) }, agent: false }).end(body)
    const [response] = await once(asked, 'response') as [http.IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { body: Buffer.concat(chunks), headers: response.headers }
  }
})

test('many exchanges at once never mix their bytes, though they read into one buffer', async t => {
  const { port: up } = await backend(t, async (request, response) => {
    const body = await bodyOf(request)
    response.write(body.slice(0, body.length / 2))
    setImmediate(() => response.end(body.slice(body.length / 2)))
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  await Promise.all(Array.from({ length: 40 }, async (_, i) => {
    const body = String.fromCharCode(65 + i).repeat(40_000 + i * 5_000)
    const answer = await exchange(t, port, `POST /${i} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
    assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\nTransfer-Encoding: chunked\r\n/)
    assert.ok(unchunked(answer) === body, `exchange ${i} got something else than it sent`)
  }))
})

test('upstream connections are kept and used again, across visitors', async t => {
  let connections = 0
  const { port: up, server } = await backend(t, (_request, response) => response.end('ok'))
  server.on('connection', () => connections++)
  const { port } = await relayWith(t, [staticRoute(up)])
  for (let i = 0; i < 5; i++) assert.match(await exchange(t, port, GET), /200 OK/)
  assert.equal(connections, 1)
})

test('a kept connection that its upstream closes in the face of a GET is replaced; a POST is not sent twice', async t => {
  const got: string[] = []
  const up = await rawBackend(t, socket => {
    let count = 0
    socket.on('data', chunk => {
      got.push(chunk.toString().split(' ')[0] ?? '')
      if (++count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.destroy()
    })
  })
  const { port } = await relayWith(t, [staticRoute(up.port)])
  assert.match(await exchange(t, port, GET), /200 OK/)
  assert.match(await exchange(t, port, GET), /200 OK/)
  assert.match(await exchange(t, port, 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx'), /^HTTP\/1\.1 502/)
  assert.deepEqual(got, ['GET', 'GET', 'GET', 'POST'])
})

test('what may not be sent twice does not ride on a connection that has been idle for long', async t => {
  let connections = 0
  const { port: up, server } = await backend(t, async (request, response) => { await bodyOf(request); response.end('ok') })
  server.on('connection', () => connections++)
  const { port } = await relayWith(t, [staticRoute(up)], { settings: { poolFresh: -1 } })
  await exchange(t, port, GET)
  assert.match(await exchange(t, port, 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx'), /200 OK/)
  assert.equal(connections, 2)
})

test('a visitor who leaves frees the upstream at once: while it thinks, and within a response', async t => {
  const streams = ['', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n']
  for (const begin of streams) {
    const gone = Promise.withResolvers<void>()
    const up = await rawBackend(t, socket => { socket.on('data', () => socket.write(begin)).on('close', () => gone.resolve()).on('end', () => socket.end()) })
    const { port, relay } = await relayWith(t, [staticRoute(up.port)])
    const wire = new Wire(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    if (begin === '') await once(up.server, 'connection')
    else await wire.until('data: 1')
    wire.socket.destroy()
    await gone.promise
    assert.equal(relay.table.find('a.test')?.inFlight, 0)
  }
})

test('a visitor who leaves in the middle of a body never makes it a whole request', async t => {
  const aborted = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { port: up } = await backend(t, request => {
    begun.resolve()
    request.resume().on('error', () => aborted.resolve())
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port).send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 80000\r\n\r\n${'half'.repeat(10_000)}`)
  await begun.promise
  wire.socket.destroy()
  await aborted.promise
})

test('a visitor who has only half-closed gets the answer', async t => {
  const { port: up } = await backend(t, (_request, response) => { setTimeout(() => response.end('late'), 400) })
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port)
  wire.socket.end('GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n')
  const text = await wire.end()
  assert.equal(text.match(/late/g)?.length, 2, text)
  assert.equal(text.replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '').match(/HTTP\/1\.1 /g)?.length, 2)
})

test('memory stays bounded with a visitor who never reads, and its upstream is paused', async t => {
  let sent = 0
  const { port: up } = await rawBackend(t, socket => socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
    const piece = Buffer.alloc(65_536)
    const more = (): void => { while (!socket.destroyed && socket.write(piece)) sent += piece.length }
    socket.on('drain', more)
    more()
  }))
  const { port, relay } = await relayWith(t, [staticRoute(up)], { settings: { readProgress: 400 } })
  const wire = new Wire(t, port)
  wire.socket.pause()
  wire.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
  await once(wire.socket.on('close', () => {}), 'connect').catch(() => {})
  while (relay.table.find('a.test')?.inFlight !== 0 || sent === 0) await new Promise(resolve => setTimeout(resolve, 20))
  assert.ok(sent < 50 * 2 ** 20, `${sent} bytes were taken from the upstream`)
})

test('a visitor who never stops writing is paused with its upstream, and ended when nothing moves', async t => {
  const { port: up } = await rawBackend(t, socket => { socket.pause() })
  const { port, relay } = await relayWith(t, [staticRoute(up)], { settings: { responseTimeout: 500 } })
  const wire = new Wire(t, port).send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000000\r\n\r\n')
  const piece = Buffer.alloc(1_048_576)
  wire.socket.on('drain', () => wire.socket.write(piece))
  wire.socket.write(piece)
  await wire.close()
  assert.ok(wire.socket.bytesWritten < 60 * 2 ** 20)
  assert.equal(relay.table.find('a.test')?.inFlight, 0)
})

test('pipelining without reading is bounded too: while answers wait, no more requests are taken in', async t => {
  const { port, relay } = await relayWith(t, [])
  const visitors = visitorsOf(relay)
  const wire = new Wire(t, port)
  wire.socket.pause()
  const many = 'GET / HTTP/1.1\r\nHost: nowhere.test\r\nAccept: text/html\r\n\r\n'.repeat(20_000)
  for (let i = 0; i < 20; i++) wire.send(many)
  while (visitors[0] === undefined) await turn()
  const [visitor] = visitors
  const bounded = (): void => assert.ok(visitor.socket.bytesRead < 4 * 2 ** 20, `${visitor.socket.bytesRead} bytes were taken in`)
  for (; !visitor.paused; await turn()) bounded()
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 404 /)
  bounded()
  assert.ok(visitor.pending < 4 * 2 ** 20, `${visitor.pending} bytes of answers wait`)
})

test('an upload that waits for a visitor to read its answer goes on when it does', async t => {
  const size = 32 * 2 ** 20
  const { port: up } = await backend(t, (request, response) => { request.pipe(response.writeHead(200)) })
  const { port, relay } = await relayWith(t, [staticRoute(up)], { settings: { bodyProgress: 4_000 } })
  const visitors = visitorsOf(relay)
  const wire = new Wire(t, port)
  wire.socket.pause()
  wire.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`).socket.write(Buffer.alloc(size, 'b'))
  while (!visitors[0]?.paused || visitors[0].pending === 0) await turn()
  wire.socket.resume()
  assert.equal(unchunked(await wire.end()).length, size)
})

test('the last answer is not cut short for a visitor who takes longer to read it than what it sends is dropped', async t => {
  const { port, relay } = await relayWith(t, [], { settings: { linger: 0 } })
  const visitors = visitorsOf(relay)
  const wire = new Wire(t, port)
  wire.socket.pause()
  for (; (visitors[0]?.pending ?? 0) === 0; await turn()) wire.send('GET / HTTP/1.1\r\nHost: nowhere.test\r\n\r\n'.repeat(10))
  const left = relay.leave()
  const since = relay.clock.now
  while (relay.clock.now < since + 100) await turn()
  wire.socket.resume()
  const [first = '', ...others] = (await wire.end()).split(/(?=HTTP\/1\.1 )/)
  wire.socket.end()
  await left
  assert.equal(others.at(-1)?.length, first.length)
})

test('slow heads, slow bodies, silent connections and silent upstreams each meet their limit', async t => {
  const { port: up } = await rawBackend(t, () => {})
  const { port } = await relayWith(t, [staticRoute(up)], { settings: { headTimeout: 60, bodyProgress: 60, keepAlive: 60, responseTimeout: 60 } })
  assert.match(await exchange(t, port, 'GET / HTTP/1.1\r\nHost: a'), /^HTTP\/1\.1 408 /)
  assert.match(await exchange(t, port, 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nab'), /^HTTP\/1\.1 (408|504) /)
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 504 /)
  assert.equal(await exchange(t, port, ''), '')
})

test('too many connections from one address are turned away at once, in all likewise', async t => {
  for (const settings of [{ perAddress: 2 }, { connections: 2 }]) {
    const { port } = await relayWith(t, [], { settings })
    const first = [new Wire(t, port), new Wire(t, port)]
    await Promise.all(first.map(wire => wire.send('GET / HTTP/1.1\r\nHost: x.test\r\n\r\n').until('404')))
    assert.match(await new Wire(t, port).end(), /^HTTP\/1\.1 503 [^]*Retry-After: 5/)
    first[0]?.socket.destroy()
    let answer = ''
    while (!answer.startsWith('HTTP/1.1 404')) answer = await exchange(t, port, GET)
  }
})

test('leaving lets what is in flight finish and accepts nothing more', async t => {
  const { port: up } = await backend(t, (_request, response) => { setTimeout(() => response.end('finished'), 100) })
  const { port, relay } = await relayWith(t, [staticRoute(up)])
  const idle = new Wire(t, port).send('GET / HTTP/1.1\r\nHost: no.test\r\n\r\n')
  await idle.until('404')
  const busy = new Wire(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
  while (relay.table.find('a.test')?.inFlight !== 1) await new Promise(resolve => setImmediate(resolve))
  const left = relay.leave()
  await idle.end()
  idle.socket.end()
  assert.match(await busy.end(), /finished/)
  busy.socket.end()
  await left
  await assert.rejects(once(new Wire(t, port).socket, 'connect'))
})

test('a table of 100,000 routes is looked up by host in any case, with port or a dot at the end', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await relayWith(t, Array.from({ length: 100_000 }, (_, i) => staticRoute(up, `h${i}.test`)))
  for (const host of ['h0.test', 'H99999.Test', 'h77777.test:8080', 'h5.test.']) {
    assert.match(await exchange(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), /ok$/)
  }
})

test('a connection goes on after an upload whose last piece filled the upstream, be it answered before that was taken or after', async t => {
  const path = `${temporary(t)}/room.sock`
  const room = createServer(socket => { void slowRoom(socket) }).listen(path)
  await once(room, 'listening')
  t.after(() => room.close())
  const { port } = await relayWith(t, [{ host: 'a.test', kind: 'static', upstream: { path } }])
  for (const order of ['late', 'early']) {
    for (let size = 180_000; size <= 300_000; size += 6_000) {
      const wire = new Wire(t, port).send(`POST /${order} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
      await wire.until('\r\n\r\nok')
      if (wire.text.includes('Connection: close')) continue
      const before = wire.text.length
      await wire.send('GET /again HTTP/1.1\r\nHost: a.test\r\n\r\n').until('\r\n\r\nok', before)
    }
  }
})

/** Reads a request's head, then nothing until the relay has filled the socket; answers before it reads on (`/early`) or when it has all. */
async function slowRoom(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  const [first] = await once(socket, 'data') as [Buffer]
  socket.pause()
  for (let i = 0; i < 30; i++) await turn()
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  if (first.includes('/early')) socket.write(answer)
  for (let i = 0; i < 30; i++) await turn()
  let answered = first.includes('/early')
  let left = Number(/Content-Length: (\d+)/.exec(first.toString('latin1'))?.[1] ?? 0) - (first.length - first.indexOf('\r\n\r\n') - 4)
  socket.on('data', bytes => {
    left -= bytes.length
    if (left > 0) return
    if (!answered || left < 0) socket.write(answer)
    answered = true
  })
  socket.resume()
  if (left <= 0 && !answered) socket.write(answer)
}
