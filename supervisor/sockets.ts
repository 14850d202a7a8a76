// Opens every listening socket of the house, bound but never accepted or read from here. Called by main.ts once.
// The processes that serve call listen() and accept() on descriptors they inherit. As this process keeps each open, connections wait in the
// kernel's queue while a process is replaced. Node has no public call for a socket that is bound only: both used here are in Node 24 and a test keeps watch.
import dgram from 'node:dgram'
import net from 'node:net'
import { getSystemErrorMap } from 'node:util'
import { AubergeError } from '../wire/error.ts'
import type { Briefing, House, Listen } from '../wire/house.ts'

/** A bound handle of libuv: a negative error number from a call means that it failed. */
type Handle = { fd: number; getsockname(out: { address?: string; port?: number }): number; close(): void }

type Binders = {
  tcp: (address: string, port: number, family: 4 | 6, fd: undefined, flags: number) => Handle | number
  udp: (address: string, port: number, type: 'udp4' | 'udp6', fd: undefined, flags: number) => Handle | number
}

const binders: Binders = {
  tcp: (net as unknown as { _createServerHandle: Binders['tcp'] })._createServerHandle,
  udp: (dgram as unknown as { _createSocketHandle: Binders['udp'] })._createSocketHandle,
}

/** UV_TCP_IPV6ONLY and UV_UDP_IPV6ONLY: an IPv6 socket leaves IPv4 to the IPv4 one. */
const IPV6_ONLY = 1

/** A port chosen by the kernel for one socket may be taken for the next that must share it; tried this often. */
const ATTEMPTS = 20

type Fds = Briefing['fds']
/** What a door opens: its real addresses, and its handles, which must stay referenced for the sockets to stay open. */
type Door = { listens: Listen[]; tcp: Handle[]; udp: Handle[] }
export type Sockets = { house: House; fds: Fds; handles: Handle[] }

/**
 * Opens every door; the house that comes back has the real port numbers. Where one can't be opened, those before it are let go.
 * Throws `unavailable` with the address and what to do.
 */
export function openSockets(house: House): Sockets {
  const handles: Handle[] = []
  const open = (name: 'http' | 'https' | 'dns', listens: Listen[], withUdp = false): Door => {
    const door = openDoor(name, listens, withUdp)
    handles.push(...door.tcp, ...door.udp)
    return door
  }
  try {
    const [http, https, dns] = [open('http', house.http), open('https', house.https), open('dns', house.dns, true)]
    const sides = house.sides.map(side => open('http', [side]))
    return {
      house: { ...house, http: http.listens, https: https.listens, dns: dns.listens, sides: sides.flatMap(side => side.listens) },
      fds: { http: numbers(http.tcp), https: numbers(https.tcp), dnsTcp: numbers(dns.tcp), dnsUdp: numbers(dns.udp), ...(sides.length > 0 ? { sides: numbers(sides.flatMap(side => side.tcp)) } : {}) },
      handles,
    }
  } catch (error) {
    for (const handle of handles) handle.close()
    throw error
  }
}

function numbers(handles: Handle[]): number[] {
  return handles.map(handle => handle.fd)
}

/** Addresses of one door that ask for port 0 share the port the kernel gives to the first. */
function openDoor(name: string, listens: Listen[], withUdp: boolean): Door {
  for (let attempt = 1; ; attempt++) {
    try {
      return openOnce(listens, withUdp)
    } catch (error) {
      const failure = error as BindFailure
      const chosen = listens.some(listen => listen.port === 0)
      if (!chosen || attempt === ATTEMPTS || failure.code !== 'EADDRINUSE') throw refused(name, failure)
    }
  }
}

function openOnce(listens: Listen[], withUdp: boolean): Door {
  const door: Door = { listens: [], tcp: [], udp: [] }
  let given = 0
  try {
    for (const { address, port } of listens) {
      const tcp = bind('tcp', address, port || given)
      door.tcp.push(tcp.handle)
      if (port === 0) given = tcp.port
      if (withUdp) door.udp.push(bind('udp', address, tcp.port).handle)
      door.listens.push({ address, port: tcp.port })
    }
    return door
  } catch (error) {
    for (const handle of [...door.tcp, ...door.udp]) handle.close()
    throw error
  }
}

type BindFailure = { code: string; listen: Listen; protocol: 'tcp' | 'udp' }

function bind(protocol: 'tcp' | 'udp', address: string, port: number): { handle: Handle; port: number } {
  const six = address.includes(':')
  const flags = six ? IPV6_ONLY : 0
  const handle = protocol === 'tcp'
    ? binders.tcp(address, port, six ? 6 : 4, undefined, flags)
    : binders.udp(address, port, six ? 'udp6' : 'udp4', undefined, flags)
  if (typeof handle === 'number') throw failure(handle, protocol, { address, port })
  const bound: { port?: number } = {}
  // libuv keeps EADDRINUSE of a TCP bind for the next call on the handle; this is that call.
  const code = handle.getsockname(bound)
  if (code === 0 && bound.port !== undefined) return { handle, port: bound.port }
  handle.close()
  throw failure(code, protocol, { address, port })
}

function failure(code: number, protocol: 'tcp' | 'udp', listen: Listen): BindFailure {
  return { code: getSystemErrorMap().get(code)?.[0] ?? String(code), listen, protocol }
}

function refused(door: string, { code, listen, protocol }: BindFailure): AubergeError {
  const why = { EADDRINUSE: 'is in use', EACCES: "needs root, as ports below 1024 do", EADDRNOTAVAIL: "isn't an address of this host" }[code] ?? `can't be opened (${code})`
  return new AubergeError('unavailable', `${spell(listen)} (${protocol}) ${why}; choose another with --${door} [ADDR:]PORT or turn it off with --${door} off`)
}

/** `ADDR:PORT`, with brackets around IPv6. */
export function spell({ address, port }: Listen): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}
