// Visitors who send bodies slowly, or wait for a word before they send them, get half of a site's connections at most.
import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { at, backend, bodyOf, exchange, relayWith, siteRoute, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'

const GET = 'GET / HTTP/1.1\r\nHost: alice.example.test\r\nConnection: close\r\n\r\n'
const post = (framing: string, body = ''): string => `POST / HTTP/1.1\r\nHost: alice.example.test\r\n${framing}\r\n\r\n${body}`
const EXPECTING = post('Expect: 100-continue\r\nContent-Length: 5')
const HALF = post('Content-Length: 40000', 'x'.repeat(35_000))

/** A site that answers with the length of what it was sent, behind a relay with four connections to it. */
async function site(t: TestContext, settings: Record<string, number> = {}) {
  const requests: { method: string | undefined; expects: string | undefined }[] = []
  const { port: up, server } = await backend(t, async (request, response) => {
    requests.push({ method: request.method, expects: request.headers.expect })
    response.end(`got ${(await bodyOf(request).catch(() => '')).length}`)
  })
  server.keepAliveTimeout = 0
  server.on('checkContinue', (request, response) => {
    response.writeContinue()
    server.emit('request', request, response)
  })
  return { ...await relayWith(t, [siteRoute('running', at(up))], { settings: { perPod: 4, ...settings } }), requests }
}

test('requests that expect 100 Continue and send nothing have half of the connections; others get theirs, and more of them their 100 from the relay', async t => {
  const { port, relay, requests } = await site(t)
  const first = [1, 2].map(() => new Wire(t, port).send(EXPECTING))
  for (const wire of first) await wire.until('100 Continue')
  assert.deepEqual(requests.map(({ expects }) => expects), ['100-continue', '100-continue'], 'end to end while there is room')
  const more = Array.from({ length: 20 }, () => new Wire(t, port).send(EXPECTING))
  for (const wire of more) await wire.until('100 Continue')
  assert.equal(requests.length, 2)
  assert.equal(relay.pools.open, 2)
  assert.match(await exchange(t, port, GET), /got 0/)
  for (const wire of [...more, ...first]) await wire.send('hello').until('got 5')
  assert.equal(requests.filter(({ expects }) => expects !== undefined).length, 2, 'who was invited by us does not ask the site again')
})

test('uploads that stop halfway have half of the connections; the others wait their turn, and a body that is here whole does not wait for them', async t => {
  const { port, relay, requests } = await site(t)
  const halves = [1, 2].map(() => new Wire(t, port).send(HALF))
  await until('two are under way', () => requests.length === 2)
  const third = new Wire(t, port).send(HALF)
  await until('it has been read', () => relay.table.find('alice.example.test')?.inFlight === 3)
  assert.match(await exchange(t, port, GET), /got 0/)
  await new Wire(t, port).send(post('Content-Length: 5', 'hello')).until('got 5')
  assert.equal(requests.filter(({ method }) => method === 'POST').length, 3)
  halves[0]?.send('x'.repeat(5_000))
  await halves[0]?.until('got 40000')
  await third.send('x'.repeat(5_000)).until('got 40000')
})

test('an upload whose visitor leaves makes way for the one that waits', async t => {
  const { port, relay, requests } = await site(t, { perPod: 2 })
  const first = new Wire(t, port).send(HALF)
  await until('it is under way', () => requests.length === 1)
  const second = new Wire(t, port).send(HALF)
  await until('it waits', () => relay.table.find('alice.example.test')?.inFlight === 2)
  assert.equal(requests.length, 1)
  first.socket.destroy()
  await second.send('x'.repeat(5_000)).until('got 40000')
})

test('who is invited by the relay and sends nothing, or nonsense, is answered by it, and the site hears nothing', async t => {
  const { port, relay, requests } = await site(t, { perPod: 1, bodyProgress: 400 })
  await new Wire(t, port).send(EXPECTING).until('100 Continue')
  const silent = new Wire(t, port).send(EXPECTING)
  const broken = new Wire(t, port).send(post('Expect: 100-continue\r\nTransfer-Encoding: chunked'))
  await broken.until('100 Continue')
  assert.match(await broken.send('nonsense\r\n').end(), /100 Continue\r\n\r\nHTTP\/1\.1 400 /)
  assert.equal(relay.table.find('alice.example.test')?.inFlight, 2, 'and is done with')
  assert.match(await silent.end(), /100 Continue\r\n\r\nHTTP\/1\.1 408 /)
  assert.equal(requests.length, 1)
})

test('a request that expects 100 Continue and has no body waits for nobody', async t => {
  const { port, requests } = await site(t)
  for (const wire of [1, 2].map(() => new Wire(t, port).send(EXPECTING))) await wire.until('100 Continue')
  assert.match(await exchange(t, port, GET.replace('Host', 'Expect: 100-continue\r\nHost')), /^HTTP\/1\.1 200 [^]*got 0/)
  assert.match(await exchange(t, port, post('Connection: close\r\nExpect: 100-continue\r\nContent-Length: 0')), /^HTTP\/1\.1 200 [^]*got 0/)
  assert.equal(requests.filter(({ expects }) => expects !== undefined).length, 2)
})

test('a visitor who half-closed with its body unfinished occupies no connection when its site wakes', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(`got ${(await bodyOf(request).catch(() => '')).length}`) })
  const { port, relay } = await relayWith(t, [siteRoute('asleep')], { settings: { bodyProgress: 3_600_000 } })
  const wire = new Wire(t, port)
  wire.socket.end(EXPECTING)
  await until('it is held, and asked whether it is still there', () => relay.hold.size === 1 && wire.text !== '')
  relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(up)) })
  await wire.close()
  await until('nothing is left of it', () => relay.table.find('alice.example.test')?.inFlight === 0 && relay.pools.open === 0)
})

test('held requests that expect 100 Continue share the connections alike when their site wakes', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(`got ${(await bodyOf(request).catch(() => '')).length}`) })
  const { port, relay } = await relayWith(t, [siteRoute('asleep')], { settings: { perPod: 4 } })
  const wires = Array.from({ length: 10 }, () => new Wire(t, port).send(EXPECTING))
  await until('all are held', () => relay.hold.size === 10)
  assert.equal(wires.some(wire => wire.text !== ''), false, 'no body is asked for')
  relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(up)) })
  for (const wire of wires) await wire.until('100 Continue')
  assert.equal(relay.pools.open, 2)
  for (const wire of wires.reverse()) await wire.send('hello').until('got 5')
})

test('a request that may not be sent twice does not wait behind connections that have been idle for too long', async t => {
  const { port, relay } = await site(t, { perPod: 1, poolFresh: -1 })
  assert.match(await exchange(t, port, GET), /got 0/)
  assert.equal(relay.pools.open, 1)
  assert.match(await exchange(t, port, post('Connection: close\r\nContent-Length: 2', 'hi')), /got 2/)
  assert.equal(relay.pools.open, 1)
})
