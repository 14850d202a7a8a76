// Long answers and large bodies: server-sent events, logs that go on, upgrades, uploads that are refused unread.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { PassThrough, Readable, type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { execa } from 'execa'
import { Client } from 'undici'
import type { Provisioner } from '../../../provisioner/api.ts'
import { peek } from '../../../gateway/panel/stream.ts'
import { servePanel } from '../../../gateway/panel/serve.ts'
import { frame } from '../../../wire/frames.ts'
import { places } from '../../../wire/house.ts'
import { pino } from 'pino'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, people, type TestHouse, type Visitor } from './house.ts'
import { noise, talking, ZIP } from './uploads.ts'

/** Bytes of an upload that would be seen in memory. */
const SENT = 96 * 2 ** 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes outside the heap that something still points to: what is only not yet collected doesn't count. */
function held(): number {
  collect()
  return process.memoryUsage().external
}

type Event = { event: string; data: unknown }

/** The events of a stream, one by one. */
async function* events(body: Readable): AsyncGenerator<Event> {
  let held = ''
  for await (const chunk of body) {
    const parts = (held + String(chunk)).split('\n\n')
    held = parts.pop() ?? ''
    for (const part of parts) {
      const found = /^event: (\w+)\ndata: (.*)$/.exec(part)
      if (found) yield { event: found[1] ?? '', data: JSON.parse(found[2] ?? '') as unknown }
    }
  }
}

async function open(house: TestHouse, visitor: Visitor, path: string) {
  const client = new Client('http://localhost', { socketPath: places(house.house.data).panelSocket })
  const { body, headers, statusCode } = await client.request({ method: 'GET', path, headers: visitor.headers() })
  return { body, headers, status: statusCode, close: () => client.destroy() }
}

/** Resolves with all that a stream has brought once `pattern` is in it. */
function says(stream: Readable, pattern: RegExp, all = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      all += String(chunk)
      if (pattern.test(all)) resolve(all)
    }
    stream.on('data', hear).on('error', reject)
    hear('')
  })
}

async function until(stream: AsyncGenerator<Event>, wanted: (data: never) => boolean): Promise<Event> {
  for (;;) {
    const { value, done } = await stream.next()
    if (done) throw new Error('the stream ended')
    if (wanted(value.data as never)) return value
  }
}

/** What was followed of logs. */
const followed: Readable[] = []
const house = await openHouse({}, async data => {
  const { provisioner, close } = await openPods(data)
  const logs: Provisioner['logs'] = async (name, options) => {
    const log = await provisioner.logs(name, options)
    followed.push(log)
    return log
  }
  return { provisioner: { ...provisioner, logs }, close }
})
after(house.close)
const { alice, bob, boss } = await people(house)

test('a site\'s events say what it is, then what it becomes', async t => {
  await alice.call('POST', '/api/sites', { name: 'moods' })
  const { body, headers, close } = await open(house, alice, '/api/sites/moods/events')
  t.after(close)
  assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  const stream = events(body)
  const state = (wanted: string) => until(stream, (site: { state: string }) => site.state === wanted)
  assert.equal((await state('asleep')).event, 'site')
  await alice.call('POST', '/api/sites/moods/wake')
  await state('running')
  await alice.call('POST', '/api/sites/moods/sleep')
  await state('frozen')
})

test('the routing table comes whole, then as it changes', async t => {
  const { body, close } = await open(house, boss, '/api/routes/events')
  t.after(close)
  const stream = events(body)
  assert.equal((await until(stream, () => true)).event, 'table')
  await alice.call('POST', '/api/sites', { name: 'table' })
  await until(stream, (change: { rows: { host: string }[] }) => change.rows.some(row => row.host === 'table.localhost'))
  await alice.call('DELETE', '/api/sites/table')
  await until(stream, (change: { gone: string[] }) => change.gone.includes('table.localhost'))
})

test('a log that is followed begins at once, goes on, and is let go when the reader leaves', async t => {
  await alice.call('POST', '/api/sites', { name: 'log' })
  const { body, status, close } = await open(house, alice, '/api/sites/log/logs?follow=1')
  t.after(close)
  assert.equal(status, 200, 'before the first line')
  const [log] = followed
  assert.ok(log)
  await alice.send('PUT', '/api/sites/log/content', { headers: { origin: alice.origin }, body: talking('one\n') })
  const told = says(body, /^one$/m)
  assert.equal(await house.page('log'), 'hello')
  await told
  const gone = new Promise(resolve => log.on('error', () => {}).once('close', resolve))
  await close()
  await gone
})

