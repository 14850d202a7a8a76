// What a relay does where it may have few files open: it takes fewer connections, and survives where it was not told.
import test from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { backend, exchange, relayWith, staticRoute, Wire } from './house.ts'
import { fitted, limitOf, openFiles } from '../../../gateway/relay/descriptors.ts'
import { SETTINGS } from '../../../gateway/relay/settings.ts'
import { FILES } from '../../../supervisor/crew.ts'
import { until } from '../../helpers/patience.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

test('the relay\'s bounds fit into the files it may have open', async () => {
  assert.equal(fitted(FILES, SETTINGS), null, 'what the supervisor gives it is enough')
  for (const limit of [64, 256, 1_024, 4_096, 20_000]) {
    const fit = fitted(limit, SETTINGS)
    assert.ok(fit !== null && fit.connections > 0 && fit.upstreams > 0 && fit.connections + fit.upstreams < limit, String(limit))
    assert.ok(fit.connections <= SETTINGS.connections && fit.upstreams <= SETTINGS.upstreams)
  }
  assert.equal(limitOf('Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 4096                 files     \n'), 1024)
  assert.equal(limitOf('Max open files            unlimited            unlimited            files     \n'), Infinity)
  assert.ok(await openFiles() > 0)
})

test('a relay that may open no more files refuses connections, goes on with those it has, and takes new ones when some have ended', async t => {
  const child = spawn('prlimit', ['--nofile=64:64', process.execPath, new URL('few-files.ts', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(async () => { child.stdin.end(); if (child.exitCode === null) await once(child, 'exit') })
  const [said] = await once(child.stdout, 'data') as [Buffer]
  const port = Number(said)
  const first = new Wire(t, port).send(GET)
  await first.until('404')
  const wires = Array.from({ length: 100 }, () => new Wire(t, port).send(GET))
  await until('each is answered or refused', () => wires.every(wire => wire.state !== 'open' || wire.text.includes('404')))
  const refused = wires.filter(wire => wire.text === '')
  assert.ok(refused.length > 30 && refused.length < 100, `${refused.length} refused`)
  const before = first.text.length
  await first.send(GET).until('404', before)
  for (const wire of wires) wire.socket.destroy()
  await until('new ones are taken', async () => {
    const wire = new Wire(t, port).send(GET)
    return await wire.until('404').then(() => true, () => false)
  })
  assert.equal(child.exitCode, null)
})

test('connections to all upstreams together are bounded: idle ones make way, and where none is idle it is 503', async t => {
  const held = Promise.withResolvers<void>()
  const sites = await Promise.all(['a', 'b', 'c'].map(() => backend(t, (request, response) => {
    if (request.url === '/slow') void held.promise.then(() => response.end('slow'))
    else response.end('quick')
  })))
  const { port, relay } = await relayWith(t, sites.map((site, i) => staticRoute(site.port, `${i}.test`)), { settings: { upstreams: 2 } })
  const ask = (host: number, path: string): Promise<string> => exchange(t, port, `GET ${path} HTTP/1.1\r\nHost: ${host}.test\r\nConnection: close\r\n\r\n`)
  for (const host of [0, 1, 2]) assert.match(await ask(host, '/'), /quick/)
  assert.equal(relay.pools.open, 2)
  const slow = [ask(0, '/slow'), ask(1, '/slow')]
  await until('both are under way', () => relay.table.find('0.test')?.inFlight === 1 && relay.table.find('1.test')?.inFlight === 1)
  assert.match(await ask(2, '/'), /^HTTP\/1\.1 503 [^]*Retry-After/)
  const queued = ask(0, '/')
  held.resolve()
  for (const answer of await Promise.all(slow)) assert.match(answer, /slow/)
  assert.match(await queued, /quick/)
  assert.match(await ask(2, '/'), /quick/)
  assert.equal(relay.pools.total, relay.pools.open)
})

test('where connections to all upstreams are too many, those of each make way in turn, and who has none is forgotten', async t => {
  const held: (() => void)[] = []
  const sites = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(() => backend(t, (_request, response) => { held.push(() => response.end('ok')) })))
  const { port, relay } = await relayWith(t, sites.map((site, i) => staticRoute(site.port, `${i}.test`)), { settings: { upstreams: 4 } })
  const open = (): number[] => sites.map(site => relay.pools['pools'].get(`127.0.0.1 ${site.port}`)?.size ?? 0)
  const ask = async (hosts: number[]): Promise<Wire[]> => {
    const wanted = held.length + hosts.length
    const wires = hosts.map(host => new Wire(t, port).send(`GET / HTTP/1.1\r\nHost: ${host}.test\r\n\r\n`))
    await until('all are under way', () => held.length === wanted)
    return wires
  }
  const first = await ask([0, 0, 1, 1])
  for (const answer of held.splice(0)) answer()
  for (const wire of first) await wire.until(/ok$/)
  await ask([2])
  await ask([3])
  assert.deepEqual(open(), [1, 1, 1, 1, 0])
  await ask([4])
  assert.deepEqual(open(), [0, 1, 1, 1, 1])
  assert.equal(relay.pools['pools'].size, 4)
})
