// What keeps a site awake, with real pods behind a real relay; and how one that does not stay awake backs off, says why, and recovers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { Agent, request } from 'undici'
import type { House } from '../../../wire/house.ts'
import { ensureImage } from '../../../provisioner/images/build.ts'
import { until } from '../../helpers/patience.ts'
import { openPods } from '../../helpers/pods.ts'
import { zip } from '../archive/zips.ts'
import { openHouse, people } from '../panel/house.ts'

/** Answers at /events for as long as it is listened to, and any WebSocket (its key as RFC 6455 section 4.2.2 says). */
const SERVER = `const { createServer } = require('node:http'), { createHash } = require('node:crypto')
const server = createServer((request, response) => request.url === '/events' ? response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\\n\\n') : response.end('hello'))
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.on('error', () => {}).resume().on('end', () => socket.end())
})
server.listen(process.env.PORT)`

async function begin(t: TestContext, change: Partial<House>) {
  await ensureImage('node', () => {})
  const house = await openHouse(change, openPods)
  const agent = new Agent()
  t.after(async () => { await agent.destroy(); await house.close() })
  const boss = await house.registry.accounts.create({ username: 'boss-of-all', password: 'seven wet umbrellas', role: 'admin' })
  const get = (site: string, path = '/', headers: Record<string, string> = {}) => request(`http://127.0.0.1:${house.port}${path}`, { dispatcher: agent, headers: { host: `${site}.localhost`, ...headers } })
  const state = async (site: string) => (await house.desk.view(site)).state
  return { ...house, boss, get, state }
}

type Ground = Awaited<ReturnType<typeof begin>>
/** Begins to use the site `kept`, and returns what ends that. */
type Use = (ground: Ground) => Promise<() => void>

const listen: Use = async ({ get }) => {
  const { body } = await get('kept', '/events')
  body.on('error', () => {})
  await once(body, 'data')
  return () => void body.destroy()
}

const talk: Use = async ({ port }) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: kept.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 101 /)
  return () => void socket.destroy()
}

const command: Use = async ({ desk, boss }) => {
  const stream: Duplex = await desk.exec(boss, 'kept', { command: ['cat'], tty: false })
  stream.on('error', () => {}).resume()
  return () => void stream.destroy()
}

const USES: [what: string, use: Use, reason: string][] = [['an event stream', listen, 'requests'], ['a WebSocket', talk, 'requests'], ['a command that runs in it', command, 'commands']]

test('an event stream, a WebSocket or a command keeps a site awake for as long as it is there', { timeout: 200_000 }, async t => {
  const ground = await begin(t, { idle: 1_000 })
  const { desk, boss, get, state } = ground
  for (const name of ['kept', 'other']) {
    await desk.createSite(boss, { name, owner: boss, image: 'node' })
    await desk.deploy(boss, name, 'zip', Readable.from([zip([{ name: 'server.js', data: SERVER }])]))
  }
  for (const [what, use, reason] of USES) {
    assert.equal(await (await get('kept')).body.text(), 'hello')
    const end = await use(ground)
    assert.equal(await (await get('other')).body.text(), 'hello')
    await until(`the other site sleeps, while ${what} is there`, async () => await state('other') === 'frozen')
    const { awake } = await desk.view('kept')
    assert.deepEqual([awake?.because, awake?.cause?.by], [[{ what: reason, count: 1 }], 'visitor'], what)
    if (use === command) await assert.rejects(desk.sleep(boss, 'kept'), { code: 'conflict' }, 'not even its owner ends it by a sleep')
    end()
    await until(`it sleeps when ${what} is over`, async () => await state('kept') === 'frozen')
    assert.equal((await desk.view('kept')).awake, null)
  }
})

test('sites give way to each other where the budget has room for one, and every visitor is answered', { timeout: 120_000 }, async t => {
  const { desk, boss, get, state } = await begin(t, { memoryBudget: 20 * 2 ** 20 })
  for (const name of ['one', 'two']) await desk.createSite(boss, { name, owner: boss })
  for (const name of ['one', 'two', 'one']) assert.equal((await get(name)).statusCode, 200, name)
  assert.deepEqual([await state('one'), await state('two')], ['running', 'asleep'])
  await desk.sleep(boss, 'one')
  assert.equal((await get('two')).statusCode, 200)
  assert.deepEqual([await state('one'), await state('two')], ['asleep', 'running'])
  const answers = await Promise.all(Array.from({ length: 6 }, (_, nth) => get(nth % 2 ? 'one' : 'two')))
  assert.deepEqual(answers.map(answer => answer.statusCode), Array(6).fill(200))
  const [last] = await desk.wakes('one')
  assert.ok(last?.outcome === 'ok' && last.phases.probe)
})

test('an application that keeps ending is tried more and more rarely; visitors get a plain 503, its owner the reason, and a change of its settings or files lets it try at once', { timeout: 120_000 }, async t => {
  const house = await begin(t, {})
  const { desk, boss, get, state } = house
  const { alice } = await people(house)
  const owner = house.registry.accounts.byName('alice')
  assert.ok(owner)
  await desk.createSite(boss, { name: 'shop', owner, image: 'node' })
  assert.equal((await alice.call('PATCH', '/api/sites/shop', { start: 'echo secret reason; exit 3' })).status, 200)
  const seen = await get('shop', '/', { accept: 'text/html' })
  assert.deepEqual([seen.statusCode, seen.headers['retry-after'] !== undefined, /secret|exit/.test(await seen.body.text())], [503, true, false])
  const { state: now, failure } = (await alice.call('GET', '/api/sites/shop')).json<{ state: string; failure: string }>()
  assert.equal(now, 'failed')
  assert.match(failure, /exit code 3\)[^]*secret reason/)
  assert.match((await alice.send('GET', '/sites/shop')).text, /exit code 3\)[^]*secret reason[^]*Last wakes/)
  for (let count = 0; count < 5; count++) await alice.call('POST', '/api/sites/shop/wake')
  assert.ok(Number((await get('shop')).headers['retry-after']) > 10, 'the longer it goes on, the rarer the tries')

  assert.equal((await alice.call('PATCH', '/api/sites/shop', { start: null })).status, 200)
  assert.equal((await get('shop')).statusCode, 200)
  assert.equal(await state('shop'), 'running')

  const deploy = (text: string) => desk.deploy(boss, 'shop', 'zip', Readable.from([zip([{ name: 'server.js', data: text }])]))
  await deploy('throw new Error("not today")')
  assert.equal(await state('shop'), 'failed')
  assert.equal((await get('shop')).statusCode, 503)
  assert.match((await desk.view('shop')).failure ?? '', /exit code 1\)[^]*not today/)
  await deploy(SERVER)
  assert.equal(await (await get('shop')).body.text(), 'hello')
  const wakes = (await alice.call('GET', '/api/sites/shop/wakes')).json<{ outcome: string; failure?: string }[]>()
  assert.deepEqual(new Set(wakes.map(({ outcome }) => outcome)), new Set(['ok', 'failed']))
  assert.match(wakes.find(({ outcome }) => outcome === 'failed')?.failure ?? '', /ended before it answered \(exit code 1\)/)
})
