// Ports of sites' own: connections that come in by a side door, wait for their site and are passed on to its pod, within bounds, until somebody closes them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { OpenPort } from '../../../registry/ports.ts'
import type { SiteRoute, SiteState } from '../../../registry/types.ts'
import { until } from '../../helpers/patience.ts'
import { at, rawBackend, relayWith, siteRoute, Wire, type Running } from './house.ts'

const ALICE = '2001:db8:1:2:a0be:1:2:3'

type Stage = Running & { side: number; pod: Awaited<ReturnType<typeof rawBackend>>; route: (state: SiteState, ports?: OpenPort[]) => SiteRoute; tell: (route: SiteRoute) => void; arriveAt: (local: string) => void }

/** A site with a port that says what it hears in capitals, and a side door. */
async function stage(t: TestContext, { state = 'running' as SiteState, proxyProtocol = false, settings = {} } = {}): Promise<Stage> {
  const pod = await rawBackend(t, socket => { socket.on('data', bytes => socket.write(bytes.toString().toUpperCase())).on('end', () => socket.end()) })
  const open = [{ port: pod.port, slot: 1, proxyProtocol }]
  const route = (state: SiteState, ports = open): SiteRoute => ({ ...siteRoute(state, state === 'running' ? at(9) : null), ipv6: ALICE, ports })
  const running = await relayWith(t, [route(state)], { ipv6Prefix: '2001:db8:1:2::/64', settings })
  const { sides } = running.relay
  const welcome = sides.welcome.bind(sides)
  let local = ALICE
  sides.welcome = (accepted, slot) => welcome({ ...accepted, local }, slot)
  const server = await running.relay.listenSide({ port: 0, host: '127.0.0.1' }, 1)
  let version = 1
  return { ...running, pod, route, side: (server.address() as AddressInfo).port, tell: route => running.relay.obey({ type: 'route', version: ++version, route }), arriveAt: address => { local = address } }
}

const inFlight = ({ relay }: Running) => relay.table.find('alice.example.test')?.inFlight

test('bytes go both ways, half-closes too, and the connection counts as a request as long as it lasts', async t => {
  const set = await stage(t)
  const wire = new Wire(t, set.side)
  await wire.send('hello').until('HELLO')
  assert.equal(inFlight(set), 1)
  assert.equal(set.relay.sides.size, 1)
  wire.socket.end(' and bye')
  assert.equal(await wire.close(), 'HELLO AND BYE')
  await until('nothing is in flight', () => inFlight(set) === 0)
  assert.deepEqual([set.relay.sides.size, set.relay.crowd.size], [0, 0])
})

test('a megabyte each way arrives whole, whoever reads slowly', async t => {
  const set = await stage(t)
  const wire = new Wire(t, set.side)
  const much = 'a'.repeat(2 ** 20)
  wire.socket.end(much)
  assert.equal(await wire.close(), much.toUpperCase())
})

test('a site that sleeps is woken once for all who come, and they are passed on when it answers', async t => {
  const set = await stage(t, { state: 'asleep' })
  const wires = [new Wire(t, set.side).send('one'), new Wire(t, set.side).send('two')]
  const wake = await set.waitFor('wake')
  assert.deepEqual(wake, { type: 'wake', site: 'alice', cause: { by: 'visitor', method: 'TCP', path: `port ${set.pod.port}`, agent: 'none' } })
  await until('both wait', () => inFlight(set) === 2)
  set.tell(set.route('waking'))
  set.tell(set.route('running'))
  await Promise.all([wires[0]!.until('ONE'), wires[1]!.until('TWO')])
  assert.equal(set.told.filter(message => message.type === 'wake').length, 2, 'and again when its route said that it wakes, which control takes as one')
})

