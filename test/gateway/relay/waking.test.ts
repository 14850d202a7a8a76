import test from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { rm } from 'node:fs/promises'
import { at, backend, bodyOf, exchange, rawBackend, relayWith, siteRoute, Wire } from './house.ts'
import { until } from '../../helpers/patience.ts'

const ALICE = 'Host: alice.example.test\r\nConnection: close\r\n'
const GET = `GET / HTTP/1.1\r\n${ALICE}\r\n`

test('many requests to a sleeping site are one wake, and all are answered when it runs', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(`hello ${await bodyOf(request)}`) })
  for (const state of ['asleep', 'frozen', 'sleeping', 'creating', 'waking', 'failed'] as const) {
    const { port, relay, told, waitFor } = await relayWith(t, [siteRoute(state)])
    const answers = Array.from({ length: 25 }, (_, i) => exchange(t, port, `POST /?${i} HTTP/1.1\r\n${ALICE}User-Agent: curl/8\r\nContent-Length: 2\r\n\r\nhi`))
    const wake = await waitFor('wake')
    assert.deepEqual(wake, { type: 'wake', site: 'alice', cause: { by: 'visitor', method: 'POST', path: '/', agent: 'tool' } })
    while (relay.hold.size < 25) await new Promise(resolve => setImmediate(resolve))
    assert.equal(told.filter(message => message.type === 'wake').length, 1)
    relay.obey({ type: 'route', version: 2, route: siteRoute('waking') })
    relay.obey({ type: 'route', version: 3, route: siteRoute('running', at(up)) })
    for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 200 [^]*hello hi/)
    assert.equal(relay.hold.size, 0)
  }
})