function upgrade(house: TestHouse, path: string, headers: Record<string, string> = {}, socket: 'adminSocket' | 'panelSocket' = 'adminSocket'): Promise<{ status: number; socket: Duplex; text: string }> {
  const raw = connect(places(house.house.data)[socket])
  const lines = { host: 'localhost:8080', connection: 'Upgrade', upgrade: 'auberge-exec', ...headers }
  raw.write(`POST ${path} HTTP/1.1\r\n${Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  return answered(raw)
}

async function answered(raw: Socket): Promise<{ status: number; socket: Duplex; text: string }> {
  const [head] = await once(raw, 'data') as [Buffer]
  return { status: Number(head.toString().split(' ')[1]), socket: raw, text: head.toString() }
}

test('exec joins the caller\'s socket to the command', async () => {
  await alice.call('POST', '/api/sites', { name: 'shell' })
  const { status, socket, text } = await upgrade(house, '/api/sites/shell/exec?command=sh&command=-c&command=cat%3B%20stty%20size&tty=1&columns=80&rows=24')
  assert.equal(status, 101)
  assert.match(text, /upgrade: auberge-exec/i)
  socket.write(frame('stdin', Buffer.from('hello\n')))
  await says(socket, /hello\r\n[^]*hello\r\n/, text)
  socket.write(frame('stdin', Buffer.from([4])))
  await says(socket, /24 80\r\n/)
  const closed = once(socket, 'close')
  socket.end()
  await closed
})

test('a command ends with the token it was begun with', async () => {
  const { id, token } = (await alice.call('POST', '/api/tokens', { name: 'passing' })).json<{ id: string; token: string }>()
  const headers = { ...house.visitor().headers(), authorization: `Bearer ${token}` }
  const { status, socket } = await upgrade(house, '/api/sites/shell/exec?command=sleep&command=600', headers, 'panelSocket')
  assert.equal(status, 101)
  const closed = once(socket.resume(), 'close')
  assert.equal((await alice.call('DELETE', `/api/tokens/${id}`)).status, 204)
  await closed
})

test('exec is refused like everything else, as an answer and not as a hang', async () => {
  await alice.call('POST', '/api/sites', { name: 'closed-shell' })
  const exec = '/api/sites/closed-shell/exec?command=id'
  const cases: [string, Record<string, string>, number][] = [
    [exec, {}, 401], [exec, bob.headers({ origin: bob.origin }), 404], [exec, alice.headers(), 403], [exec, alice.headers({ origin: `http://blog.localhost:${house.port}` }), 403],
    ['/api/sites/closed-shell/exec', alice.headers({ origin: alice.origin }), 422],
  ]
  for (const [path, headers, status] of cases) {
    const answer = await upgrade(house, path, headers, 'panelSocket')
    assert.equal(answer.status, status, `${path} ${JSON.stringify(headers)}`)
    answer.socket.resume()
    if (!(answer.socket as Socket).closed) await once(answer.socket, 'close')
  }
  assert.equal((await alice.call('POST', exec)).status, 400)
  assert.equal(house.registry.audit.list(100).some(one => one.action === 'site.exec' && one.subject === 'closed-shell'), false)
})

