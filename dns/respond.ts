// From a query to its answer: parse, look up, limit, write. Called by udp.ts and tcp.ts for each message; holds the zone, which
// main.ts replaces and control.ts changes.
import { isLoopback } from './address.ts'
import { write, type Reply } from './answer.ts'
import { Cache } from './cache.ts'
import { RCODE, TYPE, UDP_MOST, UDP_PLAIN, type Rcode } from './codes.ts'
import { Cookies } from './cookie.ts'
import { hash, Limit } from './limit.ts'
import { parse, type Asked, type Parsed, type Query } from './parse.ts'
import { Keys, TSIG_ERROR, type Signing } from './tsig.ts'
import type { Zone } from './zone.ts'

export type Transport = 'udp' | 'tcp'

/** Largest answer over TCP, in bytes: what its length prefix can say. */
const TCP_MOST = 65535

/** `limitLoopback`: rate limits spare loopback, whose packets nobody forges from outside, unless a test asks for them. */
export type Options = { limit?: Limit; cookies?: Cookies; keys?: Keys; limitLoopback?: boolean }

export class Responder {
  zone: Zone
  readonly #cache = new Cache()
  readonly #limit: Limit
  readonly #cookies: Cookies
  readonly #keys: Keys
  readonly #spares: (address: string) => boolean

  constructor(zone: Zone, options: Options = {}) {
    this.zone = zone
    this.#limit = options.limit ?? new Limit()
    this.#keys = options.keys ?? new Keys()
    this.#cookies = options.cookies ?? new Cookies()
    this.#spares = options.limitLoopback === true ? () => false : isLoopback
  }

  /** The answer to one message from `address`, or null where none is due. Never throws for anything `wire` may hold. */
  answer(wire: Buffer, address: string, transport: Transport): Buffer | null {
    const parsed = parse(wire)
    if (parsed.kind === 'ignore') return null
    const signing = parsed.tsig === null ? null : this.#keys.check(wire, parsed.tsig)
    const reply = this.#reply(parsed, signing)
    const shown = parsed.edns?.cookie ?? null
    const cookie = shown === null ? null : this.#cookies.answer(shown, address)
    reply.cookie = cookie?.cookie ?? null
    if (transport === 'tcp') return signed(parsed, reply, TCP_MOST, signing)
    const known = cookie?.known === true || (signing?.holder ?? null) !== null
    if (!known && !this.#spares(address) && !this.#admit(parsed, reply, address)) return null
    return signed(parsed, reply, udpSize(parsed), signing)
  }

  /** A signature that isn't right is the whole answer (RFC 8945 section 5.2). */
  #reply(parsed: Exclude<Parsed, { kind: 'ignore' }>, signing: Signing | null): Reply {
    if (signing !== null && signing.error !== TSIG_ERROR.NONE) return bare(RCODE.NOTAUTH)
    return parsed.kind === 'query' ? this.#look(parsed) : bare(parsed.rcode)
  }

  #look(query: Query): Reply {
    if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) return bare(RCODE.REFUSED)
    const said = this.zone.lookup(query.name, query.type)
    if (said.kind === 'refused') return bare(RCODE.REFUSED)
    const body = this.#cache.body(said, query.name.length, this.zone)
    const rcode = said.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR
    return { rcode, authoritative: true, truncated: false, body, cookie: null, under: said.answers[0]?.wildcard ?? query.name }
  }

  /** Counts the answer; false: none. Over the limit, records are left out and TC is set (errors have none: they stay as they are). */
  #admit(asked: Asked & { type?: number }, reply: Reply, address: string): boolean {
    const verdict = this.#limit.take(address, kindOf(asked, reply))
    if (verdict === 'slip' && reply.body !== null) {
      reply.body = null
      reply.truncated = true
    }
    return verdict !== 'drop'
  }
}

function signed(asked: Asked, reply: Reply, most: number, signing: Signing | null): Buffer {
  return signing === null ? write(asked, reply, most) : signing.sign(write(asked, reply, most - signing.room))
}

function bare(rcode: Rcode): Reply {
  return { rcode, authoritative: false, truncated: false, body: null, cookie: null, under: '' }
}

/** Records count per name that has them and type; all else per code, or random names would each have a limit of their own. */
function kindOf(asked: { type?: number }, reply: Reply): number {
  if (reply.body === null || reply.body.answers === 0) return reply.rcode
  return hash(reply.under, asked.type ?? 0)
}

/** Bytes: the client's size between 512 and 1232; 512 without EDNS (RFC 6891 section 6.2.3). */
function udpSize(asked: Asked): number {
  if (asked.edns === null) return UDP_PLAIN
  return Math.min(UDP_MOST, Math.max(UDP_PLAIN, asked.edns.size))
}
