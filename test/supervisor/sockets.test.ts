// Sockets that are bound here and served elsewhere: connections wait in the queue while nobody serves.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { parse } from '../../bin/parse.mjs'
import { thisHost } from '../../bin/host.mjs'
import { openSockets } from '../../supervisor/sockets.ts'
import { AubergeError } from '../../wire/error.ts'
import type { House } from '../../wire/house.ts'

function houseOf(...argv: string[]): House {
  const request = parse(['up', ...(argv.includes('--https') ? [] : ['--https', 'off']), ...argv], {}, thisHost())
  assert.ok(request.kind === 'up')
  return request.house
}

function opened(t: TestContext, house: House) {
  const sockets = openSockets(house)
  t.after(() => { for (const handle of sockets.handles) handle.close() })
  return sockets
}

/** Serves the inherited descriptor 3: answers each connection with its own process id. */
const PROGRAM = `
  const server = require('net').createServer({ pauseOnConnect: false }, socket => socket.end(String(process.pid)))
  server.listen({ fd: 3 }, () => console.log('listening'))`

async function serve(t: TestContext, fd: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit', fd] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

test('a connection made while nobody serves waits in the queue and is answered by the next process', async t => {
  const { house, fds } = opened(t, houseOf('--http', '127.0.0.1:0', '--dns', 'off'))
  const port = house.http[0]?.port ?? 0
  const first = await serve(t, fds.http[0] ?? -1)
  assert.equal(await text(connect(port, '127.0.0.1')), String(first.pid))
  first.kill('SIGKILL')
  await once(first, 'exit')

  const waiting = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'))
  await Promise.all(waiting.map(socket => once(socket, 'connect')))
  const second = await serve(t, fds.http[0] ?? -1)
  const answers = await Promise.all(waiting.map(socket => text(socket)))
  assert.deepEqual([...new Set(answers)], [String(second.pid)])
})

test('DNS has the same port over UDP and TCP, and IPv6 leaves IPv4 to its own socket', t => {
  const { house, fds } = opened(t, houseOf('--zone', 'example.org', '--http', '0', '--dns', '0'))
  assert.equal(new Set(house.http.map(listen => listen.port)).size, 1)
  assert.equal(new Set(house.dns.map(listen => listen.port)).size, 1)
  assert.equal(fds.http.length, house.http.length)
  assert.equal(fds.dnsUdp.length, house.dns.length)
  assert.equal(fds.dnsTcp.length, house.dns.length)
  assert.equal(new Set([...fds.http, ...fds.dnsUdp, ...fds.dnsTcp]).size, fds.http.length + 2 * house.dns.length)
})

test('HTTPS is bound like HTTP and has its real port; off opens nothing', t => {
  const { house, fds } = opened(t, houseOf('--http', '127.0.0.1:0', '--https', '127.0.0.1:0,[::1]:0', '--dns', 'off'))
  assert.deepEqual(house.https.map(listen => listen.address), ['127.0.0.1', '::1'])
  assert.ok(house.https.every(listen => listen.port > 0 && listen.port === house.https[0]?.port))
  assert.equal(new Set([...fds.http, ...fds.https]).size, 3)
  const off = opened(t, houseOf('--http', '127.0.0.1:0', '--dns', 'off'))
  assert.deepEqual([off.house.https, off.fds.https], [[], []])
})

test('an HTTPS port in use is refused, and the HTTP socket before it let go', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const taken = (server.address() as AddressInfo).port
  const http = await freePort()
  assert.throws(() => openSockets(houseOf('--http', `127.0.0.1:${http}`, '--https', `127.0.0.1:${taken}`, '--dns', 'off')), refusal(`127.0.0.1:${taken}`, /--https off/))
  const again = createServer().listen(http, '127.0.0.1')
  await once(again, 'listening')
  again.close()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

test('a port somebody listens on is refused with the address and what to do', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const where = `127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.throws(() => openSockets(houseOf('--http', where, '--dns', 'off')), refusal(where, /--http off/))
})

test('a UDP port in use is refused, and the TCP socket beside it let go', async t => {
  const lonely = '127.0.7.1' // where no other test takes the port that UDP chose
  const socket = createSocket('udp4').bind(0, lonely)
  await once(socket, 'listening')
  t.after(() => socket.close())
  const { port } = socket.address()
  assert.throws(() => openSockets(houseOf('--http', 'off', '--dns', `${lonely}:${port}`)), refusal(`${lonely}:${port} (udp)`, /--dns off/))
  const again = createServer().listen(port, lonely)
  await once(again, 'listening')
  again.close()
})

test('an address of another host is refused', () => {
  assert.throws(() => openSockets(houseOf('--http', '198.51.100.77:0', '--dns', 'off')), refusal('198.51.100.77', /isn't an address of this host/))
})

function refusal(where: string, mend: RegExp) {
  return (error: unknown) => error instanceof AubergeError && error.code === 'unavailable' && error.message.includes(where) && mend.test(error.message)
}
