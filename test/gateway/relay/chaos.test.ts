// Visitors, sites and control that do anything at any moment: whatever happens, nobody gets what was for somebody else, and in the end nothing is left. Run by node --test.
// Seeded, but the kernel has its say in what comes when: a seed is a direction and no recording.
import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { connect as connectH2, type ClientHttp2Session } from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { at, siteRoute, staticRoute } from './house.ts'
import { certificate, securedWith } from './tls-house.ts'
import { from, random, type Pick } from './oracle/chance.ts'
import { until } from '../../helpers/patience.ts'
import type { Relay } from '../../../gateway/relay/relay.ts'
import type { Upstream } from '../../../registry/types.ts'

const SEED = Number(process.env.AUBERGE_FUZZ_SEED ?? 20_240_501)
const VISITORS = Number(process.env.AUBERGE_FUZZ_ROUNDS ?? 600)
/** At a time. */
const CROWD = 40
const SITES = ['alice', 'bob', 'carol']
const SETTINGS = {
  sweep: 10, perPod: 4, headTimeout: 300, bodyProgress: 300, keepAlive: 300, responseTimeout: 400, responseProgress: 400, readProgress: 300, holdTimeout: 400, tunnelIdle: 300,
  handshakeTimeout: 500, linger: 50, patience: 100, pressed: 100, halfClosed: 20, upstreamQueue: 20, heldPerSite: 10, heldInAll: 20,
}

// Node tears down what is left of its handles when a process ends by itself, and has been seen to go round there for ever (Environment::CleanupHandles) after such
// a crowd of resets, when the test had passed. A relay leaves by process.exit, which does without; so does this.
process.once('exit', code => { process.exit(code) })

const pause = (pick: Pick): Promise<void> => new Promise(resolve => { setTimeout(resolve, pick(4) === 0 ? pick(60) : 0) })

