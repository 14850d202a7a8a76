import test from 'node:test'
import assert from 'node:assert/strict'
import { answering, backend, bodyOf, exchange, relayWith, siteRoute, staticRoute, at, visitorsOf, Wire } from './house.ts'
import { Pace } from '../../../gateway/relay/http1/pace.ts'
import { SETTINGS } from '../../../gateway/relay/settings.ts'
import { until } from '../../helpers/patience.ts'

const GET = 'GET / HTTP/1.1\r\nHost: alice.example.test\r\nConnection: close\r\n\r\n'
const post = (framing: string): string => `POST / HTTP/1.1\r\nHost: alice.example.test\r\n${framing}\r\n\r\n`

test('a hundred half-sent POSTs leave a site\'s twenty connections to others', async t => {
  const { port: up, server } = await backend(t, async (request, response) => { response.end(await bodyOf(request)) })
  let connections = 0
  server.on('connection', () => connections++)
  const { port, relay } = await relayWith(t, [siteRoute('running', at(up))], { settings: { perPod: 20 } })
  const visitors = visitorsOf(relay)
  const halves = ['Content-Length: 1000\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']
  const wires = Array.from({ length: 100 }, (_, i) => new Wire(t, port).send(`POST / HTTP/1.1\r\nHost: alice.example.test\r\n${halves[i % 2]}`))
  await until('the halves have come', () => visitors.length === 100 && visitors.every(visitor => visitor.socket.bytesRead > 60))
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 200 /)
  assert.equal(connections, 1)
  wires[1]?.send('0\r\n\r\n')
  assert.match(await wires[1]?.until('half') ?? '', /^HTTP\/1\.1 200 /)
})

test('a body that has come whole, or its first 32 KiB, is passed on', async t => {
  const begun = Promise.withResolvers<void>()
  const { port: up } = await backend(t, async (request, response) => {
    begun.resolve()
    response.end(`got ${(await bodyOf(request)).length}`)
  })
  const { port } = await relayWith(t, [siteRoute('running', at(up))])
  const wire = new Wire(t, port).send(post('Content-Length: 5')).send('he').send('llo')
  await wire.until('got 5')
  wire.send(`${post('Content-Length: 60000')}${'x'.repeat(32_768)}`)
  await begun.promise
  wire.send('y'.repeat(60_000 - 32_768))
  await wire.until('got 60000')
})

test('a malformed body that never got far is answered without its site hearing of it', async t => {
  let requests = 0
  const { port: up } = await backend(t, (_request, response) => { requests++; response.end() })
  const { port } = await relayWith(t, [siteRoute('running', at(up))])
  assert.match(await exchange(t, port, `${post('Transfer-Encoding: chunked')}4\r\nhalfX`), /^HTTP\/1\.1 400 /)
  assert.equal(requests, 0)
})

test('a visitor who waits for 100 Continue gets it from the site', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(await bodyOf(request)) })
  const { port } = await relayWith(t, [staticRoute(up, 'alice.example.test')])
  const wire = new Wire(t, port).send(post('Expect: 100-continue\r\nContent-Length: 5'))
  await wire.until('100 Continue')
  await wire.send('hello').until(/200 OK[^]*hello$/)
})

test('a body that comes a byte at a time meets its limit, before it is passed on and after', async t => {
  for (const first of ['', 'x'.repeat(40_000)]) {
    const { port: up } = await backend(t, async (request, response) => { response.end(await bodyOf(request).catch(() => '')) })
    const { port } = await relayWith(t, [siteRoute('running', at(up))], { settings: { bodyProgress: 300 } })
    const wire = new Wire(t, port).send(`${post('Content-Length: 1000000')}${first}`)
    const trickle = setInterval(() => wire.send('x'), 10)
    t.after(() => clearInterval(trickle))
    assert.match(await wire.end(), /^HTTP\/1\.1 408 /)
    clearInterval(trickle)
  }
})

test('a slow but steady reader earns more time with each piece it reads, one that reads next to nothing does not', () => {
  const channel = { stuck: true, unsent: 1_000_000 }
  const pace = new Pace(channel, { settings: SETTINGS, clock: { now: 5 } })
  assert.equal(pace.begin(60_000), 60_005)
  channel.unsent -= SETTINGS.readPiece - 1
  assert.equal(pace.isRead, false)
  channel.unsent--
  assert.equal(pace.isRead, true)
  pace.begin(60_000)
  assert.equal(pace.isRead, false)
})

test('a request that the relay or the panel answers does not wait for its body', async t => {
  const panel = await answering(t, 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
  const { port } = await relayWith(t, [{ host: 'example.test', kind: 'panel', upstream: at(panel.port) }])
  const half = (host: string): string => `PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10737418240\r\n\r\n`
  assert.match(await new Wire(t, port).send(half('example.test')).until(/\r\n\r\n/), /^HTTP\/1\.1 413 /)
  assert.match(await new Wire(t, port).send(half('nobody.example.test')).until(/\r\n\r\n/), /^HTTP\/1\.1 404 /)
})