test('unknown and suspended sites wake nothing; a failed one is left alone until its time', async t => {
  const { port, told } = await relayWith(t, [{ ...siteRoute('suspended'), reason: 'Rent <unpaid>.' }, { ...siteRoute('failed', null, 'bob.example.test'), retryAt: Date.now() + 60_000 }])
  assert.match(await exchange(t, port, GET.replace('alice', 'carol')), /^HTTP\/1\.1 404 /)
  const suspended = await exchange(t, port, GET.replace('\r\n\r\n', '\r\nAccept: text/html\r\n\r\n'))
  assert.match(suspended, /^HTTP\/1\.1 503 [^]*Rent &#60;unpaid&#62;\./)
  assert.match(await exchange(t, port, GET.replace('alice', 'bob')), /^HTTP\/1\.1 503 [^]*Retry-After: (59|60)\r\n/)
  assert.deepEqual(told, [])
})

test('a browser\'s navigation gets a page that looks again; others are held to the end', async t => {
  const { port, relay } = await relayWith(t, [siteRoute('asleep')], { settings: { patience: 40, holdTimeout: 200 } })
  const page = await exchange(t, port, `GET / HTTP/1.1\r\n${ALICE}Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\nAccept-Language: fr-FR,en;q=0.5\r\n\r\n`)
  assert.match(page, /^HTTP\/1\.1 503 [^]*Cache-Control: no-store[^]*Retry-After: 2[^]*<html lang="fr">[^]*http-equiv="refresh" content="2"/)
  const others = await Promise.all([
    exchange(t, port, `GET /x.js HTTP/1.1\r\n${ALICE}Accept: */*\r\nSec-Fetch-Mode: no-cors\r\n\r\n`),
    exchange(t, port, `POST / HTTP/1.1\r\n${ALICE}Accept: text/html\r\nContent-Length: 4\r\n\r\nbody`),
  ])
  for (const answer of others) assert.match(answer, /^HTTP\/1\.1 504 /)
  assert.equal(relay.hold.size, 0)
})

test('only a navigation is shown the waiting page: not a HEAD, a fetch, an EventSource, nor a page fetched in advance', async t => {
  const { port } = await relayWith(t, [siteRoute('asleep')], { settings: { patience: 40, holdTimeout: 200 } })
  const HTML = 'Accept: text/html,*/*;q=0.8\r\n'
  const NAVIGATE = `${HTML}Sec-Fetch-Mode: navigate\r\n`
  const cases: [string, string, string, number][] = [
    ['a navigation', 'GET', NAVIGATE, 503],
    ['a navigation of an old browser', 'GET', HTML, 503],
    ['HEAD', 'HEAD', NAVIGATE, 504],
    ['fetch', 'GET', 'Accept: */*\r\nSec-Fetch-Mode: cors\r\n', 504],
    ['fetch that says it takes HTML', 'GET', `${HTML}Sec-Fetch-Mode: cors\r\n`, 504],
    ['fetch of an old browser', 'GET', 'Accept: */*\r\n', 504],
    ['an EventSource', 'GET', 'Accept: text/event-stream\r\nSec-Fetch-Mode: cors\r\n', 504],
    ['an EventSource of an old browser', 'GET', 'Accept: text/event-stream\r\n', 504],
    ['a prefetch', 'GET', `${NAVIGATE}Sec-Purpose: prefetch\r\n`, 504],
    ['a prerendered page', 'GET', `${NAVIGATE}Sec-Purpose: prefetch;prerender\r\n`, 504],
    ['a prefetch of an old browser', 'GET', `${NAVIGATE}Purpose: prefetch\r\n`, 504],
    ['a WebSocket', 'GET', `${HTML}Upgrade: websocket\r\nConnection: Upgrade\r\n`, 504],
  ]
  await Promise.all(cases.map(async ([what, method, fields, status]) => {
    const connection = fields.includes('Connection') ? '' : 'Connection: close\r\n'
    const wire = new Wire(t, port).send(`${method} / HTTP/1.1\r\nHost: alice.example.test\r\n${fields}${connection}\r\n`)
    assert.match(await wire.until('\r\n\r\n'), new RegExp(`^HTTP/1.1 ${status} `), what)
  }))
})

test('held requests are bounded per site and in all', async t => {
  const { port } = await relayWith(t, [siteRoute('asleep'), siteRoute('asleep', null, 'bob.example.test')], { settings: { heldPerSite: 2, heldInAll: 3, holdTimeout: 150 } })
  const answers = await Promise.all(['alice', 'alice', 'alice', 'bob', 'bob'].map(name => exchange(t, port, GET.replace('alice', name))))
  assert.deepEqual(answers.map(answer => answer.slice(9, 12)).sort(), ['503', '503', '504', '504', '504'])
  for (const answer of answers) assert.match(answer, /\r\nRetry-After: (5|10)\r\n/)
})

test('a held request leaves with its visitor', async t => {
  const { port, relay, waitFor } = await relayWith(t, [siteRoute('asleep')])
  const wire = new Wire(t, port).send(GET)
  await waitFor('wake')
  assert.equal(relay.table.find('alice.example.test')?.inFlight, 1)
  wire.socket.destroy()
  while (relay.hold.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
  assert.equal(relay.table.find('alice.example.test')?.inFlight, 0)
})

test('when the last visitor who waits for a site has left, the relay says so, and asks again for the next one', async t => {
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('asleep')])
  const wires = [1, 2].map(() => new Wire(t, port).send(GET))
  await until('both are held', () => relay.hold.size === 2)
  wires[0]?.socket.destroy()
  await until('one is held', () => relay.hold.size === 1)
  assert.deepEqual(told.filter(message => message.type === 'unwanted'), [])
  wires[1]?.socket.destroy()
  assert.deepEqual(await waitFor('unwanted'), { type: 'unwanted', site: 'alice' })
  new Wire(t, port).send(GET)
  await waitFor('wake', 2)
})

test('a site for which the house had no memory to spare is answered with 503 until its time, and then asks for its wake again', async t => {
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('asleep')])
  const held = exchange(t, port, GET)
  await waitFor('wake')
  for (const state of ['asleep', 'frozen'] as const) {
    relay.obey({ type: 'route', version: 2, route: { ...siteRoute(state), retryAt: Date.now() + 5_000 } })
    assert.match(await exchange(t, port, GET.replace('\r\n\r\n', '\r\nAccept: application/json\r\n\r\n')), /^HTTP\/1\.1 503 [^]*Retry-After: [45]\r\n[^]*"no_room"/)
  }
  assert.match(await held, /^HTTP\/1\.1 503 /)
  assert.equal(told.filter(message => message.type === 'wake').length, 1)
  relay.obey({ type: 'route', version: 3, route: { ...siteRoute('asleep'), retryAt: Date.now() - 1 } })
  new Wire(t, port).send(GET)
  await waitFor('wake', 2)
})

