// A signed zone with a bit of everything, its name server, and two programs of others that check what it says: delv and unbound.
import { execFile, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { generateKey } from '../../../gateway/control/dnssec/generate.ts'
import { beginRing } from '../../../gateway/control/dnssec/roll.ts'
import type { Key, Keyring } from '../../../registry/keyring.ts'
import type { NameRecords, ZoneSnapshot } from '../../../registry/types.ts'
import { dnskeyData, dnskeyText, dsText } from '../../../wire/dnskey.ts'
import { places } from '../../../wire/house.ts'
import { boundBoth, dataDirectory, startNameServer, type NameServer } from '../nameserver.ts'

const A = (address: string): NameRecords => ({ a: [address], aaaa: [] })
const cname = (target: string): NameRecords => ({ a: [], aaaa: [], sets: [{ type: 'CNAME', ttl: 60, data: [target] }] })

/** A name, an empty name above another, aliases in and out of the zone, wildcards, and types of every kind. */
export function signedZone(change: Partial<ZoneSnapshot> = {}): ZoneSnapshot {
  return {
    zone: 'example', serial: 7, ttl: 60, negativeTtl: 10,
    apex: {
      a: ['192.0.2.1'], aaaa: ['2001:db8::1'],
      sets: [{ type: 'MX', ttl: 300, data: ['10 mail.example.'] }, { type: 'TXT', ttl: 300, data: ['"v=spf1 -all"', '"two" "strings"'] }, { type: 'CAA', ttl: 300, data: ['0 issue "ca.test"'] }],
    },
    names: {
      alice: { a: ['192.0.2.1', '192.0.2.2'], aaaa: ['2001:db8::1'] }, four: A('192.0.2.4'), mail: A('192.0.2.5'), 'deep.empty': A('192.0.2.6'),
      alias: cname('alice.example.'), chain: cname('alias.example.'), away: cname('www.elsewhere.test.'), broken: cname('nothing.example.'),
      '*.wild': { a: ['192.0.2.7'], aaaa: [], sets: [{ type: 'TXT', ttl: 60, data: ['"anything"'] }] }, 'there.wild': A('192.0.2.8'), 'towild': cname('x.wild.example.'),
      '*.cwild': cname('alice.example.'),
      '_sip._tcp.alice': { a: [], aaaa: [], sets: [{ type: 'SRV', ttl: 60, data: ['0 5 5060 alice.example.'] }] },
    },
    ...change,
  }
}

export type SignedServer = { port: number; data: string; ring: Keyring; server: NameServer; again: () => NameServer; end: () => void }

/** Serves `zone` with a keyring, by default a new one. `again`: another server in its place, over UDP alone. Who is on this machine may have a transfer. */
export async function startSigned(zone = signedZone(), made?: Keyring): Promise<SignedServer> {
  const ring = made ?? beginRing(zone.zone, await generateKey([]))
  const { data, remove } = dataDirectory(zone)
  const { keyring } = places(data)
  mkdirSync(dirname(keyring), { recursive: true })
  writeFileSync(keyring, JSON.stringify(ring))
  const { udp, tcp } = await boundBoth()
  const serve = (tcp: number | null): NameServer => startNameServer(data, zone.zone, udp.fd, tcp, '127.0.0.1', { secondaries: [{ name: null, address: '127.0.0.1', port: 9, keyFile: null }], keys: {} }, { dnssec: true })
  let server = serve(tcp.fd)
  tcp.close()
  const end = (): void => { server.child.kill('SIGKILL'); udp.close(); remove() }
  await server.ready.catch(error => { end(); throw error })
  return { port: udp.port, data, ring, server, again: () => server = serve(null), end }
}

const dnskeyOf = (key: Key): Buffer => dnskeyData(Buffer.from(key.publicKey, 'base64'))

/** Asks with delv, which checks from the key of the zone on; what it says, comments included. */
export async function delv({ port, data, ring }: Pick<SignedServer, 'port' | 'data' | 'ring'>, ...args: string[]): Promise<string> {
  const [, , , key] = dnskeyText(dnskeyOf(ring.current)).split(' ')
  const anchor = join(data, 'anchor.conf')
  writeFileSync(anchor, `trust-anchors { ${ring.zone}. static-key 257 3 13 "${key}"; };\n`)
  const asked = promisify(execFile)('delv', ['@127.0.0.1', '-p', String(port), '-a', anchor, `+root=${ring.zone}`, ...args], { timeout: 20_000 })
  const { stdout, stderr } = await asked.catch((error: { stdout: string; stderr: string }) => error)
  return stdout + stderr
}

export type Resolver = { port: number; end: () => Promise<void>; log: () => string }

/** Unbound as a validating resolver that trusts the DS of `key` and asks the server at `port` for the zone. */
export async function startUnbound({ port, data, ring }: Pick<SignedServer, 'port' | 'data' | 'ring'>, key: Key = ring.current): Promise<Resolver> {
  const own = await freePort()
  const file = join(data, `unbound-${own}.conf`)
  writeFileSync(file, `server:
  interface: 127.0.0.1@${own}
  directory: "${data}"
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  verbosity: 1
  num-threads: 1
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: "${ring.zone}. DS ${dsText(ring.zone, dnskeyOf(key))}"
  val-log-level: 2
  qname-minimisation: yes
  harden-below-nxdomain: yes
  aggressive-nsec: yes
  trust-anchor-signaling: no
remote-control:
  control-enable: no
stub-zone:
  name: "${ring.zone}."
  stub-addr: 127.0.0.1@${port}
  stub-first: no
`)
  const child = spawn('unbound', ['-d', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => { log += chunk.toString(); if (log.includes('start of service')) resolve() }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(`unbound ended: ${log}`)))
  })
  await ready
  const end = async (): Promise<void> => { if (child.exitCode === null) { child.kill('SIGKILL'); await once(child, 'exit') } }
  return { port: own, end, log: () => log }
}

/** A port that is free for UDP and TCP. */
async function freePort(): Promise<number> {
  const tcp = createServer().listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4').bind(port, '127.0.0.1')
  await once(udp, 'listening')
  udp.close()
  tcp.close()
  await once(tcp, 'close')
  return port
}