test('whoever waits too long, or for a site that may not be woken, is let go, and the wake is taken back', async t => {
  const set = await stage(t, { state: 'asleep', settings: { holdTimeout: 60 } })
  await new Wire(t, set.side).close()
  assert.deepEqual((await set.waitFor('unwanted')).type, 'unwanted')
  assert.equal(inFlight(set), 0)
  set.tell({ ...set.route('failed'), retryAt: Date.now() + 60_000 })
  await new Wire(t, set.side).close()
  assert.equal(set.told.filter(message => message.type === 'wake').length, 1)
})

test('a port that is closed, a site that is suspended, gone or asleep ends its connections with a reset', async t => {
  for (const end of ['closed', 'suspended', 'gone', 'sleeping', 'moved'] as const) {
    const set = await stage(t)
    const wire = new Wire(t, set.side)
    await wire.send('hello').until('HELLO')
    const failed = once(wire.socket, 'error')
    if (end === 'gone') set.relay.obey({ type: 'gone', version: 9, host: 'alice.example.test' })
    else if (end === 'moved') set.tell({ ...set.route('running'), upstream: { address: '127.0.0.2', port: 9 } })
    else set.tell(end === 'closed' ? set.route('running', []) : set.route(end))
    assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, 'ECONNRESET', end)
    await until('its pod hears of it', () => set.pod.sockets.size === 0)
    assert.equal(set.relay.sides.size, 0)
  }
})

test('another slot, another address, an address that is nobody\'s: nobody listens there', async t => {
  const set = await stage(t)
  set.tell(set.route('running', [{ port: set.pod.port, slot: 0, proxyProtocol: false }]))
  assert.equal(await new Wire(t, set.side).close(), '')
  set.tell(set.route('running'))
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:a0be::9', '127.0.0.1']) {
    set.arriveAt(address)
    assert.equal(await new Wire(t, set.side).close(), '', address)
  }
  assert.equal(set.pod.sockets.size, 0)
})

test('connections to a site are bounded, from one address and in all', async t => {
  for (const settings of [{ splicesPerAddress: 2 }, { splices: 2 }]) {
    const set = await stage(t, { settings })
    const wires = [new Wire(t, set.side), new Wire(t, set.side)]
    for (const wire of wires) await wire.send('in').until('IN')
    assert.equal(await new Wire(t, set.side).close(), '')
    wires[0]!.socket.destroy()
    await until('there is room again', () => set.relay.sides.size === 1)
    await new Wire(t, set.side).send('next').until('NEXT')
  }
})

test('a connection that nobody uses ends', async t => {
  const set = await stage(t, { settings: { spliceIdle: 50 } })
  const wire = new Wire(t, set.side)
  await wire.send('hello').until('HELLO')
  await wire.close()
  await until('nothing is left', () => inFlight(set) === 0)
})

test('where it was asked for, the pod is told who the visitor is before anything else', async t => {
  const set = await stage(t, { proxyProtocol: true })
  const wire = new Wire(t, set.side)
  const said = await wire.send('hello').until('HELLO')
  assert.equal(said, `PROXY TCP4 127.0.0.1 ${ALICE} ${wire.socket.localPort} ${set.pod.port}\r\nHELLO`.toUpperCase())
})

test('a program that listens a little later than its site answers is waited for; one that never does is not', async t => {
  const set = await stage(t, { state: 'asleep', settings: { splicePatience: 2_000 } })
  const { port } = set.pod
  set.pod.server.close()
  const wire = new Wire(t, set.side).send('late')
  await set.waitFor('wake')
  set.tell(set.route('running'))
  set.pod.server.listen(port, '127.0.0.1')
  await wire.until('LATE')
  set.pod.server.close()
  assert.equal(await new Wire(t, set.side).close(), '')
})

test('a connection keeps its site from being put to sleep', async t => {
  const set = await stage(t)
  const wire = new Wire(t, set.side)
  await wire.send('hello').until('HELLO')
  set.relay.obey({ type: 'closing', id: 7, site: 'alice' })
  assert.deepEqual(await set.waitFor('closed'), { type: 'closed', id: 7, site: 'alice', inFlight: 1 })
  await wire.send('more').until('MORE')
})
