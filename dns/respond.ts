// From a query to its answer: parse, look up, limit, write. Called by udp.ts and tcp.ts for each message; holds the zone, which
// main.ts replaces and control.ts changes.
import { isLoopback } from './address.ts'
import { write, type Reply } from './answer.ts'
import { Cache } from './cache.ts'
import { RCODE, TYPE, UDP_MOST, UDP_PLAIN, type Rcode } from './codes.ts'
import { Cookies } from './cookie.ts'
import { hash, Limit } from './limit.ts'
import type { Said } from './lookup.ts'
import { parse, type Asked, type Parsed, type Query } from './parse.ts'
import { Transfers } from './transfer.ts'
import { Keys, TSIG_ERROR, type Signing } from './tsig.ts'
import type { Zone } from './zone.ts'

export type Transport = 'udp' | 'tcp'

/** Largest answer over TCP, in bytes: what its length prefix can say. */
const TCP_MOST = 65535

/** `limitLoopback`: rate limits spare loopback, whose packets nobody forges from outside, unless a test asks for them. */
export type Options = { limit?: Limit; cookies?: Cookies; keys?: Keys; transfers?: Transfers; limitLoopback?: boolean }

/** A reply without its records yet, and what the zone said; null: nothing, it has none. */
type Found = { reply: Reply; said: Said | null }

export class Responder {
  zone: Zone
  readonly #cache = new Cache()
  readonly #limit: Limit
  readonly #cookies: Cookies
  readonly #keys: Keys
  readonly #transfers: Transfers
  readonly #spares: (address: string) => boolean

  constructor(zone: Zone, options: Options = {}) {
    this.zone = zone
    this.#limit = options.limit ?? new Limit()
    this.#transfers = options.transfers ?? new Transfers()
    this.#keys = options.keys ?? new Keys()
    this.#cookies = options.cookies ?? new Cookies()
    this.#spares = options.limitLoopback === true ? () => false : isLoopback
  }

  /** The answer to one message from `address`, or null where none is due. Never throws for anything `wire` may hold. */
  answer(wire: Buffer, address: string, transport: Transport): Buffer | null {
    const parsed = parse(wire)
    if (parsed.kind === 'ignore') return null
    const signing = this.#signing(parsed)
    return this.#finish(parsed, this.#reply(parsed, signing, address), signing, address, transport)
  }

  /** The same over TCP, where the answer may be a transfer: its messages are to be taken one by one. */
  converse(wire: Buffer, address: string): Buffer | Iterator<Buffer> | null {
    const parsed = parse(wire)
    if (parsed.kind === 'ignore') return null
    const signing = this.#signing(parsed)
    if (!this.#wantsTransfer(parsed, signing, address)) return this.#finish(parsed, this.#reply(parsed, signing, address), signing, address, 'tcp')
    const messages = this.#transfers.messages(parsed, this.zone, signing, address)
    return typeof messages === 'number' ? this.#finish(parsed, bare(messages), signing, address, 'tcp') : messages
  }

  #signing({ wire, tsig }: Asked): Signing | null {
    return tsig === null ? null : this.#keys.check(wire, tsig)
  }

