// Reads a request's head (RFC 9112 sections 3 and 5). Accepts only what everybody reads alike. Called by opening.ts.
import { TARGET, decimal, isToken, list } from './syntax.ts'
import { FORWARDING, FRAMING, isForwarding, looksFor, octetsOf, readFields, without, type Judge, type Verdict } from './fields.ts'
import { routingKey } from './host.ts'
import type { Settings } from '../settings.ts'

/** Why a request is refused; each has one answer in problems.ts. */
export type Refusal = 'malformed' | 'bad_host' | 'target_too_long' | 'bad_version' | 'bad_coding' | 'bad_expectation' | 'bad_method' | 'looping' | 'head_too_large'

/** `length` of a message without a body (and without Content-Length), of a chunked one, and of one that ends with the connection. */
export const NONE = -1
export const CHUNKED = -2
export const UNTIL_CLOSE = -3

export class RequestHead {
  method = ''
  /** Origin-form, or `*`. */
  target = ''
  minor: 0 | 1 = 1
  /** 2 where it came over HTTP/2; `minor` is then 1, what that means being what HTTP/2 can do. */
  major: 1 | 2 = 1
  /** The routing table's key, and the Host as it is sent on. */
  host = ''
  authority = ''
  /** Bytes of the body, or NONE or CHUNKED. */
  length = NONE
  keepAlive = true
  /** The protocols asked for, where the request is a well-formed upgrade; else ''. */
  upgrade = ''
  /** 100-continue is expected. */
  expects = false
  /** Whether trailers are welcome in the response (TE). */
  trailers = false
  maxForwards = -1
  /** What Connection names besides: such fields end here, in the trailers too (RFC 9110 section 7.6.1). */
  nominated: ReadonlySet<string> | null = null
  /** The kept fields, canonical. */
  fields = ''
  /** What came in fields about where the request came from; used only from trusted proxies. */
  claims: Map<string, string> | null = null
  /** User-Agent and Referer, which the access log tells; '' without. */
  agent = ''
  referer = ''
  /** The whole head as it came. */
  text = ''
}

const MOST_HOPS = 8

/** Everything a request's fields decide, gathered while they are read. One per head. */
class RequestJudge implements Judge {
  static readonly LOOKS = looksFor([...FRAMING, ...FORWARDING, 'proxy', 'http2-settings', 'max-forwards', 'user-agent', 'referer'])
  readonly looks = RequestJudge.LOOKS
  readonly head: RequestHead
  problem: Refusal = 'malformed'
  hosts = 0
  connection: string[] = NO_OPTIONS
  upgrade = ''
  coding = ''
  hops = 0

  constructor(head: RequestHead) { this.head = head }

  field(name: string, value: string): Verdict {
    switch (name.length) {
      case 2: return name === 'te' ? this.te(value) : 'keep'
      case 3: return name === 'via' ? this.via(value) : 'keep'
      case 4: return name === 'host' ? this.host(value) : 'keep'
      case 5: return name === 'proxy' ? 'drop' : 'keep'
      case 6: return name === 'expect' ? this.expect(value) : 'keep'
      case 7: return name === 'upgrade' ? this.asksUpgrade(value) : name === 'referer' ? this.comesFrom(value) : this.rest(name, value)
      case 10: return name === 'connection' ? this.options(value) : name === 'user-agent' ? this.agent(value) : name === 'keep-alive' ? 'drop' : 'keep'
      case 12: return name === 'max-forwards' ? this.limitHops(value) : this.rest(name, value)
      case 14: return name === 'content-length' ? this.length(value) : name === 'http2-settings' ? 'drop' : this.rest(name, value)
      case 16: return name === 'proxy-connection' ? 'drop' : this.rest(name, value)
      case 17: return name === 'transfer-encoding' ? this.transfer(value) : this.rest(name, value)
      default: return this.rest(name, value)
    }
  }

  /** Forwarding fields, and names which CGI can't tell from those that frame or forward a message: `Content_Length` is refused, `X_Forwarded_For` dropped. */
  private rest(name: string, value: string): Verdict {
    if (isForwarding(name)) return this.claim(name, value)
    if (!name.includes('_')) return 'keep'
    const twin = name.replaceAll('_', '-')
    return FRAMING.has(twin) ? 'refuse' : isForwarding(twin) ? 'drop' : 'keep'
  }

  private claim(name: string, value: string): Verdict {
    const claims = this.head.claims ??= new Map()
    const before = claims.get(name)
    claims.set(name, before === undefined ? value : `${before}, ${value}`)
    return 'drop'
  }

  private host(value: string): Verdict {
    const key = routingKey(value)
    this.problem = 'bad_host'
    if (key === null || ++this.hosts > 1) return 'refuse'
    this.problem = 'malformed'
    this.head.host = key
    this.head.authority = value
    return 'drop'
  }

  private length(value: string): Verdict {
    const length = decimal(value)
    if (length < 0 || this.head.length !== NONE || this.coding !== '') return 'refuse'
    this.head.length = length
    return 'drop'
  }

  private transfer(value: string): Verdict {
    if (this.coding !== '' || this.head.length !== NONE || this.head.minor === 0 || value === '') return 'refuse'
    this.coding = value.toLowerCase()
    if (this.coding !== 'chunked') this.problem = 'bad_coding'
    this.head.length = CHUNKED
    return this.coding === 'chunked' ? 'drop' : 'refuse'
  }

  private options(value: string): Verdict {
    this.connection = this.connection === NO_OPTIONS ? connectionOptions(value) : [...this.connection, ...list(value)]
    return 'drop'
  }

