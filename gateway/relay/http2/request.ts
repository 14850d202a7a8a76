// Reads a request's header list (RFC 9113 section 8.3) into what an exchange needs. Its fields are written as HTTP/1.1 would have them and read
// by the one reader there is, so that both versions have one rulebook. Called by session.ts.
import { CHUNKED, NONE, readRequest, type Refusal, type RequestHead } from '../message/request.ts'
import { hasBody } from '../http1/writer.ts'
import { randomBytes } from 'node:crypto'
import type { Origin } from '../message/forwarded.ts'
import type { Settings } from '../settings.ts'

export type Refused = Refusal | 'misdirected' | 'bad_protocol'

/** A header list taken apart. nghttp2 has seen to the order and number of the pseudo-header fields, and that names are lower-case tokens. */
class Listed {
  method = ''
  scheme = ''
  path = ''
  authority: string | null = null
  protocol: string | null = null
  host: string | null = null
  cookie = ''
  lines = ''
  state: 'sound' | 'malformed' | 'bad_host' = 'sound'

  constructor(list: readonly string[]) {
    for (let i = 0; i + 1 < list.length; i += 2) this.take(list[i] ?? '', list[i + 1] ?? '')
    if (this.cookie !== '') this.lines += `cookie: ${this.cookie}\r\n`
  }

  private take(name: string, value: string): void {
    if (value.includes('\n')) this.state = 'malformed'
    else if (name.charCodeAt(0) === 58) this.pseudo(name, value)
    else if (name.length === 6 && name === 'cookie') this.cookie = this.cookie === '' ? value : `${this.cookie}; ${value}`
    else if (name.length === 4 && name === 'host') this.named(value)
    else if (name.includes(':')) this.state = 'malformed'
    else if (name !== 'sec-websocket-key') this.lines += `${name}: ${value}\r\n`
  }

  private pseudo(name: string, value: string): void {
    switch (name) {
      case ':method': this.method = value; return
      case ':scheme': this.scheme = value.toLowerCase(); return
      case ':path': this.path = value; return
      case ':authority': this.authority = value; return
      case ':protocol': this.protocol = value; return
      default: this.state = 'malformed'
    }
  }

  private named(value: string): void {
    if (this.host !== null) this.state = 'bad_host'
    this.host = value
  }

  /** Where the request goes: both ways of saying it must agree (RFC 9113 section 8.3.1); null where they don't. */
  get target(): string | null {
    const { authority, host } = this
    if (authority !== null && host !== null && authority.toLowerCase() !== host.toLowerCase()) return null
    return authority ?? host ?? ''
  }
}

export class Reader {
  /** The last request as HTTP/1.1 text, as far as it was read. */
  text = ''
  private readonly origin: Origin
  private readonly settings: Settings

  constructor(origin: Origin, settings: Settings) {
    this.origin = origin
    this.settings = settings
  }

  /** `whole`: the request ends with its header list. */
  read(list: readonly string[], whole: boolean): RequestHead | Refused {
    const listed = new Listed(list)
    const { target } = listed
    const upgrade = listed.protocol === null ? '' : `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n`
    const method = upgrade === '' ? listed.method : 'GET'
    this.text = `${method} ${listed.path} HTTP/1.1\r\n${target === null ? '' : `host: ${target}\r\n`}${listed.lines}${upgrade}\r\n`
    if (listed.state !== 'sound') return listed.state
    return target === null ? 'bad_host' : this.refusal(listed) ?? this.parse(listed, whole)
  }

  private refusal(listed: Listed): Refused | null {
    if (listed.method === 'CONNECT' && listed.protocol === null) return 'bad_method'
    if (listed.protocol !== null && (listed.method !== 'CONNECT' || listed.protocol.toLowerCase() !== 'websocket')) return 'bad_protocol'
    if (listed.path.length > this.settings.target) return 'target_too_long'
    if (this.text.length > this.settings.requestHead) return 'head_too_large'
    if (!listed.path.startsWith('/') && listed.path !== '*') return 'malformed'
    if (listed.scheme !== 'http' && listed.scheme !== 'https') return 'malformed'
    return listed.scheme === 'https' && this.origin.scheme === 'http' && !this.origin.isTrusted ? 'misdirected' : null
  }

  private parse(listed: Listed, whole: boolean): RequestHead | Refused {
    const head = readRequest(this.text, this.settings)
    if (typeof head === 'string') return head
    head.major = 2
    if (listed.protocol !== null) return head.upgrade === '' ? 'malformed' : head
    if (head.length === CHUNKED || head.upgrade !== '') return 'malformed'
    if (head.length === NONE) head.length = whole ? emptyOf(head.method) : CHUNKED
    if (!hasBody(head)) head.expects = false
    return head
  }
}

/** Methods that mean to send something say that it is nothing (RFC 9110 section 8.6); HTTP/2 says so by ending the stream. */
function emptyOf(method: string): number {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 0 : NONE
}