test('a body said to be of 10 GB is refused at once, unread', async () => {
  await alice.call('POST', '/api/sites', { name: 'huge' })
  const calls = [['PUT', '/api/sites/huge/content'], ['PUT', '/api/sites/huge/backup'], ['POST', '/sites/huge/restore'], ['POST', '/api/sites'], ['POST', '/sites/huge/content']] as const
  const refused = async (method: string, path: string, expect: Record<string, string>) => {
    const raw = connect(places(house.house.data).panelSocket)
    const headers = alice.headers({ origin: alice.origin, 'content-length': '10000000000', ...expect })
    raw.write(`${method} ${path} HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    assert.equal((await answered(raw)).status, 413, `${method} ${path}`)
    raw.resume()
    if (!raw.closed) await once(raw, 'close')
  }
  await Promise.all(calls.flatMap(([method, path]) => [refused(method, path, {}), refused(method, path, { expect: '100-continue' })]))
  assert.deepEqual((await alice.call('GET', '/api/sites/huge')).json().releases, ['initial'])
})

test('who asks before sending is told to go on, once they may', async t => {
  await alice.call('POST', '/api/sites', { name: 'asked' })
  const raw = connect(places(house.house.data).panelSocket)
  t.after(() => raw.destroy())
  const headers = alice.headers({ origin: alice.origin, 'content-length': String(ZIP.length), expect: '100-continue' })
  raw.write(`PUT /api/sites/asked/content HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  assert.match((await answered(raw)).text, /^HTTP\/1.1 100 /)
  raw.write(ZIP)
  assert.equal((await answered(raw)).status, 200)
  assert.equal(await house.page('asked'), 'hello')
})

test('an upload refused before its end is told why, through the relay', async t => {
  const file = `${house.house.data}/large`
  t.after(() => { rmSync(file) })
  writeFileSync(file, Buffer.alloc(8_000_000, 1))
  // Without Expect, curl sends while the answer comes.
  const { stdout } = await execa('curl', ['-sST', file, '-H', 'Expect:', '-H', 'Authorization: Bearer nobody', '-w', ' %{http_code}', `http://localhost:${house.port}/api/sites/anybodys/content`])
  assert.match(stdout, /^\{"error":\{"code":"unauthenticated".* 401$/)
})

test('a site is deployed by one line of curl, and what it sends doesn\'t wait in memory', async t => {
  await alice.call('POST', '/api/sites', { name: 'curled' })
  const { token } = (await alice.call('POST', '/api/tokens', { name: 'one line', scope: 'deploy', site: 'curled' })).json<{ token: string }>()
  const file = `${house.house.data}/site.tar.gz`
  writeFileSync(file, await noise(SENT, 0))
  t.after(() => { rmSync(file) })
  let [least, most] = [held(), 0]
  const watch = setInterval(() => { const now = held(); least = Math.min(least, now); most = Math.max(most, now - least) }, 500)
  const { stdout } = await execa('curl', ['-sST', file, '-H', `Authorization: Bearer ${token}`, `http://localhost:${house.port}/api/sites/curled/content`])
  clearInterval(watch)
  assert.match(stdout, /^\{"release":"[^"]+"\}$/)
  assert.ok(most < SENT / 3, `${most} bytes in memory`)
})

test('an upload whose sender may not any more when it ends deploys nothing', async () => {
  await alice.call('POST', '/api/sites', { name: 'slowly' })
  const { id, token } = (await alice.call('POST', '/api/tokens', { name: 'passing' })).json<{ id: string; token: string }>()
  const headers = { ...house.visitor().headers(), authorization: `Bearer ${token}` }
  const begun = (path: string, method: 'PUT' | 'PATCH', first: Buffer, more: Record<string, string> = {}) => {
    const body = new PassThrough()
    body.write(first)
    const client = new Client('http://localhost', { socketPath: places(house.house.data).panelSocket })
    const answer = client.request({ method, path, headers: { ...headers, ...more }, body }).then(async ({ statusCode, body }) => `${statusCode} ${await body.text()}`)
    return async (rest: Buffer) => { body.end(rest); const said = await answer; await client.close(); return said }
  }
  const json = Buffer.from('{"env":{"A":"1"}}')
  const [upload, change] = [begun('/api/sites/slowly/content', 'PUT', ZIP.subarray(0, 20)), begun('/api/sites/slowly', 'PATCH', json.subarray(0, 5), { 'content-type': 'application/json' })]
  assert.equal((await alice.call('GET', '/api/sites/slowly')).status, 200)
  await alice.call('DELETE', `/api/tokens/${id}`)
  assert.match(await upload(ZIP.subarray(20)), /^403 .*"forbidden"/)
  assert.match(await change(json.subarray(5)), /^403 .*"forbidden"/)
  const { releases, env } = (await alice.call('GET', '/api/sites/slowly')).json<{ releases: string[]; env: object }>()
  assert.deepEqual([releases, env], [['initial'], {}])
})

test('an upload whose sender leaves deploys nothing', async () => {
  await alice.call('POST', '/api/sites', { name: 'left' })
  const client = new Client('http://localhost', { socketPath: places(house.house.data).panelSocket })
  const body = new PassThrough()
  body.write('PK\x03\x04')
  const sending = client.request({ method: 'PUT', path: '/api/sites/left/content', headers: alice.headers({ origin: alice.origin }), body })
  body.destroy(new Error('left'))
  await assert.rejects(sending)
  await client.destroy()
  assert.deepEqual((await alice.call('GET', '/api/sites/left')).json().releases, ['initial'])
})

test('sockets are for their groups only, and stale ones are replaced', async t => {
  const { panelSocket, adminSocket } = places(house.house.data)
  for (const path of [panelSocket, adminSocket]) assert.equal((await stat(path)).mode & 0o777, 0o660)
  const again = await servePanel({ house: house.house, registry: house.registry, desk: house.desk, log: pino({ level: 'silent' }) })
  t.after(again.close)
  assert.equal((await house.visitor().call('GET', '/api/names/blog')).status, 200)
})

test('closing ends streams and upgrades', async t => {
  const house = await openHouse({}, openPods)
  t.after(house.close)
  const { alice } = await people(house)
  await alice.call('POST', '/api/sites', { name: 'blog' })
  const { body, close } = await open(house, alice, '/api/sites/blog/events')
  t.after(close)
  const { socket } = await upgrade(house, '/api/sites/blog/exec?command=sh')
  const ends = [once(body.resume(), 'end'), once(socket, 'close')]
  socket.on('error', () => {})
  await house.close()
  await Promise.all(ends)
})

test('looking at the start of a body takes nothing out of it, however it comes', async () => {
  const chunkings = [['PK\x03\x04rest'], ['P', 'K', '\x03', '\x04', 'rest'], ['PK\x03', '\x04rest'], ['PK'], []]
  for (const chunks of chunkings) {
    for (const body of [Readable.from(chunks.map(chunk => Buffer.from(chunk)), { objectMode: false }), Readable.from(chunks.map(chunk => Buffer.from(chunk)), { objectMode: false }).pipe(new PassThrough())]) {
      assert.equal((await peek(body, 4)).toString(), chunks.join('').slice(0, 4))
      if (chunks.length > 0) assert.equal(await text(body), chunks.join(''))
    }
  }
})
