// Real secondaries of the zone `example`: Debian's knot and nsd, each in a directory of its own and with a TSIG key. Used by
// secondary.test.ts and bench/secondary.ts.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TsigKey } from '../../wire/house.ts'

export const COPY_KEY: TsigKey = { name: 'ns2.example', secret: 'TuK9H3/8ZF6NEYpk7cbZn2pGxR1gWz0vGxkzu1jHvVQ=' }
const SIGN = ['-y', `hmac-sha256:${COPY_KEY.name}:${COPY_KEY.secret}`]

export type Copy = { port: number; pid: number; close: () => Promise<void> }
type Start = (own: number, primary: number, directory: string) => ChildProcess

/** A port that nobody has, neither of TCP nor of UDP. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = createSocket('udp4')
  const free = await new Promise<boolean>(resolve => { socket.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true)) })
  await Promise.all([server, socket].map(each => new Promise<void>(resolve => { each.close(() => resolve()) })))
  return free ? port : freePort()
}

const startKnot: Start = (own, primary, directory) => {
  const config = join(directory, 'knot.conf')
  writeFileSync(config, `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${own}
  udp-workers: 1
  tcp-workers: 1
database:
  storage: "${directory}"
log:
  - target: stderr
    any: error
key:
  - id: ${COPY_KEY.name}
    algorithm: hmac-sha256
    secret: ${COPY_KEY.secret}
remote:
  - id: primary
    address: 127.0.0.1@${primary}
    key: ${COPY_KEY.name}
acl:
  - id: primary
    address: 127.0.0.1
    key: ${COPY_KEY.name}
    action: notify
  - id: everybody
    address: 127.0.0.1
    action: transfer
zone:
  - domain: example
    storage: "${directory}"
    master: primary
    acl: [primary, everybody]
    zonefile-sync: -1
`)
  return spawn('knotd', ['-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
}

const startNsd: Start = (own, primary, directory) => {
  const config = join(directory, 'nsd.conf')
  writeFileSync(config, `server:
  server-count: 1
  ip-address: 127.0.0.1@${own}
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
key:
  name: "${COPY_KEY.name}"
  algorithm: hmac-sha256
  secret: "${COPY_KEY.secret}"
zone:
  name: example
  zonefile: example.zone
  request-xfr: 127.0.0.1@${primary} ${COPY_KEY.name}
  allow-notify: 127.0.0.1 ${COPY_KEY.name}
  provide-xfr: 127.0.0.1 NOKEY
`)
  return spawn('nsd', ['-d', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
}

const STARTS = { knot: startKnot, nsd: startNsd }

/** Starts a secondary on `port` that copies from `primary`, both on 127.0.0.1. */
export function startCopy(kind: keyof typeof STARTS, port: number, primary: number): Copy {
  const directory = mkdtempSync(join(tmpdir(), `auberge-${kind}-`))
  const child = STARTS[kind](port, primary, directory)
  const ended = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  return { port, pid: child.pid ?? 0, close }
}

/** The serial of the zone that the server on `port` has, or null where it has none yet. */
export async function serialAt(port: number): Promise<number | null> {
  const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), '+short', '+tries=1', '+time=2', '+norecurse', 'example', 'SOA']).catch(() => ({ stdout: '' }))
  const serial = / (\d+) \d+ \d+ \d+ \d+$/m.exec(stdout)?.[1]
  return serial === undefined ? null : Number(serial)
}

/** All records that the server on `port` has, as lines in an order of their own; with the key where `signed`. */
export async function recordsAt(port: number, signed: 'signed' | 'unsigned'): Promise<string[]> {
  const args = ['@127.0.0.1', '-p', String(port), ...(signed === 'signed' ? SIGN : []), '+onesoa', '+noall', '+answer', 'example', 'AXFR']
  const { stdout } = await promisify(execFile)('dig', args, { maxBuffer: 2 ** 28 })
  return stdout.split('\n').filter(line => line !== '' && !line.startsWith(';') && !/\tTSIG\t/.test(line)).map(line => line.replace(/\s+/g, ' ')).sort()
}
