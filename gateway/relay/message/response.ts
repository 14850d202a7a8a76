// Reads a response's head (RFC 9112 sections 4 and 6.3). What a careful client would doubt is never passed on. Called by upstream.ts.
import { decimal, list, valueEnd } from './syntax.ts'
import { looksFor, octetsOf, readFields, without, type Judge, type Verdict } from './fields.ts'
import { CHUNKED, CLOSE, KEEP_ALIVE, NONE, NO_OPTIONS, UNTIL_CLOSE, connectionOptions } from './request.ts'
import { reachesOthers, type Setter } from './cookie.ts'
import type { Settings } from '../settings.ts'

export class ResponseHead {
  status = 0
  reason = ''
  minor: 0 | 1 = 1
  /** 2 where it came over HTTP/2; `minor` is then 1. */
  major: 1 | 2 = 1
  /** Bytes of the body that follows, or CHUNKED, UNTIL_CLOSE, or NONE where there can be none (HEAD, 1xx, 204, 304). */
  length = UNTIL_CLOSE
  /** Content-Length as it came, also where no body follows (HEAD, 304); -1 without. */
  declared = -1
  /** Whether the connection may carry another request. */
  keepAlive = true
  /** The protocol of a 101, or those a 426 asks for. */
  upgrade = ''
  /** What Connection names besides: such fields end here, in the trailers too. */
  nominated: ReadonlySet<string> | null = null
  fields = ''
}

/** What reading a response needs to know of its request and route. */
export type Asked = Setter & { method: string; origin: string }

class ResponseJudge implements Judge {
  static readonly LOOKS = looksFor(['connection', 'keep-alive', 'upgrade', 'trailer', 'content-length', 'transfer-encoding', 'proxy-connection', 'set-cookie', 'location', 'content-location', 'te'])
  readonly looks = ResponseJudge.LOOKS
  readonly head: ResponseHead
  readonly asked: Asked
  connection: string[] = NO_OPTIONS
  chunked = false
  /** Fields in place of those that would have shown the upstream's address. */
  relocated = ''

  constructor(head: ResponseHead, asked: Asked) {
    this.head = head
    this.asked = asked
  }

  field(name: string, value: string): Verdict {
    switch (name) {
      case 'content-length': return this.length(value)
      case 'transfer-encoding': return this.transfer(value)
      case 'connection': return this.options(value)
      case 'upgrade': this.head.upgrade = this.head.upgrade === '' ? value : `${this.head.upgrade}, ${value}`; return 'drop'
      case 'keep-alive': case 'proxy-connection': case 'te': return 'drop'
      case 'set-cookie': return reachesOthers(value, this.asked) ? 'drop' : 'keep'
      case 'location': return this.redirect('Location', value)
      case 'content-location': return this.redirect('Content-Location', value)
      default: return name.includes('_') && /^(content.length|transfer.encoding)$/.test(name) ? 'drop' : 'keep'
    }
  }

  private options(value: string): Verdict {
    this.connection = this.connection === NO_OPTIONS ? connectionOptions(value) : [...this.connection, ...list(value)]
    return 'drop'
  }

  private length(value: string): Verdict {
    const length = decimal(value)
    if (length < 0 || this.head.declared !== -1) return 'refuse'
    this.head.declared = length
    return 'drop'
  }

  private transfer(value: string): Verdict {
    if (this.chunked || this.head.minor === 0 || value.toLowerCase() !== 'chunked') return 'refuse'
    this.chunked = true
    return 'drop'
  }

  /** A redirect to the upstream's own address becomes one to the same path here: the address is nobody's business. */
  private redirect(name: string, value: string): Verdict {
    const path = pathAt(this.asked.origin, value)
    if (path === null) return 'keep'
    this.relocated += `${name}: ${path}\r\n`
    return 'drop'
  }
}

/** The path of a URL at `origin` (`http://address:port`), with whichever scheme or none; null where it is elsewhere. */
function pathAt(origin: string, url: string): string | null {
  const [scheme = ''] = /^(?:https?:)?/i.exec(url) ?? []
  const authority = origin.slice('http:'.length)
  if (authority === '' || url.slice(scheme.length, scheme.length + authority.length).toLowerCase() !== authority) return null
  const rest = url.slice(scheme.length + authority.length).replace(/^:0*80(?=[/?#]|$)/, '')
  if (!/^(?:[/?#]|$)/.test(rest)) return null
  // Two slashes would name another host (RFC 3986 section 4.2), and browsers take a backslash for one.
  return /^\/[/\\]/.test(rest) ? `/.${rest}` : rest.startsWith('/') ? rest : `/${rest}`
}

/** Reads `text`, a whole head with its empty line, as latin1, which `bytes` hold from `from` on; null where it is malformed or its framing can be read in two ways. */
export function readResponse(text: string, asked: Asked, settings: Settings, bytes = octetsOf(text), from = 0): ResponseHead | null {
  const head = new ResponseHead()
  const lineEnd = valueEnd(bytes, from) - from
  if (!readStatus(head, text, lineEnd)) return null
  const judge = new ResponseJudge(head, asked)
  const fields = readFields(text, lineEnd + 2, judge, settings.fields, bytes, from)
  if (fields === null) return null
  head.fields = fields + judge.relocated
  return frame(head, judge) ? head : null
}

/** `HTTP/1.x SP 3DIGIT SP reason`; the space before an empty reason may be missing, as many servers leave it out. */
function readStatus(head: ResponseHead, text: string, end: number): boolean {
  const version = text.slice(0, 9)
  if (version !== 'HTTP/1.1 ' && version !== 'HTTP/1.0 ') return false
  head.minor = version === 'HTTP/1.1 ' ? 1 : 0
  const status = text.slice(9, 12)
  if (!/^[1-5][0-9][0-9]$/.test(status) || (end !== 12 && text.charCodeAt(12) !== 32)) return false
  head.status = Number(status)
  head.reason = end > 13 ? text.slice(13, end) : ''
  return end >= 12
}

function frame(head: ResponseHead, judge: ResponseJudge): boolean {
  const options = judge.connection
  head.keepAlive = options === NO_OPTIONS ? head.minor === 1 : options === KEEP_ALIVE || (!options.includes('close') && (head.minor === 1 || options.includes('keep-alive')))
  if (options !== NO_OPTIONS && options !== KEEP_ALIVE && options !== CLOSE) dropNominated(head, options)
  if (judge.chunked && head.declared !== -1) return false
  const { status } = head
  // After an interim response that ends the connection, or of HTTP/1.0, which has none, nothing more can come.
  if (status < 200 && status !== 101 && !head.keepAlive) return false
  if (status < 200 || status === 204) return bodiless(head)
  if (judge.asked.method === 'HEAD' || status === 304) head.length = NONE
  else head.length = judge.chunked ? CHUNKED : head.declared !== -1 ? head.declared : UNTIL_CLOSE
  return true
}

/** The fields that end here (RFC 9110 section 7.6.1). */
function dropNominated(head: ResponseHead, options: string[]): void {
  const nominated = options.filter(option => option !== 'close' && option !== 'keep-alive' && option !== 'upgrade')
  if (nominated.length > 0) head.fields = without(head.fields, head.nominated = new Set(nominated))
}

/** 1xx and 204 have no body and say no length (RFC 9110 section 8.6). */
function bodiless(head: ResponseHead): boolean {
  head.length = NONE
  head.declared = -1
  return true
}
