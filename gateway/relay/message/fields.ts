// Reads field lines (RFC 9112 section 5) out of a head and gathers those that are passed on, canonically. Used by request.ts, response.ts and chunked.ts.
import { TOKEN, skipSpace, trimSpace, valueEnd } from './syntax.ts'

/** What a head's reader says of one field: pass it on, drop it, or refuse the whole message. */
export type Verdict = 'keep' | 'drop' | 'refuse'

/** Decides over one field. `name` is in lower case and only read for lengths the judge asked for; `value` is trimmed. */
export interface Judge {
  /** By the length of its name, whether a field needs a look at all; 1 = yes. Most don't, and are copied unread. */
  readonly lengths: Uint8Array
  field(name: string, value: string): Verdict
}

/**
 * Reads the field lines of `text` from `at` up to its empty line. Returns the kept ones as `Name: value\r\n` lines,
 * or null if one is malformed (white space before the colon, a folded line, a name that isn't a token, a control character) or refused, or there are over `most`.
 */
export function readFields(text: string, at: number, stop: number, judge: Judge, most: number): string | null {
  let kept = ''
  let run = at
  for (let count = 0; at < stop; count++) {
    if (count === most) return null
    let colon = at
    while (TOKEN[text.charCodeAt(colon)] === 1) colon++
    if (colon === at || text.charCodeAt(colon) !== 58) return null
    const eol = valueEnd(text, colon + 1)
    if (eol < 0) return null
    const start = skipSpace(text, colon + 1, eol)
    const last = trimSpace(text, start, eol)
    const canonical = start === colon + 2 && last === eol && text.charCodeAt(colon + 1) === 32
    const verdict = needsLook(judge, text, at, colon) ? judge.field(text.slice(at, colon).toLowerCase(), text.slice(start, last)) : 'keep'
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

/** Besides the lengths asked for: long names, and all that begin with `x-` or `x_`, for the forwarding fields. */
function needsLook(judge: Judge, text: string, at: number, colon: number): boolean {
  const length = colon - at
  if (length > 63 || judge.lengths[length] === 1) return true
  const second = text.charCodeAt(at + 1)
  return (text.charCodeAt(at) | 32) === 120 && (second === 45 || second === 95)
}

/** A judge's table of lengths. */
export function lengthsOf(names: Iterable<string>): Uint8Array {
  const lengths = new Uint8Array(64)
  for (const name of names) if (name.length < 64) lengths[name.length] = 1
  return lengths
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
