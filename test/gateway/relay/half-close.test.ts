// A visitor who has sent all it wants to send and still reads, and one who has left: both look the same at first.
import test from 'node:test'
import assert from 'node:assert/strict'
import { rawBackend, relayWith, staticRoute, unchunked, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'

const request = (version: string): string => `GET / HTTP/${version}\r\nHost: a.test\r\nConnection: close\r\n\r\n`
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n'

const responses: [string, string, string, string][] = [
  ['1.1', 'of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none', 'two'],
  ['1.1', 'in chunks', CHUNKED, '3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n'],
  ['1.0', 'that ends with its connection', CHUNKED, '3\r\ntwo\r\n0\r\n\r\n'],
]

for (const [version, what, first, rest] of responses) {
  test(`a half-close does not cut a response ${what}, however long its upstream is silent`, async t => {
    let go = (): void => {}
    const up = await rawBackend(t, socket => {
      socket.once('data', () => socket.write(first))
      go = () => void socket.end(rest)
    })
    const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { halfClosed: 20 } })
    const wire = new Wire(t, port).send(request(version))
    await wire.until('one')
    wire.socket.end()
    const since = relay.clock.now
    await until('the relay has had time to end it', () => relay.clock.now - since > 400)
    go()
    const text = await wire.end()
    if (text.includes('chunked')) assert.equal(unchunked(text.replace(/0\r\nX-Sum: 6\r\n\r\n$/, '0\r\n\r\n')), 'onetwo')
    else assert.match(text, /\r\n\r\nonetwo$/)
  })
}

test('a half-close before the head of a response is no departure either, and the silence may come after it', async t => {
  let upstream = (_text: string): void => {}
  const up = await rawBackend(t, socket => { upstream = text => void socket.write(text) })
  const { port, relay } = await relayWith(t, [staticRoute(up.port)], { settings: { halfClosed: 20 } })
  const wire = new Wire(t, port).send(request('1.1'))
  wire.socket.end()
  await until('the relay asks', () => wire.text.includes('100 Continue\r\n\r\n'))
  upstream(CHUNKED)
  await wire.until('one')
  const since = relay.clock.now
  await until('the relay has had time to end it', () => relay.clock.now - since > 400)
  upstream('3\r\ntwo\r\n0\r\n\r\n')
  assert.equal(unchunked((await wire.end()).replace('HTTP/1.1 100 Continue\r\n\r\n', '')), 'onetwo')
})

test('what was asked before a half-close is answered to the end, one after the other, with nothing between but 100 Continue', async t => {
  let upstream = (_text: string): void => {}
  const up = await rawBackend(t, socket => {
    upstream = text => void socket.write(text)
    socket.on('data', text => { if (String(text).startsWith('GET /2')) upstream('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond') })
  })
  const { port } = await relayWith(t, [staticRoute(up.port)])
  const wire = new Wire(t, port).send('GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n')
  await until('the first is there', () => up.sockets.size > 0)
  upstream(CHUNKED)
  await wire.until('one\r\n')
  wire.socket.end()
  await wire.until(/one\r\n0/)
  upstream('3\r\ntwo\r\n0\r\n\r\n')
  assert.match(await wire.end(), /one\r\n0+3\r\ntwo\r\n0\r\n\r\n(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 [^]*second$/)
})

test('a visitor who leaves a silent response in chunks is found out, and its upstream freed', async t => {
  const up = await rawBackend(t, socket => { socket.once('data', () => socket.write(CHUNKED)) })
  const { port, relay } = await relayWith(t, [staticRoute(up.port)])
  const wire = new Wire(t, port).send(request('1.1'))
  await wire.until('one')
  wire.socket.destroy()
  await until('the upstream is free', () => relay.pools.open === 0 && up.sockets.size <= 1)
  assert.equal(relay.table.find('a.test')?.inFlight, 0)
})

test('an upstream that is silent for too long ends the response of a half-closed visitor like any', async t => {
  const up = await rawBackend(t, socket => { socket.once('data', () => socket.write(CHUNKED)) })
  const { port } = await relayWith(t, [staticRoute(up.port)], { settings: { responseProgress: 150, halfClosed: 20 } })
  const wire = new Wire(t, port).send(request('1.1'))
  await wire.until('one')
  wire.socket.end()
  await until('it is cut', () => wire.state === 'closed')
  assert.doesNotMatch(wire.text, /\r\n0+\r\n\r\n$/)
})
