// The few connections to a site: nobody has all of them, and who doesn't read gives way to who waits. Run by node --test.
import test from 'node:test'
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { at, backend, exchange, relayWith, siteRoute, staticRoute, visitorsOf, Wire } from './house.ts'
import { client, ask, Frames, FRAME, GET as H2GET, headersFrame, h2With, number } from './frames.ts'
import { Press, type Pressed } from '../../../gateway/relay/upstream/press.ts'
import type { Clock } from '../../../gateway/relay/clock.ts'
import { until } from '../../helpers/patience.ts'

const get = (path: string, fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: alice.example.test\r\nConnection: close\r\n${fields}\r\n`
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A site that answers `/held…` when it is told to, `/large` with much, all else at once. */
async function site(t: Parameters<typeof backend>[0]) {
  const held = new Map<string, ServerResponse>()
  const up = await backend(t, (request, response) => {
    if (request.url?.startsWith('/held')) held.set(request.url, response)
    else response.end(request.url === '/large' ? Buffer.alloc(LARGE) : 'ok')
  })
  return { ...up, held }
}
/** More than the kernel keeps for a connection on both its ends. */
const LARGE = 32 * 2 ** 20

for (const [how, options, begin, fields] of [
  ['by the address of its connection', { proxyProtocol: true }, (i: number) => `PROXY TCP6 2001:db8:0:${i}::${i} ::1 4000 80\r\n`, () => ''],
  ['by what a trusted proxy says', {}, () => '', (i: number) => `X-Forwarded-For: 192.0.2.${i}\r\n`],
] as const) {
  test(`one visitor, known ${how}, never has all connections to a site, and gets the next when one of its own is free`, async t => {
    const { port: up, held } = await site(t)
    const { port, relay } = await relayWith(t, [siteRoute('running', at(up))], { ...options, trustedProxies: ['127.0.0.1'], settings: { perPod: 4 } })
    const from = (i: number, path: string): Wire => new Wire(t, port).send(begin(i) + get(path, fields(i)))
    const greedy = [1, 2, 3, 4, 5].map(i => from(1, `/held${i}`))
    await until('all are there', () => relay.table.find('alice.example.test')?.inFlight === 5)
    for (let i = 2; i < 7; i++) assert.match(await from(i, '/').end(), /^HTTP\/1\.1 200 [^]*ok$/)
    assert.equal(held.size, 3)
    for (const answered of [1, 2, 3, 4, 5]) {
      await until('three are under way', () => held.size >= Math.min(5, answered + 2))
      const [path, response] = [...held].find(([, { writableEnded }]) => !writableEnded) ?? []
      response?.end(path)
    }
    for (const wire of greedy) assert.match(await wire.end(), /\/held\d$/)
    await until('nothing is left', () => relay.table.find('alice.example.test')?.inFlight === 0)
  })
}

test('a visitor who reads nothing keeps its connection until somebody waits for it, and then loses it', async t => {
  const { port: up } = await site(t)
  const { port, relay } = await relayWith(t, [siteRoute('running', at(up))], { settings: { perPod: 1, pressed: 200 } })
  const visitors = visitorsOf(relay)
  const idle = new Wire(t, port)
  idle.socket.pause()
  idle.send(get('/large'))
  await until('it is stuck', () => visitors[0]?.stuck)
  for (const since = relay.clock.now; relay.clock.now < since + 600;) await turn()
  assert.equal(relay.pools.open, 1)
  assert.match(await exchange(t, port, get('/')), /^HTTP\/1\.1 200 [^]*ok$/)
  idle.socket.resume()
  assert.ok((await idle.close()).length < LARGE)
})

test('who reads anything in time keeps its connection while others wait, who does not loses it', () => {
  const clock = { now: 0, watch() {}, forget() {} }
  const gaveWay = new Set<string>()
  const lent = new Map<object, { state: string; answered: string; bytes: number; asker: { stuck: boolean; mark: number } }>()
  const enter = (name: string, stuck: boolean) => {
    const exchange = { state: 'open', answered: 'head', bytes: 1, asker: { stuck, mark: 0 } }
    lent.set({ giveWay: () => gaveWay.add(name) }, exchange)
    return exchange
  }
  enter('thinking', false)
  enter('still', true)
  const [reading, growing] = [enter('reading', true), enter('growing', true)]
  const press = new Press({ isWanted: true, lent } as unknown as Pressed, clock as unknown as Clock, 100)
  for (; clock.now <= 300; clock.now += 30) {
    reading.asker.mark++
    growing.bytes++
    if (clock.now === 240) enter('late', true)
    press.overdue()
  }
  assert.deepEqual([...gaveWay], ['still'])
})

test('a stream of HTTP/2 that nobody reads gives way likewise, and its connection goes on', async t => {
  const { port: up } = await site(t)
  const { h2, relay } = await h2With(t, [siteRoute('running', at(up), 'a.test')], { settings: { perPod: 1, pressed: 200 } })
  const frames = new Frames(t, h2, Buffer.concat([Buffer.of(0, 4), number(0)]))
  frames.send(headersFrame(1, H2GET.map(([name, value]) => [name, name === ':path' ? '/large' : value])))
  await frames.until(({ type, stream }) => type === FRAME.headers && stream === 1)
  assert.equal((await ask(client(t, h2), {})).body, 'ok')
  assert.equal(await frames.reset(1), 2)
  frames.send(headersFrame(3, H2GET.map(([name, value]) => [name, name === ':path' ? '/' : value])))
  await frames.until(({ type, stream }) => type === FRAME.headers && stream === 3)
  assert.equal(relay.pools.open, 1)
})

test('an upstream has a bounded number of connections; the rest of its requests wait in turn, and beyond that are refused', async t => {
  const [all, most, queue] = [10, 2, 4]
  const held: (() => void)[] = []
  const refused = Promise.withResolvers<undefined>()
  let peak = 0
  const { port: up } = await backend(t, (_request, response) => {
    peak = Math.max(peak, held.push(() => { held.shift(); response.end('ok') }))
    void refused.promise.then(() => setImmediate(() => held[0]?.()))
  })
  const { port } = await relayWith(t, [staticRoute(up, 'alice.example.test')], { settings: { perUpstream: most, upstreamQueue: queue } })
  let left = all - most - queue
  const answers = await Promise.all(Array.from({ length: all }, async () => {
    const answer = await exchange(t, port, get('/'))
    if (answer.startsWith('HTTP/1.1 503') && --left === 0) refused.resolve(undefined)
    return answer.slice(0, 12)
  }))
  assert.equal(peak, most)
  assert.deepEqual(answers.sort(), [...Array<string>(most + queue).fill('HTTP/1.1 200'), ...Array<string>(all - most - queue).fill('HTTP/1.1 503')])
})

test('a visitor who leaves while it waits for a connection is taken out of the line: its site hears nothing of it', async t => {
  const { port: up, held } = await site(t)
  const { port, relay } = await relayWith(t, [siteRoute('running', at(up))], { settings: { perPod: 1 } })
  const inFlight = (): number | undefined => relay.table.find('alice.example.test')?.inFlight
  const first = new Wire(t, port).send(get('/held'))
  await until('it is under way', () => held.size === 1)
  const leaver = new Wire(t, port).send(get('/held/left'))
  await until('one waits', () => inFlight() === 2)
  leaver.socket.destroy()
  await until('it has left', () => inFlight() === 1)
  held.get('/held')?.end('ok')
  assert.match(await first.end(), /ok$/)
  assert.match(await exchange(t, port, get('/')), /ok$/)
  assert.deepEqual([...held.keys()], ['/held'])
})
