// Message framing (RFC 9112 sections 6 and 7): where a body ends, read piece by piece. Used for requests (visitor.ts) and responses (upstream.ts).
import { CHUNKED, UNTIL_CLOSE } from './request.ts'
import { FRAMING, isForwarding, octetsOf, readFields, type Judge, type Verdict } from './fields.ts'
import type { Settings } from '../settings.ts'

/** Takes a body's bytes, without its framing, valid only during the call. */
export type Sink = (bytes: Buffer, start: number, end: number) => void

/** Reads one body. */
export interface Body {
  /** `bad` once the framing is broken; `done` once the body has ended, trailers included. */
  readonly state: 'more' | 'done' | 'bad'
  /** Kept trailer fields as lines. */
  readonly trailers: string
  /** Reads from `start` to at most `end`, gives `sink` the content, and returns where it stopped. */
  feed(bytes: Buffer, start: number, end: number, sink: Sink): number
}

/** The reader for a head's `length`; not for NONE. */
export function bodyOf(length: number, settings: Settings): Body {
  if (length === CHUNKED) return new Chunked(settings)
  return new Counted(length === UNTIL_CLOSE ? Infinity : length)
}

class Counted implements Body {
  state: Body['state']
  readonly trailers = ''
  private left: number

  constructor(length: number) {
    this.left = length
    this.state = length === 0 ? 'done' : 'more'
  }

  feed(bytes: Buffer, start: number, end: number, sink: Sink): number {
    const stop = Math.min(end, start + this.left)
    this.left -= stop - start
    if (this.left === 0) this.state = 'done'
    if (stop > start) sink(bytes, start, stop)
    return stop
  }
}

type Place = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers'

const CR = 13
/** After the first semicolon: `name`, `name=token` or `name="quoted"`, and more of them. */
const EXTENSION = /[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?/.source
const EXTENSIONS = new RegExp(`^${EXTENSION}(?:;${EXTENSION})*$`)
const LF = 10

/** Chunked coding. Sizes are up to 12 hexadecimal digits; lines end in CRLF and nothing else; extensions are dropped. */
class Chunked implements Body {
  state: Body['state'] = 'more'
  trailers = ''
  private place: Place = 'size'
  private left = 0
  private digits = 0
  private extensions = ''
  private held = ''
  private readonly settings: Settings

  constructor(settings: Settings) { this.settings = settings }

  feed(bytes: Buffer, start: number, end: number, sink: Sink): number {
    let at = start
    while (at < end && this.state === 'more') {
      if (this.place === 'data') at = this.data(bytes, at, end, sink)
      else if (this.place === 'trailers') at = this.tail(bytes, at, end)
      else this.step(bytes[at++] ?? 0)
    }
    return at
  }

  private data(bytes: Buffer, at: number, end: number, sink: Sink): number {
    const stop = Math.min(end, at + this.left)
    this.left -= stop - at
    if (this.left === 0) this.place = 'data-cr'
    sink(bytes, at, stop)
    return stop
  }

  /** One octet of a chunk's line, or of the CRLF after its data. */
  private step(octet: number): void {
    switch (this.place) {
      case 'size': return this.size(octet)
      case 'extension': return this.extension(octet)
      case 'size-lf': return octet === LF ? this.sized() : this.fail()
      case 'data-cr': return this.expect(octet, CR, 'data-lf')
      default: return this.expect(octet, LF, 'size')
    }
  }

  private size(octet: number): void {
    const digit = hex(octet)
    if (digit >= 0) {
      this.left = this.left * 16 + digit
      if (++this.digits > 12) this.fail()
    } else if (this.digits === 0) this.fail()
    else if (octet === CR) this.place = 'size-lf'
    else if (octet === 59) this.place = 'extension'
    else this.fail()
  }

  /** Held to its grammar (RFC 9112 section 7.1.1, without white space) and to a bound, so that nothing can hide in it. */
  private extension(octet: number): void {
    if (octet !== CR) {
      this.extensions += String.fromCharCode(octet)
      if (this.extensions.length > this.settings.chunkLine) this.fail()
    } else if (EXTENSIONS.test(this.extensions)) this.place = 'size-lf'
    else this.fail()
  }

  private sized(): void {
    this.place = this.left === 0 ? 'trailers' : 'data'
    this.digits = 0
    this.extensions = ''
  }

  private expect(octet: number, wanted: number, next: Place): void {
    if (octet === wanted) this.place = next
    else this.fail()
  }

  private tail(bytes: Buffer, at: number, end: number): number {
    const before = this.held.length
    this.held += bytes.toString('latin1', at, Math.min(end, at + this.settings.trailers + 2 - before))
    const over = this.held.startsWith('\r\n') ? 0 : this.held.indexOf('\r\n\r\n')
    if (over < 0) {
      if (this.held.length > this.settings.trailers) this.fail()
      return end
    }
    const size = over === 0 ? 2 : over + 4
    this.finish(this.held.slice(0, over === 0 ? 0 : over + 2))
    return at + size - before
  }

  private finish(section: string): void {
    const kept = readTrailers(section, this.settings)
    this.trailers = kept ?? ''
    this.state = kept === null ? 'bad' : 'done'
  }

  private fail(): void { this.state = 'bad' }
}

function hex(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48
  const lower = octet | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Trailers may not frame, route or authenticate (RFC 9110 section 6.5.1): such fields are dropped, and those that other parsers refuse or obey even here break the message. */
class TrailerJudge implements Judge {
  readonly looks = new Int32Array(64).fill(-1)
  field(name: string): Verdict {
    if (BREAKING.has(name)) return 'refuse'
    const twin = name.replaceAll('_', '-')
    return FRAMING.has(twin) || isForwarding(twin) || HEAD_ONLY.has(twin) ? 'drop' : 'keep'
  }
}

const BREAKING = new Set(['content-length', 'transfer-encoding', 'connection', 'proxy-connection', 'upgrade'])
const HEAD_ONLY = new Set(['authorization', 'cookie', 'set-cookie', 'content-type', 'content-encoding', 'content-range', 'cache-control', 'location', 'age', 'expires', 'date', 'vary', 'range', 'max-forwards', 'www-authenticate', 'proxy-authenticate', 'proxy-authorization', 'origin'])
const TRAILERS = new TrailerJudge()

/** The fields of a trailer section that are passed on, as lines; null where one is malformed or there are too many. */
export function readTrailers(section: string, settings: Settings): string | null {
  const text = `${section}\r\n`
  return readFields(text, 0, TRAILERS, settings.fields, octetsOf(text), 0)
}