  #wantsTransfer(parsed: Asked & { type?: number }, signing: Signing | null, address: string): parsed is Query {
    const fair = signing === null || signing.error === TSIG_ERROR.NONE
    return fair && (parsed.type === TYPE.AXFR || parsed.type === TYPE.IXFR) && this.#transfers.allows(address, signing?.holder ?? null)
  }

  #finish(parsed: Exclude<Parsed, { kind: 'ignore' }>, { reply, said }: Found, signing: Signing | null, address: string, transport: Transport): Buffer | null {
    const shown = parsed.edns?.cookie ?? null
    const cookie = shown === null ? null : this.#cookies.answer(shown, address)
    reply.cookie = cookie?.cookie ?? null
    const known = transport === 'tcp' || cookie?.known === true || (signing?.holder ?? null) !== null
    const limited = !known && !this.#spares(address)
    if (limited && !this.#admit(parsed, { reply, said }, address)) return null
    // Last, for it may cost a signature: only who gets an answer shall.
    if (said !== null && parsed.kind === 'query' && !reply.truncated) this.#fill(reply, said, parsed, { known, transport })
    const answer = signed(parsed, reply, transport === 'tcp' ? TCP_MOST : udpSize(parsed), signing)
    if (!limited || reply.body === null) return answer
    const verdict = this.#limit.gain(address, answer.length - parsed.wire.length)
    return verdict === 'slip' ? signed(parsed, { ...reply, truncated: true, body: null }, UDP_PLAIN, signing) : verdict === 'pass' ? answer : null
  }

  /** A signature that isn't right is the whole answer (RFC 8945 section 5.2). */
  #reply(parsed: Exclude<Parsed, { kind: 'ignore' }>, signing: Signing | null, address: string): Found {
    if (signing !== null && signing.error !== TSIG_ERROR.NONE) return bare(RCODE.NOTAUTH)
    if (parsed.kind === 'error') return bare(parsed.rcode)
    if (parsed.type !== TYPE.AXFR && parsed.type !== TYPE.IXFR) return this.#look(parsed, parsed.type)
    // A transfer is for TCP. IXFR over UDP says which version there is (RFC 1995 section 2).
    const newer = parsed.type === TYPE.IXFR && parsed.name === this.zone.key && this.#wantsTransfer(parsed, signing, address)
    return newer ? this.#look(parsed, TYPE.SOA) : bare(RCODE.REFUSED)
  }

  #look(query: Query, type: number): Found {
    const said = this.zone.lookup(query.name, type)
    if (said.kind === 'refused') return bare(RCODE.REFUSED)
    const rcode = said.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR
    return { reply: { rcode, authoritative: true, truncated: false, body: null, cookie: null }, said }
  }

  /** Adds the records. Where signatures can't be made for all who ask (dnssec/budget.ts), who may be forged is asked to come over TCP. */
  #fill(reply: Reply, said: Said, query: Query, { known, transport }: { known: boolean; transport: Transport }): void {
    const answers = query.edns?.dnssec === true ? this.zone.signed : null
    reply.body = answers === null ? this.#cache.body(said, query.name.length, this.zone) : answers.body(said, query, this.zone, known ? 'known' : 'strangers')
    if (reply.body !== null) return
    if (transport === 'udp') reply.truncated = true
    else Object.assign(reply, { rcode: RCODE.SERVFAIL, authoritative: false })
  }

  /** Counts the answer; false: none. Over the limit, records are left out and TC is set (errors have none: they stay as they are). */
  #admit(asked: Asked & { type?: number; name?: string }, { reply, said }: Found, address: string): boolean {
    const verdict = this.#limit.take(address, kindOf(asked, reply, said))
    if (verdict === 'slip' && said !== null) reply.truncated = true
    return verdict !== 'drop'
  }
}

function signed(asked: Asked, reply: Reply, most: number, signing: Signing | null): Buffer {
  return signing === null ? write(asked, reply, most) : signing.sign(write(asked, reply, most - signing.room))
}

function bare(rcode: Rcode): Found {
  return { reply: { rcode, authoritative: false, truncated: false, body: null, cookie: null }, said: null }
}

/** Records count per name that has them, a wildcard perhaps, and type; all else per code, or random names would each have a limit of their own. */
function kindOf(asked: { type?: number; name?: string }, reply: Reply, said: Said | null): number {
  if (said === null || said.answers.length === 0) return reply.rcode
  return hash(said.answers[0]?.wildcard ?? asked.name ?? '', asked.type ?? 0)
}

/** Bytes: the client's size between 512 and 1232; 512 without EDNS (RFC 6891 section 6.2.3). */
function udpSize(asked: Asked): number {
  if (asked.edns === null) return UDP_PLAIN
  return Math.min(UDP_MOST, Math.max(UDP_PLAIN, asked.edns.size))
}