test('a site that is deleted answers those who wait for it with 404, and is forgotten', async t => {
  const { port: up } = await rawBackend(t, () => {})
  const { port, relay, waitFor } = await relayWith(t, [siteRoute('asleep'), siteRoute('running', at(up), 'bob.example.test')])
  const held = exchange(t, port, GET)
  await waitFor('wake')
  const open = new Wire(t, port).send(GET.replace('alice', 'bob'))
  await until('it is under way', () => relay.table.find('bob.example.test')?.inFlight === 1)
  relay.obey({ type: 'gone', version: 2, host: 'alice.example.test' })
  relay.obey({ type: 'gone', version: 3, host: 'bob.example.test' })
  assert.match(await held, /^HTTP\/1\.1 404 /)
  assert.match(await exchange(t, port, GET.replace('alice', 'bob')), /^HTTP\/1\.1 404 /)
  assert.equal(relay.table['sites'].size, 1)
  open.socket.destroy()
  await until('nothing is left of either', () => relay.table['sites'].size === 0 && relay.pools.open === 0)
})

test('a sleep is called off while anything is in flight, and takes hold when nothing is', async t => {
  const release = Promise.withResolvers<void>()
  const { port: up } = await backend(t, async (_request, response) => { await release.promise; response.end('ok') })
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('running', at(up))])
  const first = exchange(t, port, GET)
  while (relay.table.find('alice.example.test')?.inFlight !== 1) await new Promise(resolve => setImmediate(resolve))
  relay.obey({ type: 'closing', id: 1, site: 'alice' })
  assert.deepEqual(told.at(-1), { type: 'closed', id: 1, site: 'alice', inFlight: 1 })
  release.resolve()
  assert.match(await first, /200 OK/)
  assert.equal(relay.pools.open, 1)
  relay.obey({ type: 'closing', id: 2, site: 'alice' })
  assert.deepEqual(told.at(-1), { type: 'closed', id: 2, site: 'alice', inFlight: 0 })
  assert.equal(relay.pools.open, 0, 'idle connections are closed')
  const second = exchange(t, port, GET)
  assert.equal((await waitFor('wake')).type, 'wake')
  relay.obey({ type: 'route', version: 5, route: siteRoute('running', at(up)) })
  assert.match(await second, /200 OK/)
})

test('a site whose pod refuses is reported once, and its requests are held until it is back', async t => {
  const gone = await rawBackend(t, () => {})
  await new Promise<void>(resolve => gone.server.close(() => resolve()))
  const { port: up } = await backend(t, async (request, response) => { response.end(`got ${await bodyOf(request)}`) })
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('running', at(gone.port))])
  const answers = [1, 2, 3].map(() => exchange(t, port, `POST / HTTP/1.1\r\n${ALICE}Content-Length: 4\r\n\r\nbody`))
  assert.deepEqual(await waitFor('down'), { type: 'down', site: 'alice', upstream: at(gone.port) })
  relay.obey({ type: 'route', version: 2, route: siteRoute('asleep') })
  await waitFor('wake')
  relay.obey({ type: 'route', version: 3, route: siteRoute('running', at(up)) })
  for (const answer of await Promise.all(answers)) assert.match(answer, /got body/)
  assert.equal(told.filter(message => message.type === 'down').length, 1)
})

