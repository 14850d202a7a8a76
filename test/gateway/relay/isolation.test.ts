// What a hostile or broken upstream can do to its own requests, and to nobody else's. Run by node --test.
import test from 'node:test'
import assert from 'node:assert/strict'
import { until } from '../../helpers/patience.ts'
import { answering, at, exchange, rawBackend, relayWith, siteRoute, staticRoute, Wire } from './house.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'

test('interim responses without end are a 502 and end the upstream connection; a good number of them pass', async t => {
  const few = await answering(t, HINTS.repeat(32) + OK)
  const endless = await answering(t, HINTS.repeat(33) + OK)
  const { port } = await relayWith(t, [staticRoute(few.port), staticRoute(endless.port, 'b.test')])
  assert.match(await exchange(t, port, GET), /^(HTTP\/1\.1 103 [^]*?\r\n\r\n){32}HTTP\/1\.1 200 /)
  const answer = await exchange(t, port, GET.replace('a.test', 'b.test'))
  assert.match(answer, /HTTP\/1\.1 502 /)
  assert.doesNotMatch(answer, / 200 OK/)
})

test('a second answer on a connection reaches nobody: the connection is thrown away', async t => {
  const { port: up } = await rawBackend(t, socket => socket.once('data', () => socket.write(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`)))
  const { port } = await relayWith(t, [staticRoute(up)])
  for (let i = 0; i < 3; i++) assert.match(await exchange(t, port, GET), /\r\n\r\nok$/)
})

test('a head that drips in has the time of any other head', async t => {
  const { port: up } = await rawBackend(t, socket => {
    const timer = setInterval(() => socket.write('HTTP/1.1 200 OK\r\n'.charAt(0)), 10)
    socket.on('close', () => clearInterval(timer))
  })
  const { port } = await relayWith(t, [staticRoute(up)], { settings: { responseTimeout: 200 } })
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 504 /)
})

test('a visitor whose head drips in is sent away in time, however often something comes', async t => {
  const { port } = await relayWith(t, [], { settings: { headTimeout: 200 } })
  const wire = new Wire(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n')
  const timer = setInterval(() => { if (wire.socket.writable) wire.send('X: y\r\n') }, 5)
  t.after(() => clearInterval(timer))
  assert.match(await wire.end(), /^HTTP\/1\.1 408 /)
})

test('an upstream that resets within a body breaks its response off', async t => {
  const { port: up } = await rawBackend(t, socket => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n', () => setImmediate(() => socket.resetAndDestroy()))))
  const { port } = await relayWith(t, [staticRoute(up)])
  assert.doesNotMatch(await new Wire(t, port).send(GET).close(), /\r\n0\r\n/)
})

test('a site that answers a byte at a time, without end, uses up only its own connections', async t => {
  const timers = new Set<NodeJS.Timeout>()
  t.after(() => { for (const timer of timers) clearInterval(timer) })
  const dripping = await rawBackend(t, socket => socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
    timers.add(setInterval(() => { if (socket.writable) socket.write('x') }, 5))
  }))
  const { port: up } = await answering(t, OK)
  const { port, relay } = await relayWith(t, [siteRoute('running', at(dripping.port)), staticRoute(up)], { settings: { perPod: 2, upstreamQueue: 1 } })
  const slow = GET.replace('a.test', 'alice.example.test')
  const served = [0, 1].map(() => new Wire(t, port).send(slow))
  for (const wire of served) await wire.until(/\r\n\r\nx/)
  const queued = new Wire(t, port).send(slow)
  await until('it waits', () => relay.table.find('alice.example.test')?.inFlight === 3)
  assert.match(await exchange(t, port, slow), /^HTTP\/1\.1 503 /)
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 200 /)
  assert.equal(queued.text, '')
  for (const wire of served) wire.socket.destroy()
  await queued.until(/\r\n\r\nx/)
})

test('a site that accepts and never answers uses up only its own connections', async t => {
  const hung = await rawBackend(t, () => {})
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [siteRoute('running', at(hung.port)), staticRoute(up)], { settings: { perPod: 2, upstreamQueue: 2 } })
  const waiting = Array.from({ length: 4 }, () => new Wire(t, port).send(GET.replace('a.test', 'alice.example.test')))
  assert.match(await exchange(t, port, GET.replace('a.test', 'alice.example.test')), /^HTTP\/1\.1 503 /)
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 200 /)
  assert.deepEqual(waiting.map(wire => wire.text), ['', '', '', ''])
})
