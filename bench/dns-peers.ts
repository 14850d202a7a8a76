// The name servers that bench/dns.ts compares: each is started with the same 100,000 names and stopped again. One thread or process
// answers in each.
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { generateKey } from '../gateway/control/dnssec/generate.ts'
import { beginRing } from '../gateway/control/dnssec/roll.ts'
import type { ZoneSnapshot } from '../registry/types.ts'
import { freePort } from '../test/dns/copies.ts'
import { places } from '../wire/house.ts'

export type Peer = { child: ChildProcess; port: number; close: () => void }
export type Start = (directory: string, zone: ZoneSnapshot) => Promise<Peer>

const root = fileURLToPath(new URL('..', import.meta.url))
const ZONE_FILE = 'example.zone'

export const startAuberge: Start = async (directory, zone) => {
  const place = places(directory)
  mkdirSync(dirname(place.zoneSnapshot), { recursive: true })
  writeFileSync(place.zoneSnapshot, JSON.stringify(zone))
  const { socket, fd, port } = await held()
  const child = spawn(process.execPath, [join(root, 'dns/main.ts')], { stdio: ['pipe', 'pipe', 'inherit', fd] })
  const house = { zone: zone.zone, data: directory, dns: [{ address: '127.0.0.1', port }], secondaries: [] }
  child.stdin?.write(`${JSON.stringify({ house, index: 0, fds: { http: [], https: [], dnsUdp: [3], dnsTcp: [] } })}\n`)
  if (child.stdout !== null) await once(child.stdout, 'data')
  return { child, port, close: () => { child.kill('SIGTERM'); socket.close() } }
}

/** The same, signed. */
export const startSigned: Start = async (directory, zone) => {
  const { keyring } = places(directory)
  mkdirSync(dirname(keyring), { recursive: true })
  writeFileSync(keyring, JSON.stringify({ ...beginRing(zone.zone, await generateKey([])), parent: 'set' }))
  const peer = await startAuberge(directory, zone)
  rmSync(keyring)
  return peer
}

export const startKnot: Start = async (directory, zone) => {
  const port = await freePort()
  const config = join(directory, 'knot.conf')
  writeZoneFile(directory, zone)
  writeFileSync(config, `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
database:
  storage: "${directory}"
log:
  - target: stderr
    any: error
zone:
  - domain: ${zone.zone}
    storage: "${directory}"
    file: ${ZONE_FILE}
    zonefile-sync: -1
    journal-content: none
`)
  return started(spawn('knotd', ['-c', config], { stdio: ['ignore', 'ignore', 'inherit'] }), port)
}

export const startNsd: Start = async (directory, zone) => {
  const port = await freePort()
  const config = join(directory, 'nsd.conf')
  writeZoneFile(directory, zone)
  writeFileSync(config, `server:
  server-count: 1
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${directory}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
  logfile: "${directory}/nsd.log"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: ${zone.zone}
  zonefile: ${ZONE_FILE}
`)
  return started(spawn('nsd', ['-d', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] }), port)
}

/** The server of the dns2 package with a handler that looks the name up in a Map. */
export const startDns2: Start = async (directory, zone) => {
  const port = await freePort()
  const program = join(directory, 'server.cjs')
  writeFileSync(join(directory, 'zone.json'), JSON.stringify(zone))
  writeFileSync(program, `const { createServer, Packet } = require(${JSON.stringify(createRequire(import.meta.url).resolve('dns2'))})
const zone = require('./zone.json')
const names = new Map(Object.entries(zone.names).map(([name, records]) => [name + '.' + zone.zone, records]))
const handle = (request, send) => {
  const response = Packet.createResponseFromRequest(request)
  const [question] = request.questions
  response.header.aa = 1
  for (const address of names.get(question.name.toLowerCase())?.a ?? []) {
    response.answers.push({ name: question.name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: zone.ttl, address })
  }
  send(response)
}
createServer({ udp: true, handle }).listen({ udp: { port: ${port}, address: '127.0.0.1' } })
`)
  return started(spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'inherit'] }), port)
}

/** CPU seconds that a process and its children have used. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / 100
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(child => child !== '')
  return children.reduce((sum, child) => sum + cpuSeconds(Number(child)), own)
}

async function started(child: ChildProcess, port: number): Promise<Peer> {
  const deadline = Date.now() + 60_000
  while (!await answers(port)) if (Date.now() > deadline) throw new Error(`${child.spawnfile} does not answer on port ${port}`)
  return { child, port, close: () => child.kill('SIGTERM') }
}

/** Whether something answers a query for n0.example with a record within 100 ms. */
async function answers(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  const got = once(socket, 'message').then(([message]) => (message as Buffer).readUInt16BE(6) > 0)
  got.catch(() => undefined)
  socket.on('error', () => undefined)
  socket.send(Buffer.from('000100000001000000000000026e30076578616d706c650000010001', 'hex'), port, '127.0.0.1')
  const answered = await Promise.race([got, sleep(100, false)])
  socket.close()
  return answered
}

async function held(): Promise<{ socket: ReturnType<typeof createSocket>; fd: number; port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { _handle: handle } = socket as unknown as { _handle: { fd: number; recvStop: () => void } }
  handle.recvStop()
  return { socket, fd: handle.fd, port: socket.address().port }
}

function writeZoneFile(directory: string, zone: ZoneSnapshot): void {
  const lines = [
    `$ORIGIN ${zone.zone}.`, `$TTL ${zone.ttl}`, `@ SOA ns hostmaster ${zone.serial} 3600 600 1209600 ${zone.negativeTtl}`, '@ NS ns', 'ns A 127.0.0.1',
  ]
  for (const [name, { a, aaaa }] of Object.entries(zone.names)) {
    lines.push(...a.map(address => `${name} A ${address}`), ...aaaa.map(address => `${name} AAAA ${address}`))
  }
  writeFileSync(join(directory, ZONE_FILE), `${lines.join('\n')}\n`)
}