  private asksUpgrade(value: string): Verdict {
    this.upgrade = this.upgrade === '' ? value : `${this.upgrade}, ${value}`
    return 'drop'
  }

  private agent(value: string): Verdict {
    this.head.agent ||= value
    return 'keep'
  }

  private comesFrom(value: string): Verdict {
    this.head.referer ||= value
    return 'keep'
  }

  private te(value: string): Verdict {
    if (list(value).includes('trailers')) this.head.trailers = true
    return 'drop'
  }

  private via(value: string): Verdict {
    this.hops += list(value).filter(hop => hop.endsWith(' auberge')).length
    this.problem = this.hops > MOST_HOPS ? 'looping' : 'malformed'
    return this.hops > MOST_HOPS ? 'refuse' : 'keep'
  }

  private expect(value: string): Verdict {
    this.problem = 'bad_expectation'
    if (value.toLowerCase() !== '100-continue') return 'refuse'
    this.problem = 'malformed'
    this.head.expects = this.head.minor === 1
    return 'drop'
  }

  private limitHops(value: string): Verdict {
    if (this.head.method !== 'OPTIONS' && this.head.method !== 'TRACE') return 'keep'
    this.head.maxForwards = decimal(value)
    return this.head.maxForwards < 0 ? 'refuse' : 'drop'
  }
}

/** The common values of Connection, told apart by identity. */
export const NO_OPTIONS: string[] = []
export const KEEP_ALIVE = ['keep-alive']
export const CLOSE = ['close']

export function connectionOptions(value: string): string[] {
  return value === 'keep-alive' ? KEEP_ALIVE : value === 'close' ? CLOSE : list(value)
}

/**
 * Reads `text`, a whole head with its empty line, as latin1; `bytes` hold it from `from` on. Returns why it is refused instead, where it is:
 * after any of these the connection is closed, for what follows can't be told apart.
 */
export function readRequest(text: string, settings: Settings, bytes = octetsOf(text), from = 0): RequestHead | Refusal {
  const head = new RequestHead()
  head.text = text
  const lineEnd = text.indexOf('\r\n')
  const refused = readLine(head, text, lineEnd, settings)
  if (refused !== null) return refused
  const judge = new RequestJudge(head)
  const fields = readFields(text, lineEnd + 2, judge, settings.fields, bytes, from)
  if (fields === null) return judge.problem
  head.fields = fields
  return connectionRules(head, judge) ?? targetRules(head, judge)
}

/** `method SP target SP HTTP/1.x`, single spaces. */
function readLine(head: RequestHead, text: string, end: number, settings: Settings): Refusal | null {
  const space = text.indexOf(' ')
  const last = text.lastIndexOf(' ', end)
  if (space <= 0 || space > 32 || last <= space || last > end) return 'malformed'
  head.method = text.slice(0, space)
  if (!isToken(head.method)) return 'malformed'
  const version = text.slice(last + 1, end)
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return /^HTTP\/[0-9]\.[0-9]$/.test(version) ? 'bad_version' : 'malformed'
  head.minor = version === 'HTTP/1.1' ? 1 : 0
  head.target = text.slice(space + 1, last)
  if (head.target.length > settings.target) return 'target_too_long'
  // PRI is how HTTP/2 begins (RFC 9113 section 3.4) and nothing else.
  return head.method === 'CONNECT' || head.method === 'PRI' ? 'bad_method' : TARGET.test(head.target) ? null : 'malformed'
}

/** What Connection says: persistence, upgrade, and the fields that end here (RFC 9110 section 7.6.1). */
function connectionRules(head: RequestHead, judge: RequestJudge): Refusal | null {
  const options = judge.connection
  head.keepAlive = head.minor === 1 ? !options.includes('close') : options.includes('keep-alive') && !options.includes('close')
  if (options === KEEP_ALIVE || options === CLOSE || options.length === 0) return null
  if (options.some(option => option === 'host' || option === 'content-length' || option === 'transfer-encoding')) return 'malformed'
  head.nominated = new Set(options)
  head.fields = without(head.fields, head.nominated)
  if (options.includes('upgrade') && head.minor === 1 && head.length === NONE) head.upgrade = upgradeTokens(judge.upgrade)
  return null
}

/** h2c is not offered upstream: the relay would no longer see where requests begin. */
function upgradeTokens(value: string): string {
  return value.split(',').map(token => token.trim()).filter(token => token !== '' && !/^(h2c?|http|tls)(\/|$)/i.test(token)).join(', ')
}

/** Origin-form, absolute-form (turned into origin-form; its authority must be the Host's), or `OPTIONS *`. */
function targetRules(head: RequestHead, judge: RequestJudge): RequestHead | Refusal {
  if (judge.hosts === 0) {
    if (head.minor === 1) return 'bad_host'
  }
  if (head.target.charCodeAt(0) === 47) return head
  if (head.target === '*') return head.method === 'OPTIONS' ? head : 'malformed'
  return absolute(head, judge)
}

function absolute(head: RequestHead, judge: RequestJudge): RequestHead | Refusal {
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(head.target)
  if (match === null) return 'malformed'
  const authority = match[1] ?? ''
  const key = routingKey(authority)
  if (key === null || (judge.hosts === 1 && authority.toLowerCase() !== head.authority.toLowerCase())) return 'bad_host'
  head.host = key
  head.authority = authority
  const path = match[2] ?? ''
  head.target = path === '' && head.method === 'OPTIONS' ? '*' : path.startsWith('/') ? path : `/${path}`
  return head
}
