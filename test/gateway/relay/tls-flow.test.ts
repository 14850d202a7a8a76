import test from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { answering, backend, rawBackend, staticRoute } from './house.ts'
import { dialled, reply, securedWith } from './tls-house.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('large bodies pass over TLS in both directions unharmed, counted and chunked', async t => {
  const big = randomBytes(20_000_000)
  const up = await backend(t, (incoming, response) => {
    const hash = createHash('sha256')
    incoming.on('data', chunk => hash.update(chunk)).on('end', () => {
      response.writeHead(200, { 'x-got': hash.digest('hex'), ...incoming.url === '/counted' && { 'content-length': big.length } })
      response.end(big)
    })
  })
  const { tls } = await securedWith(t, [staticRoute(up.port)])
  for (const path of ['/counted', '/chunked']) {
    const asked = request({ port: tls, host: '127.0.0.1', servername: 'a.test', headers: { host: 'a.test', ...path === '/counted' && { 'content-length': big.length } }, path, method: 'POST', rejectUnauthorized: false, agent: false })
    asked.end(big)
    const [response] = await once(asked, 'response') as [IncomingMessage]
    const pieces: Buffer[] = []
    for await (const piece of response) pieces.push(piece as Buffer)
    assert.equal(response.headers['x-got'], digest(big))
    assert.equal(digest(Buffer.concat(pieces)), digest(big))
  }
})

type Sock = NodeJS.EventEmitter & { send(data: string): void; close(): void }
const ws = createRequire(import.meta.url)('ws') as { WebSocket: new (url: string, options: object) => Sock; WebSocketServer: new (options: object) => NodeJS.EventEmitter & { address(): { port: number }; close(): void } }

test('WebSocket works over TLS, with a large message each way', async t => {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.after(() => server.close())
  server.on('connection', (socket: Sock) => socket.on('message', (data: Buffer) => socket.send(String(data))))
  const { tls, relay } = await securedWith(t, [staticRoute(server.address().port)])
  const client = new ws.WebSocket(`wss://127.0.0.1:${tls}/`, { servername: 'a.test', rejectUnauthorized: false, headers: { host: 'a.test' } })
  await once(client, 'open')
  for (const message of ['hello', 'x'.repeat(3_000_000)]) {
    client.send(message)
    const [back] = await once(client, 'message') as [Buffer]
    assert.equal(String(back), message)
  }
  client.close()
  await once(client, 'close')
  while (relay.crowd.size > 0 || relay.pools.open > 0) await new Promise(resolve => setImmediate(resolve))
})

test('a visitor who leaves in the middle of a response frees the upstream', async t => {
  const endless = Buffer.alloc(65_536, 97)
  const up = await rawBackend(t, socket => {
    const pour = (): void => { while (!socket.destroyed && socket.write(endless)); }
    socket.once('data', () => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); socket.on('drain', pour); pour() })
  })
  const { tls, relay } = await securedWith(t, [staticRoute(up.port)])
  for (const leave of ['destroy', 'end'] as const) {
    const socket = await dialled(t, tls)
    await reply(socket, GET, /aaaa/)
    socket.pause()
    if (leave === 'end') socket.end()
    socket.destroy()
    while (up.sockets.size > 0 || relay.crowd.size > 0 || relay.pools.open > 0) await new Promise(resolve => setTimeout(resolve, 5))
    assert.equal(relay.table.find('a.test')?.inFlight, 0)
  }
})

test('a visitor who has said close_notify still gets its response, and ours follows it', async t => {
  const up = await rawBackend(t, socket => {
    socket.once('data', () => setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 50))
  })
  const { tls } = await securedWith(t, [staticRoute(up.port)])
  const socket = await dialled(t, tls)
  let text = ''
  socket.on('data', (bytes: Buffer) => { text += bytes.toString('latin1') })
  socket.end(GET)
  await once(socket, 'end')
  assert.match(text, /200 OK[^]*ok$/)
})

test('an upload cut short by the end of TCP is never taken for a whole one', async t => {
  const ended: boolean[] = []
  const up = await backend(t, incoming => {
    incoming.on('error', () => {}).on('close', () => ended.push(incoming.complete)).resume()
  })
  const { tls } = await securedWith(t, [staticRoute(up.port)])
  const socket = await dialled(t, tls)
  const asked = once(up.server, 'request')
  socket.write(`POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n${'x'.repeat(200_000)}\r\n`)
  await asked
  socket.destroy()
  while (ended.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  assert.deepEqual(ended, [false])
})

test('a response that breaks off is cut with a reset, without close_notify', async t => {
  const up = await rawBackend(t, socket => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => setTimeout(() => socket.destroy(), 20)))
  })
  const { tls, relay } = await securedWith(t, [staticRoute(up.port)])
  const socket = await dialled(t, tls)
  await reply(socket, GET, /half$/)
  const states: string[] = []
  socket.on('end', () => states.push('end')).on('error', (error: NodeJS.ErrnoException) => states.push(error.code ?? ''))
  await new Promise(resolve => socket.once('close', resolve))
  assert.deepEqual(states, ['ECONNRESET'])
  while (relay.crowd.size > 0) await new Promise(resolve => setImmediate(resolve))
})

test('garbage after the handshake ends that connection and no other', async t => {
  const up = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { tls, relay } = await securedWith(t, [staticRoute(up.port)])
  const [bad, good] = [await dialled(t, tls), await dialled(t, tls)]
  const raw = (bad as unknown as { _handle: { _parent: { writeLatin1String(req: object, text: string): number } } })._handle._parent
  raw.writeLatin1String({}, '\x17\x03\x03\x00\x20' + 'x'.repeat(32))
  while (relay.crowd.size > 1) await new Promise(resolve => setTimeout(resolve, 5))
  assert.match(await reply(good, GET, /ok$/), / 200 /)
})
