// The name server as its supervisor starts it, with real sockets, and the end of the zone socket that control holds.
import { spawn, execFile, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { FromDns, ToDns, ZoneSnapshot } from '../../registry/types.ts'
import { readLines, writeLine } from '../../wire/lines.ts'
import { places, type Briefing, type House, type Secondary, type TsigKey } from '../../wire/house.ts'

const main = fileURLToPath(new URL('../../dns/main.ts', import.meta.url))

/** A zone `example` with the names tests ask for. */
export function sampleZone(change: Partial<ZoneSnapshot> = {}): ZoneSnapshot {
  return {
    zone: 'example', serial: 7, ttl: 60, negativeTtl: 10,
    apex: { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] },
    names: {
      alice: { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] },
      four: { a: ['192.0.2.4'], aaaa: [] },
      'deep.empty': { a: ['192.0.2.5'], aaaa: [] },
    },
    ...change,
  }
}

/** A data directory of its own for one name server; `remove` when done. */
export function dataDirectory(snapshot: ZoneSnapshot | null): { data: string; remove: () => void } {
  const data = mkdtempSync(join(tmpdir(), 'auberge-dns-'))
  const place = places(data)
  mkdirSync(dirname(place.zoneSnapshot), { recursive: true })
  mkdirSync(dirname(place.zoneSocket), { recursive: true })
  if (snapshot !== null) writeFileSync(place.zoneSnapshot, JSON.stringify(snapshot))
  return { data, remove: () => rmSync(data, { recursive: true, force: true }) }
}

type Handle = { fd: number; recvStop: () => void }
const handleOf = (socket: object): Handle => (socket as { _handle: Handle })._handle

/** A bound UDP socket that nobody here reads: what the supervisor holds. */
export async function boundUdp(address = '127.0.0.1'): Promise<{ fd: number; port: number; close: () => void }> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(0, address)
  await once(socket, 'listening')
  handleOf(socket).recvStop()
  return { fd: handleOf(socket).fd, port: socket.address().port, close: () => socket.close() }
}

/** A listening TCP socket on `port`. Close it once a child has it, or connections come here. */
export async function listeningTcp(port: number, address = '127.0.0.1'): Promise<{ fd: number; close: () => void }> {
  const server = createServer().listen(port, address)
  await once(server, 'listening')
  return { fd: handleOf(server).fd, close: () => server.close() }
}

/** One of each on the same port: the kernel gives a UDP port that a TCP socket may have, so some are tried. */
export async function boundBoth(address = '127.0.0.1'): Promise<{ udp: Awaited<ReturnType<typeof boundUdp>>; tcp: Awaited<ReturnType<typeof listeningTcp>> }> {
  for (let left = 20; ; left -= 1) {
    const udp = await boundUdp(address)
    const tcp = await listeningTcp(udp.port, address).catch((error: unknown) => { udp.close(); if (left === 0) throw error })
    if (tcp) return { udp, tcp }
  }
}

/** Who may have a copy of the zone, and the keys by the name of their file. */
export type Copies = { secondaries: Secondary[]; keys: Record<string, TsigKey> }

export type NameServer = { child: ChildProcess; ready: Promise<void>; exit: Promise<number | null>; log: () => string }

/** Starts dns/main.ts with one UDP and perhaps one TCP socket. `ready` rejects if it ends before it serves. */
export function startNameServer(data: string, zone: string, udp: number, tcp: number | null, address = '127.0.0.1', copies: Copies = { secondaries: [], keys: {} }, more: Partial<House> = {}): NameServer {
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'pipe', udp, tcp ?? 'ignore'] })
  const house = { zone, data, dns: [{ address, port: 0 }], secondaries: copies.secondaries, ...more } as unknown as House
  const briefing: Briefing = { house, index: 0, fds: { http: [], https: [], dnsUdp: [3], dnsTcp: tcp === null ? [] : [4] }, keys: copies.keys }
  child.stdin?.write(`${JSON.stringify(briefing)}\n`)
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => { log += chunk.toString() })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  const served = new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    void exit.then(code => reject(new Error(`name server ended with ${code} before it served: ${log}`)))
  })
  served.catch(() => undefined)
  return { child, ready: served, exit, log: () => log }
}

/** Control's end of the zone socket: sends messages, awaits the serial that DNS says it applied. */
export type Desk = { server: Server; connected: () => Promise<Socket>; send: (message: ToDns) => Promise<void>; close: () => void }

export async function openDesk(data: string): Promise<Desk> {
  const waiting = new Map<number, () => void>()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    readLines<FromDns>(socket, message => waiting.get(message.serial)?.())
  })
  await once(server.listen(places(data).zoneSocket), 'listening')
  const connected = async (): Promise<Socket> => {
    for (const socket of sockets) return socket
    const [socket] = await once(server, 'connection') as [Socket]
    return socket
  }
  const send = async (message: ToDns): Promise<void> => {
    const socket = await connected()
    const applied = new Promise<void>(resolve => waiting.set(message.serial, resolve))
    writeLine(socket, message)
    await applied
  }
  return { server, connected, send, close: () => { for (const socket of sockets) socket.destroy(); server.close() } }
}

export type Dug = { status: string; flags: string[]; answer: string[]; authority: string[]; additional: string[]; text: string }

/** Asks with dig and reads what it prints; records as `name ttl class type data` with single spaces. */
export async function dig(port: number, ...args: string[]): Promise<Dug> {
  const server = args.some(arg => arg.startsWith('@')) ? [] : ['@127.0.0.1']
  const { stdout } = await promisify(execFile)('dig', [...server, '-p', String(port), '+tries=3', '+time=5', '+norecurse', ...args])
  const section = (name: string): string[] => {
    const body = stdout.split(`;; ${name} SECTION:\n`)[1]?.split('\n\n')[0] ?? ''
    return body.split('\n').filter(line => line !== '').map(line => line.replace(/\s+/g, ' '))
  }
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? '', flags: /flags: ([\w ]*)/.exec(stdout)?.[1]?.split(' ') ?? [],
    answer: section('ANSWER'), authority: section('AUTHORITY'), additional: section('ADDITIONAL'), text: stdout,
  }
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
