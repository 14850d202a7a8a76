import test from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { answering, rawBackend, relayWith, staticRoute, Wire } from './house.ts'

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

test('an upgrade is a tunnel: early bytes of both sides included, each half closed by itself', async t => {
  const head = Promise.withResolvers<string>()
  const up = await rawBackend(t, socket => {
    socket.once('data', chunk => {
      head.resolve(chunk.toString())
      socket.write(`${SWITCH}early `)
      socket.on('data', more => socket.write(more)).on('end', () => socket.end('last words'))
    })
  })
  const { port, relay } = await relayWith(t, [staticRoute(up.port)])
  const wire = new Wire(t, port).send(`${UPGRADE}sooner `)
  const text = await wire.until('sooner')
  assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*Connection: Upgrade\r\nUpgrade: echo\r\n\r\nearly sooner/)
  assert.match(await head.promise, /Connection: Upgrade\r\nUpgrade: echo\r\n\r\n$/)
  assert.equal(relay.table.find('a.test')?.inFlight, 1)
  wire.socket.end('and later ')
  assert.match(await wire.end(), /sooner and later last words$/)
  await wire.close()
  while (relay.table.find('a.test')?.inFlight !== 0 || relay.pools.open !== 0 || relay.crowd.size !== 0) await new Promise(resolve => setImmediate(resolve))
})

test('a tunnel whose other side dies ends', async t => {
  const up = await rawBackend(t, socket => { socket.once('data', () => socket.write(SWITCH)) })
  const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { linger: 50 } })
  const first = new Wire(t, port).send(UPGRADE)
  await first.until('101')
  for (const socket of up.sockets) socket.destroy()
  await first.close()
  const second = new Wire(t, port).send(UPGRADE)
  await second.until('101')
  second.socket.resetAndDestroy()
  while (up.sockets.size > 0 || relay.pools.open !== 0) await new Promise(resolve => setTimeout(resolve, 5))
  assert.equal(relay.table.find('a.test')?.inFlight, 0)
})

test('a refused upgrade is a response like any other, and the connection goes on', async t => {
  const up = await answering(t, 'HTTP/1.1 426 Upgrade Required\r\nUpgrade: chat/2\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno')
  const { port, relay } = await relayWith(t, [staticRoute(up.port)])
  const wire = new Wire(t, port)
  for (let i = 0; i < 3; i++) {
    const from = wire.text.length
    assert.match(await wire.send(UPGRADE).until(/no$/, from), /^HTTP\/1\.1 426 [^]*Upgrade: chat\/2/)
  }
  assert.equal(relay.pools.open, 1)
})

test('a switch to what was not asked for is a 502', async t => {
  const up = await answering(t, SWITCH.replace('echo', 'other'))
  const { port } = await relayWith(t, [staticRoute(up.port)])
  await new Wire(t, port).send(UPGRADE).until(/^HTTP\/1\.1 502 /)
})

type Sock = { on(event: string, listener: (...all: never[]) => void): Sock; send(data: string): void; close(): void; once(event: string, listener: () => void): Sock }
const ws = createRequire(import.meta.url)('ws') as { WebSocket: new (url: string, options: object) => Sock & NodeJS.EventEmitter; WebSocketServer: new (options: object) => NodeJS.EventEmitter & { address(): { port: number }; close(): void } }

test('WebSocket works, with a large message each way', async t => {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.after(() => server.close())
  server.on('connection', (socket: Sock) => socket.on('message', (data: never) => socket.send(String(data))))
  const { port } = await relayWith(t, [staticRoute(server.address().port)])
  const client = new ws.WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: 'a.test' } })
  await once(client, 'open')
  for (const message of ['hello', 'x'.repeat(3_000_000)]) {
    client.send(message)
    const [back] = await once(client, 'message') as [Buffer]
    assert.equal(String(back), message)
  }
  client.close()
  await once(client, 'close')
})