test('requests for the panel wait for its process, and tell it who asks', async t => {
  const path = `/tmp/auberge-panel-${process.pid}.sock`
  await rm(path, { force: true })
  const { port, relay } = await relayWith(t, [{ host: 'example.test', kind: 'panel', upstream: { path } }])
  const answer = exchange(t, port, 'GET / HTTP/1.1\r\nHost: example.test:8080\r\nConnection: close\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n')
  while (relay.hold.size === 0) await new Promise(resolve => setImmediate(resolve))
  const panel = createServer((request, response) => { response.setHeader('set-cookie', '__Host-session=1; Path=/').end(JSON.stringify(request.headers)) }).listen(path)
  t.after(() => { panel.closeAllConnections(); panel.close() })
  const text = await answer
  assert.match(text, /Set-Cookie: __Host-session=1/i)
  assert.match(text, /"x-forwarded-for":"127\.0\.0\.1","x-real-ip":"127\.0\.0\.1","x-forwarded-proto":"http"/)
  assert.match(text, /"x-forwarded-host":"example\.test:8080"/)
})

test('counts say what changed, once', async t => {
  const { port: up } = await backend(t, (_request, response) => response.end('ok'))
  const { port, relay, told } = await relayWith(t, [siteRoute('running', at(up)), siteRoute('asleep', null, 'bob.example.test')])
  await exchange(t, port, GET)
  await exchange(t, port, GET)
  relay.report()
  relay.report()
  const counts = told.filter(message => message.type === 'counts')
  assert.equal(counts.length, 1)
  assert.partialDeepStrictEqual(counts[0], { counts: [{ host: 'alice.example.test', requests: 2, inFlight: 0 }] })
})

test('a site that is drained holds new requests, robots\' too, answers those in flight, and says when it has', async t => {
  const slow: (() => void)[] = []
  const { port: up } = await backend(t, (request, response) => {
    if (request.url === '/slow') slow.push(() => response.end('late'))
    else response.end('quick')
  })
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('running', at(up))])
  const late = exchange(t, port, GET.replace('/', '/slow'))
  while (slow.length === 0) await new Promise(resolve => setImmediate(resolve))
  relay.obey({ type: 'closing', id: 7, site: 'alice', drain: true })
  const held = ['Mozilla/5.0 (compatible; Googlebot/2.1)', 'curl/8'].map(agent => exchange(t, port, GET.replace('\r\n\r\n', `\r\nUser-Agent: ${agent}\r\n\r\n`)))
  while (relay.hold.size < 2) await new Promise(resolve => setImmediate(resolve))
  assert.equal(told.some(message => message.type === 'closed'), false)
  slow[0]?.()
  assert.deepEqual(await waitFor('closed'), { type: 'closed', id: 7, site: 'alice', inFlight: 0 })
  assert.match(await late, /^HTTP\/1\.1 200 [^]*late/)
  assert.equal(relay.hold.size, 2)
  for (const state of ['waking', 'running'] as const) relay.obey({ type: 'route', version: state === 'waking' ? 2 : 3, route: siteRoute(state, state === 'running' ? at(up) : null) })
  for (const answer of await Promise.all(held)) assert.match(answer, /^HTTP\/1\.1 200 [^]*quick/)
})

test('a drain that is called off lets held requests go where they would have gone; one of an idle site is over at once', async t => {
  const { port: up } = await backend(t, (request, response) => { if (request.url !== '/never') response.end('quick') })
  const { port, relay, told, waitFor } = await relayWith(t, [siteRoute('running', at(up))])
  relay.obey({ type: 'closing', id: 1, site: 'nobody', drain: true })
  relay.obey({ type: 'closing', id: 2, site: 'alice', drain: true })
  assert.deepEqual(told.filter(message => message.type === 'closed').map(message => message.id), [1, 2])
  relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(up)) })
  const wire = new Wire(t, port).send(GET.replace('/', '/never'))
  while (relay.table.find('alice.example.test')?.inFlight !== 1) await new Promise(resolve => setImmediate(resolve))
  relay.obey({ type: 'closing', id: 3, site: 'alice', drain: true })
  const held = exchange(t, port, GET)
  await waitFor('wake')
  relay.obey({ type: 'route', version: 3, route: siteRoute('running', at(up)) })
  assert.match(await held, /^HTTP\/1\.1 200 [^]*quick/)
  wire.socket.destroy()
  while (relay.table.find('alice.example.test')?.inFlight !== 0) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(told.filter(message => message.type === 'closed').map(message => message.id), [1, 2], 'nobody waits for that answer any more')
})
