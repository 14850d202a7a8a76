// The fields that tell an upstream where a request came from: X-Forwarded-*, Forwarded, X-Real-IP, X-Request-Id, Via.
// One Origin per visitor's connection (listener.ts); its lines are written by exchange.ts.
import { randomBytes } from 'node:crypto'
import { BlockList, isIPv6 } from 'node:net'
import { keyOf } from '../crowd.ts'
import type { RequestHead } from './request.ts'

/** The addresses whose word on where a request came from is taken (`--trusted-proxy`). Throws where one isn't an address or CIDR. */
export function trustList(cidrs: string[]): BlockList {
  const trusted = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  return trusted
}

/** Where a connection comes from, and over what. */
export class Origin {
  readonly address: string
  readonly scheme: 'http' | 'https'
  readonly port: number
  /** Which site's address the connection came to; '' where it is one that all hosts share. */
  readonly local: string
  private readonly trusted: BlockList | null
  private readonly lines: string
  private readonly node: string
  private key = ''

  /** `trusted`: null unless this address's word is taken. */
  constructor(address: string, scheme: 'http' | 'https', port: number, trusted: BlockList, local = '') {
    this.address = address.startsWith('::ffff:') ? address.slice(7) : address
    this.scheme = scheme
    this.port = port
    this.local = local
    this.trusted = isTrusted(trusted, this.address) ? trusted : null
    this.node = isIPv6(this.address) ? `"[${this.address}]"` : this.address
    this.lines = `X-Forwarded-For: ${this.address}\r\nX-Real-IP: ${this.address}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Host: `
  }

  get isTrusted(): boolean { return this.trusted !== null }

  /** Whether the visitor speaks HTTPS: with us, or with a trusted proxy that says so. */
  isSecure(head: RequestHead): boolean {
    return this.scheme === 'https' || (this.trusted !== null && head.claims?.get('x-forwarded-proto')?.toLowerCase() === 'https')
  }

  /** Who asks: the address of the connection, or what a trusted proxy says. */
  visitor(head: RequestHead): string {
    const { trusted } = this
    if (trusted === null || head.claims === null) return this.address
    const chain = head.claims.get('x-forwarded-for')
    return chain === undefined ? head.claims.get('x-real-ip') ?? this.address : nearest(chain, this.address, trusted)
  }

  /** Whose request it is, as far as sharing goes: one address of IPv4, or a /64 of IPv6. */
  shareOf(head: RequestHead): string {
    if (this.trusted !== null && head.claims !== null) return keyOf(this.visitor(head))
    return this.key ||= keyOf(this.address)
  }

  /** The lines for one request. What the visitor claimed is used only where its address is trusted. */
  fieldsOf(head: RequestHead, id: string): string {
    if (this.trusted !== null && head.claims !== null) return this.extended(head, head.claims)
    return `${this.lines}${head.authority}\r\nForwarded: for=${this.node};host=${quoted(head.authority)};proto=${this.scheme}\r\nX-Request-Id: ${id}\r\n`
  }

  /** A trusted proxy's claims, with this hop added. */
  private extended(head: RequestHead, claims: Map<string, string>): string {
    const chain = claims.get('x-forwarded-for')
    const proto = claims.get('x-forwarded-proto')?.toLowerCase()
    const scheme = proto === 'http' || proto === 'https' ? proto : this.scheme
    const host = claims.get('x-forwarded-host') ?? head.authority
    const port = claims.get('x-forwarded-port') ?? (proto === undefined ? String(this.port) : scheme === 'https' ? '443' : '80')
    const before = claims.get('forwarded')
    return `X-Forwarded-For: ${chain === undefined ? '' : `${chain}, `}${this.address}\r\nX-Real-IP: ${this.visitor(head)}\r\n`
      + `X-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Host: ${host}\r\n`
      + `Forwarded: ${before === undefined ? '' : `${before}, `}for=${this.node};host=${quoted(host)};proto=${scheme}\r\n`
      + `X-Request-Id: ${idOf(head, this)}\r\n`
  }
}

/** The last address of a chain that isn't a trusted proxy's: the visitor, as far as anybody we trust saw. */
function nearest(chain: string | undefined, own: string, trusted: BlockList): string {
  const hops = chain === undefined ? [] : chain.split(',').map(hop => hop.trim())
  return hops.findLast(hop => hop !== '' && !isTrusted(trusted, hop)) ?? own
}

function isTrusted(trusted: BlockList, address: string): boolean {
  return trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function quoted(host: string): string { return host.includes(':') ? `"${host}"` : host }

/** Eight digits, the first of them a 1, until it is twice as much. The digits of numbers beyond 31 bits cost ten times as much. */
const FIRST = 0x1000_0000
let prefix = randomBytes(12).toString('hex')
let serial = FIRST

/** A request's id: unique across restarts and workers. A trusted proxy's is kept, if it is a plain word. */
export function idOf(head: RequestHead, origin: Origin): string {
  const claimed = origin.isTrusted ? head.claims?.get('x-request-id') : undefined
  if (claimed !== undefined && /^[\w.:+/=-]{1,128}$/.test(claimed)) return claimed
  if (++serial === FIRST * 2) renew()
  return prefix + serial.toString(16)
}

function renew(): void {
  prefix = randomBytes(12).toString('hex')
  serial = FIRST
}
