import test from 'node:test'
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestContext } from 'node:test'
import { places, type Briefing } from '../../../wire/house.ts'
import { readLines, writeLine } from '../../../wire/lines.ts'
import type { FromRelay, ToRelay } from '../../../gateway/messages.ts'
import { at, backend, exchange, siteRoute, Wire } from './house.ts'

const MAIN = fileURLToPath(new URL('../../../gateway/relay/main.ts', import.meta.url))
const GET = 'GET / HTTP/1.1\r\nHost: alice.example.test\r\nConnection: close\r\n\r\n'

async function directory(t: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'auberge-relay-'))
  await chmod(data, 0o700)
  t.after(() => rm(data, { recursive: true, force: true }))
  for (const file of [places(data).routesSocket, places(data).routesSnapshot]) await mkdir(dirname(file), { recursive: true })
  return data
}

/** A relay process with an inherited socket. Resolves once it says that it is ready. */
async function process_(t: TestContext, data: string, more: Partial<Briefing['house']> = {}) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const fd = (server as unknown as { _handle: { fd: number } })._handle.fd
  const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'ignore', fd] })
  // The descriptor now lives in the child; this process must not accept on it.
  server.close()
  t.after(() => child.kill('SIGKILL'))
  const house = { zone: 'example.test', data, workers: 1, trustedProxies: [], ...more } as unknown as Briefing['house']
  const briefing: Briefing = { house, index: 1, fds: { http: [3], https: [], dnsUdp: [], dnsTcp: [] } }
  child.stdin?.write(`${JSON.stringify(briefing)}\n`)
  const ready = once(child.stdout ?? child, 'data')
  return { child, port, ready }
}

/** What control does: listens, greets with a table. */
async function control(t: TestContext, data: string, table: ToRelay) {
  const told: FromRelay[] = []
  let check = (): void => {}
  let current: Socket | null = null
  const server = createServer(socket => {
    current = socket
    socket.on('error', () => {})
    readLines<FromRelay>(socket, message => { told.push(message); check() })
    writeLine(socket, table)
  }).listen(places(data).routesSocket)
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    current?.destroy()
    if (server.listening) await new Promise<void>(resolve => server.close(() => resolve()))
  }
  t.after(stop)
  const until = (type: FromRelay['type']): Promise<void> => new Promise(resolve => {
    check = () => { if (told.some(message => message.type === type)) resolve() }
    check()
  })
  return { told, until, stop, say: (message: ToRelay) => { if (current !== null) writeLine(current, message) } }
}

test('the process serves on the sockets it inherits, goes on while control is dead, repeats its wakes, and leaves on SIGTERM', async t => {
  const data = await directory(t)
  const { port: up } = await backend(t, (_request, response) => { setTimeout(() => response.end('hello'), 50) })
  const bob = siteRoute('running', at(up), 'bob.example.test')
  const first = await control(t, data, { type: 'table', version: 7, zone: 'example.test', routes: [siteRoute('asleep'), bob] })
  const { child, port, ready } = await process_(t, data)
  await ready
  await first.until('applied')
  assert.deepEqual(first.told.slice(0, 2), [{ type: 'hello', worker: 1 }, { type: 'applied', version: 7 }])
  const held = exchange(t, port, GET)
  await first.until('wake')
  await first.until('counts')
  await first.stop()
  assert.match(await exchange(t, port, GET.replace('alice', 'bob')), /hello/, 'awake sites are served without control')
  const second = await control(t, data, { type: 'table', version: 8, zone: 'example.test', routes: [siteRoute('asleep'), bob] })
  await second.until('wake')
  second.say({ type: 'route', version: 9, route: siteRoute('running', at(up)) })
  assert.match(await held, /hello/)
  const last = new Wire(t, port).send(GET.replace('close', 'keep-alive'))
  await new Promise(resolve => setTimeout(resolve, 20))
  child.kill('SIGTERM')
  assert.match(await last.end(), /hello/, 'what is in flight is finished')
  last.socket.end()
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('without control the process starts from the snapshot', async t => {
  const data = await directory(t)
  const { port: up } = await backend(t, (_request, response) => response.end('from the snapshot'))
  await writeFile(places(data).routesSnapshot, JSON.stringify({ version: 3, zone: 'example.test', routes: [siteRoute('running', at(up))] }))
  const { child, port, ready } = await process_(t, data)
  await ready
  assert.match(await exchange(t, port, GET), /from the snapshot/)
  child.stdin?.end()
  assert.deepEqual(await once(child, 'exit'), [0, null], 'it leaves when the supervisor is gone')
})

test('a house that asks for it speaks HTTP/2 by prior knowledge on its plain doors', async t => {
  const data = await directory(t)
  const { port: up } = await backend(t, (_request, response) => response.end('hello'))
  await writeFile(places(data).routesSnapshot, JSON.stringify({ version: 1, zone: 'example.test', routes: [siteRoute('running', at(up))] }))
  const { port, ready } = await process_(t, data, { h2c: true })
  await ready
  const { stdout } = await promisify(execFile)('curl', ['-sS', '--http2-prior-knowledge', '-w', ' over %{http_version}', '-H', 'Host: alice.example.test', `http://127.0.0.1:${port}/`])
  assert.equal(stdout, 'hello over 2')
  assert.match(await exchange(t, port, GET), /hello/)
})