/** A site of moods. Every answer says whom it is for: the id in the request's target. */
async function moody(t: TestContext, pick: Pick): Promise<{ port: number; crash: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket)
    let held = ''
    socket.on('error', () => {}).on('close', () => sockets.delete(socket)).on('end', () => socket.end())
    socket.setEncoding('latin1').on('data', (text: string) => {
      held += text
      for (let end = held.indexOf('\r\n\r\n'); end >= 0; end = held.indexOf('\r\n\r\n')) {
        const head = held.slice(0, end)
        held = held.slice(end + 4)
        const id = /^\S+ \/(id-\d+-)/.exec(head)?.[1]
        if (id !== undefined) void answer(socket, head, id, pick)
      }
      held = held.slice(-70_000)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const crash = (): void => { for (const socket of sockets) if (pick(2) === 0) socket.resetAndDestroy() }
  t.after(() => { for (const socket of sockets) socket.destroy(); server.close() })
  return { port: (server.address() as AddressInfo).port, crash }
}

async function answer(socket: Socket, head: string, id: string, pick: Pick): Promise<void> {
  const write = (text: string): void => { if (socket.writable) socket.write(text, 'latin1') }
  await pause(pick)
  if (/^upgrade: /im.test(head) && pick(3) > 0) {
    socket.removeAllListeners('data').on('data', (text: string) => write(text))
    return write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n${id}`)
  }
  const body = id.repeat(from(pick, [0, 1, 10, 1_000, 40_000]))
  switch (pick(12)) {
    case 0: return void socket.destroy()
    case 1: return void socket.resetAndDestroy()
    case 2: return
    case 3: return write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 5}\r\n\r\n${body}`)
    case 4: write(`HTTP/1.1 200 OK\r\n\r\n${body}`); return void socket.end()
    case 5: write('HTTP/1.1 100 Continue\r\n\r\n'); await pause(pick); break
    case 6: write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'); break
    case 7: return write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`)
    default:
  }
  if (head.startsWith('HEAD')) return write('HTTP/1.1 204 No Content\r\n\r\n')
  if (pick(2) === 0) return write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (const half of [body.slice(0, body.length / 2), body.slice(body.length / 2)]) {
    if (half !== '') write(`${half.length.toString(16)}\r\n${half}\r\n`)
    await pause(pick)
  }
  write('0\r\n\r\n')
}

/** A connection over HTTP/1.1, plain or TLS: some requests, whole or not, read or not, and a way to leave. Resolves with what it got once it is closed. */
async function visitor(socket: Socket, ids: string[], pick: Pick): Promise<string> {
  let got = ''
  socket.setEncoding('latin1').on('data', (text: string) => { got += text }).on('error', () => {})
  const closed = new Promise(resolve => { socket.once('close', resolve) })
  for (const id of ids) {
    const text = request(id, pick)
    const cut = pick(4) === 0 ? pick(text.length) : text.length
    if (socket.writable) socket.write(text.slice(0, cut), 'latin1')
    if (pick(3) === 0) await pause(pick)
    if (cut < text.length && pick(2) === 0) break
    if (socket.writable) socket.write(text.slice(cut), 'latin1')
    if (pick(10) === 0) socket.pause()
  }
  await leave(socket, pick)
  await closed
  return got
}

function request(id: string, pick: Pick): string {
  const head = `/${id} HTTP/1.1\r\nHost: ${from(pick, [...SITES, 'nobody'])}.example.test\r\nX-Id: ${id}\r\n`
  const body = 'x'.repeat(from(pick, [0, 3, 40_000, 200_000]))
  switch (pick(6)) {
    case 0: return `POST ${head}Content-Length: ${body.length}\r\n\r\n${body}`
    case 1: return `POST ${head}Transfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
    case 2: return `PUT ${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    case 3: return `GET ${head}Connection: Upgrade\r\nUpgrade: echo\r\n\r\n${pick(2) === 0 ? 'early' : ''}`
    case 4: return `HEAD ${head}\r\n`
    default: return `GET ${head}Accept: text/html\r\n\r\n`
  }
}

async function leave(socket: Socket, pick: Pick): Promise<void> {
  const how = pick(5)
  if (how < 3) await pause(pick)
  if (how === 0 && !('encrypted' in socket)) socket.resetAndDestroy()
  else if (how < 2) socket.destroy()
  else {
    socket.end()
    await new Promise(resolve => { setTimeout(resolve, 50 + pick(300)) })
    socket.resume().once('end', () => socket.destroy())
    if (pick(2) === 0) socket.destroy()
  }
}

/** The same over HTTP/2: streams that are read, reset, or left. Resolves with what each got. */
async function session(node: ClientHttp2Session, ids: string[], pick: Pick): Promise<Map<string, string>> {
  const answers = new Map<string, string>()
  const closed = new Promise(resolve => { node.on('error', () => {}).once('close', resolve) })
  for (const id of ids) {
    if (node.closed || node.destroyed) break
    const hasBody = pick(3) === 0
    const stream = node.request({ ':path': `/${id}`, ':method': hasBody ? 'POST' : 'GET', ':authority': `${from(pick, SITES)}.example.test`, ...pick(5) === 0 ? { expect: '100-continue' } : {} }, { endStream: !hasBody })
    stream.on('error', () => {}).setEncoding('latin1').on('data', (text: string) => { answers.set(id, (answers.get(id) ?? '') + text) })
    if (hasBody) stream.write('x'.repeat(from(pick, [1, 40_000])))
    if (hasBody && pick(2) === 0) stream.end()
    if (pick(4) === 0) stream.pause()
    if (pick(4) === 0) setTimeout(() => stream.close(8), pick(50))
    await pause(pick)
  }
  setTimeout(() => { if (pick(2) === 0) node.destroy(); else node.close() }, pick(400))
  setTimeout(() => node.destroy(), 600)
  await closed
  return answers
}

/** Control in a hurry: sites sleep, wake, move, go and come back. */
function govern(relay: Relay, upstreams: Upstream[], pick: Pick): () => void {
  let version = 10
  return () => {
    const host = `${from(pick, SITES)}.example.test`
    const site = host.split('.')[0] ?? ''
    version++
    switch (pick(8)) {
      case 0: return relay.obey({ type: 'closing', id: version, site })
      case 1: return relay.obey({ type: 'route', version, route: siteRoute(from(pick, ['frozen', 'asleep', 'waking', 'failed', 'suspended']), null, host) })
      case 2: return relay.obey({ type: 'gone', version, host })
      default: return relay.obey({ type: 'route', version, route: siteRoute('running', from(pick, upstreams), host) })
    }
  }
}

/** Longer than all times above together: a visitor who is not closed by then never will be. */
const NEVER = 60_000

async function bounded<T>(relay: Relay, what: string, visit: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const never = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was never closed; the relay has ${relay['guests'].size} connections, ${JSON.stringify([...relay.clock['watched']].map(each => each.constructor.name))}`)), NEVER)
  })
  return Promise.race([visit, never]).finally(() => clearTimeout(timer))
}

