// Reads field lines (RFC 9112 section 5) out of a head and gathers those that are passed on, canonically. Used by request.ts, response.ts and chunked.ts.
import { skipSpace, tokenEnd, trimSpace, valueEnd } from './syntax.ts'

/** What a head's reader says of one field: pass it on, drop it, or refuse the whole message. */
export type Verdict = 'keep' | 'drop' | 'refuse'

/** Decides over one field. `name` is in lower case and only read where the judge asked for it; `value` is trimmed. */
export interface Judge {
  /** Whether a field needs a look at all, by the length and the first letter of its name. Most don't, and are copied unread. */
  readonly looks: Looks
  field(name: string, value: string): Verdict
}

/** By length, a bit for each first letter. */
export type Looks = Int32Array

/**
 * Reads the field lines of a head from `at` of `text` up to its empty line, with which it ends; `bytes` hold the same from `from` on, and are faster to look at.
 * Returns the kept ones as `Name: value\r\n` lines, or null if one is malformed (white space before the colon, a folded line, a name that isn't a token,
 * a control character) or refused, or there are over `most`.
 */
export function readFields(text: string, at: number, judge: Judge, most: number, bytes: Uint8Array, from: number): string | null {
  const stop = text.length - 2
  let kept = ''
  let run = at
  for (let count = 0; at < stop; count++) {
    const colon = tokenEnd(bytes, from + at) - from
    if (count === most || colon === at || bytes[from + colon] !== 58) return null
    const eol = valueEnd(bytes, from + colon + 1) - from
    if (eol < colon) return null
    const start = skipSpace(bytes, from + colon + 1, from + eol) - from
    const last = trimSpace(bytes, from + start, from + eol) - from
    const canonical = start === colon + 2 && last === eol && bytes[from + colon + 1] === 32
    const verdict = needsLook(judge.looks, colon - at, bytes[from + at] ?? 0) ? judge.field(text.slice(at, colon).toLowerCase(), text.slice(start, last)) : 'keep'
    if (verdict === 'refuse') return null
    if (verdict === 'drop' || !canonical) {
      if (run < at) kept += text.slice(run, at)
      if (verdict === 'keep') kept += `${text.slice(at, colon)}: ${text.slice(start, last)}\r\n`
      run = eol + 2
    }
    at = eol + 2
  }
  return run < stop ? kept + text.slice(run, stop) : kept
}

/** Besides what was asked for: long names, and all that begin with `x`, for the forwarding fields. */
function needsLook(looks: Looks, length: number, first: number): boolean {
  return length > 63 || (first | 32) === 120 || ((looks[length] ?? 0) & 1 << (first & 31)) !== 0
}

/** What a judge wants to see: fields of these names, and of others that can't be told from them by length and first letter. */
export function looksFor(names: Iterable<string>): Looks {
  const looks = new Int32Array(64)
  for (const name of names) if (name.length < 64) looks[name.length] = (looks[name.length] ?? 0) | 1 << (name.charCodeAt(0) & 31)
  return looks
}

let octets = Buffer.allocUnsafeSlow(65_536)

/** Latin1 text as octets, valid until the next call: for heads that didn't come as such. */
export function octetsOf(text: string): Uint8Array {
  if (text.length > octets.length) octets = Buffer.allocUnsafeSlow(text.length * 2)
  octets.write(text, 'latin1')
  return octets
}

/** The fields of `lines` without those whose lower-case name is in `names`. */
export function without(lines: string, names: ReadonlySet<string>): string {
  let kept = ''
  for (let at = 0; at < lines.length;) {
    const next = lines.indexOf('\r\n', at) + 2
    if (!names.has(lines.slice(at, lines.indexOf(':', at)).toLowerCase())) kept += lines.slice(at, next)
    at = next
  }
  return kept
}

/** The value of the first field `name` (lower case) of a head, or ''. For what is rarely asked: what a visitor accepts, in an error page. */
export function valueOf(text: string, name: string): string {
  const first = name.charCodeAt(0)
  for (let at = text.indexOf('\r\n') + 2; at < text.length;) {
    const eol = text.indexOf('\r\n', at)
    const next = eol < 0 ? text.length : eol
    if ((text.charCodeAt(at) | 32) === first && text.slice(at, at + name.length + 1).toLowerCase() === `${name}:`) return text.slice(at + name.length + 1, next).trim()
    at = next + 2
  }
  return ''
}

/** Fields that say how a message is framed or where it goes: never in a trailer, never nominated, no twin with an underscore. */
export const FRAMING = new Set(['content-length', 'transfer-encoding', 'host', 'connection', 'trailer', 'te', 'upgrade', 'expect', 'keep-alive', 'proxy-connection'])
/** Fields about where a request came from. Ours are set anew. */
export const FORWARDING = new Set(['forwarded', 'x-real-ip', 'x-request-id', 'via'])

export function isForwarding(name: string): boolean {
  return FORWARDING.has(name) || name.startsWith('x-forwarded-')
}