/** As `until`; says what there still is. */
async function settled(relay: Relay, what: string, test: () => boolean): Promise<void> {
  await until(what, test).catch(() => assert.fail(`${what}: ${JSON.stringify({
    guests: relay['guests'].size, crowd: relay.crowd.size, held: relay.hold.size, sites: [...relay.table['sites'].values()].map(({ name, inFlight }) => [name, inFlight]),
    pools: [...relay.pools['pools'].values()].map(pool => pool.size), total: relay.pools.total, watched: [...relay.clock['watched']].map(each => each.constructor.name),
  })}`))
}

test(`whatever visitors, sites and control do, each gets its own and nothing is left (seed ${SEED})`, { timeout: 60_000 + VISITORS * 100 }, async t => {
  const pick = random(SEED)
  const sites = await Promise.all(SITES.map(() => moody(t, pick)))
  const upstreams: Upstream[] = [...sites.map(({ port }) => at(port)), at(1)]
  const routes = SITES.map(name => siteRoute('running', upstreams[0], `${name}.example.test`))
  const { relay, port, tls } = await securedWith(t, [...routes, staticRoute(sites[0]?.port ?? 0)], [certificate(['*.example.test'])], { settings: SETTINGS })
  const turn = setInterval(() => { govern(relay, upstreams, pick)(); if (pick(8) === 0) from(pick, sites).crash() }, 5)
  t.after(() => clearInterval(turn))
  let serial = 0
  let answered = 0
  const one = async (): Promise<void> => {
    const ids = Array.from({ length: 1 + pick(4) }, () => `id-${serial++}-`)
    const options = { port: tls, host: '127.0.0.1', servername: 'alice.example.test', rejectUnauthorized: false }
    const kind = pick(4)
    const own = kind === 0 ? [...await bounded(relay, 'a session', session(connectH2(`https://127.0.0.1:${tls}`, options), ids, pick))].map(([id, text]) => ({ ids: [id], text }))
      : [{ ids, text: await bounded(relay, kind === 1 ? 'a visitor over TLS' : 'a visitor', visitor(kind === 1 ? connectTls({ ...options, ALPNProtocols: ['http/1.1'], allowHalfOpen: true } as object) : connect({ port, host: '127.0.0.1', allowHalfOpen: true }), ids, pick)) }]
    for (const { ids, text } of own) {
      assert.deepEqual([...new Set(text.match(/id-\d+-/g))].filter(id => !ids.includes(id)), [], 'it got what was for somebody else')
      assert.doesNotMatch(text, /forged/)
      if (/id-\d+-/.test(text)) answered++
    }
  }
  const stream = async (): Promise<void> => { while (serial < VISITORS * 2.5) await one() }
  await Promise.all(Array.from({ length: CROWD }, stream))
  clearInterval(turn)
  const inFlight = (): number => SITES.reduce((sum, name) => sum + (relay.table['sites'].get(name)?.inFlight ?? 0), 0)
  await settled(relay, 'everybody has left', () => relay['guests'].size + relay.crowd.size + relay.hold.size + inFlight() === 0)
  for (const name of SITES) relay.obey({ type: 'gone', version: 1_000_000, host: `${name}.example.test` })
  relay.pools.closeAllIdle()
  await settled(relay, 'nothing is left of them', () => relay.pools.open + relay.pools.total + relay.table['sites'].size + relay.clock['watched'].size + relay.hold['waiting'].size === 0)
  assert.ok(answered > 0, 'how many depends on the machine, but not nobody')
})
