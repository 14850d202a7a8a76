// Reads a query as an attacker may have written it. Called by respond.ts for every packet that arrives; never throws, never
// loops longer than the packet, allocates nothing that the packet could make large.
import { readTsig, type Tsig } from './tsig.ts'
import { CLASS_IN, HEADER, OPCODE_QUERY, OPTION_COOKIE, RCODE, TYPE, type Rcode } from './codes.ts'

/** What EDNS of a query says (RFC 6891). `cookie`: the whole option, 8 or 16 to 40 bytes (RFC 7873). */
export type Edns = { version: number; size: number; dnssec: boolean; cookie: Buffer | null }

/** What every answer repeats of its query. `questionEnd` is the offset after the question, 12 where none is echoed. `tsig`: not checked yet. */
export type Asked = { wire: Buffer; questionEnd: number; edns: Edns | null; tsig: Tsig | null }

/** A query that may be answered. `name` is the wire form in lower case, as in name.ts. */
export type Query = Asked & { kind: 'query'; name: string; type: number }

/** What the records after the question say. */
type Rest = { edns: Edns | null; tsig: Tsig | null }

export type Parsed =
  | Query
  /** Must not be answered at all: a response, or too short to have an id. */
  | { kind: 'ignore' }
  /** Answered with this code and nothing else. NOERROR: asks for a server cookie only (RFC 7873 section 5.4). */
  | (Asked & { kind: 'error'; rcode: Rcode })

const NOTHING: Rest = { edns: null, tsig: null }
const IGNORE: Parsed = { kind: 'ignore' }
const MOST_NAME = 255
const MOST_LABEL = 63

/** Lower-case bytes of the question name last read; its length or the reason it is refused is what readName returns. */
const lower = Buffer.alloc(MOST_NAME + 1)

/** Parses one message. The result refers to `wire` and is valid as long as that is. */
export function parse(wire: Buffer): Parsed {
  if (wire.length < HEADER) return IGNORE
  const flags = wire[2] ?? 0
  if ((flags & 0x80) !== 0) return IGNORE
  const questions = wire.readUInt16BE(4)
  if (((flags >> 3) & 0xf) !== OPCODE_QUERY) return otherOpcode(wire, questions)
  if (questions === 0) return withoutQuestion(wire)
  if (questions !== 1) return failure(wire, RCODE.FORMERR)
  return withQuestion(wire)
}

function withQuestion(wire: Buffer): Parsed {
  const length = readName(wire)
  const end = HEADER + length + 4
  if (length === 0 || end > wire.length) return failure(wire, RCODE.FORMERR)
  const type = wire.readUInt16BE(end - 4)
  const rest = readRecords(wire, end, type)
  if (rest === null) return failure(wire, RCODE.FORMERR)
  const code = refusal(rest, type, wire.readUInt16BE(end - 2))
  if (code !== null) return failure(wire, code, end, rest)
  return { kind: 'query', wire, questionEnd: end, edns: rest.edns, tsig: rest.tsig, name: lower.toString('latin1', 0, length), type }
}

function withoutQuestion(wire: Buffer): Parsed {
  const rest = readRecords(wire, HEADER, 0) ?? NOTHING
  if (rest.edns !== null && rest.edns.version > 0) return failure(wire, RCODE.BADVERS, HEADER, rest)
  return failure(wire, rest.edns === null || rest.edns.cookie === null ? RCODE.FORMERR : RCODE.NOERROR, HEADER, rest)
}

/** What follows such a header may be anything; if it reads like a query, its OPT is answered with one (RFC 6891 section 6.1.1). */
function otherOpcode(wire: Buffer, questions: number): Parsed {
  const length = questions === 1 ? readName(wire) : 0
  const end = questions === 0 ? HEADER : HEADER + length + 4
  const rest = questions > 1 || (questions === 1 && length === 0) || end > wire.length ? null : readRecords(wire, end, 0)
  return failure(wire, RCODE.NOTIMP, HEADER, rest ?? NOTHING)
}

function failure(wire: Buffer, rcode: Rcode, questionEnd = HEADER, { edns, tsig }: Rest = NOTHING): Parsed {
  return { kind: 'error', wire, rcode, questionEnd, edns, tsig }
}

/** The code that the question deserves whatever the zone holds (RFC 6895 section 3.1: types from 128 to 255 are no data). */
function refusal({ edns }: Rest, type: number, cls: number): Rcode | null {
  if (edns !== null && edns.version > 0) return RCODE.BADVERS
  if (type === TYPE.OPT || type === TYPE.NXNAME || type === TYPE.TSIG) return RCODE.FORMERR
  if (cls !== CLASS_IN) return RCODE.REFUSED
  if (type > TYPE.NXNAME && type < TYPE.IXFR || type === TYPE.MAILA || type === TYPE.MAILB) return RCODE.NOTIMP
  return null
}

/**
 * Reads the question's name into `lower` and returns its length in bytes, or 0 if it is malformed. A pointer is: it could only
 * point into the header (RFC 1035 section 4.1.4, a prior occurrence). Lower case is ASCII's only (RFC 4343).
 */
function readName(wire: Buffer): number {
  let at = HEADER
  for (;;) {
    const length = wire[at] ?? MOST_LABEL + 1
    const next = at + length + 1
    if (length > MOST_LABEL || next - HEADER > MOST_NAME || next > wire.length) return 0
    lower[at - HEADER] = length
    if (length === 0) return next - HEADER
    for (at += 1; at < next; at += 1) {
      const byte = wire[at] ?? 0
      lower[at - HEADER] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
    }
  }
}

/** The records after the question, which must end where the packet does; null if malformed. */
function readRecords(wire: Buffer, from: number, type: number): Rest | null {
  const [authorities, additionals] = [wire.readUInt16BE(8), wire.readUInt16BE(10)]
  // An IXFR carries the client's SOA as authority (RFC 1995 section 3); no other query has an answer or authority.
  if (wire.readUInt16BE(6) !== 0 || authorities > (type === TYPE.IXFR ? 1 : 0)) return null
  const rest: Rest = { edns: null, tsig: null }
  let at = from
  for (let left = authorities + additionals; left > 0; left -= 1) {
    const fixed = skipName(wire, at)
    if (fixed === 0 || fixed + 10 > wire.length) return null
    const end = fixed + 10 + wire.readUInt16BE(fixed + 8)
    // OPT and TSIG are additional records, nowhere else (RFC 6891 section 6.1.1, RFC 8945 section 5.1): a signature is counted as one when it is taken off.
    if (left > additionals && isMeta(wire.readUInt16BE(fixed))) return null
    // A signature is the last record there is (RFC 8945 section 5.1).
    if (end > wire.length || rest.tsig !== null || !readRecord(wire, at, fixed, end, rest)) return null
    at = end
  }
  return at === wire.length ? rest : null
}

function isMeta(type: number): boolean { return type === TYPE.OPT || type === TYPE.TSIG }

/** Takes what matters of one record into `rest`; false if it is malformed. OPT is alone of its kind, and of the root. */
function readRecord(wire: Buffer, at: number, fixed: number, end: number, rest: Rest): boolean {
  const type = wire.readUInt16BE(fixed)
  if (type === TYPE.TSIG) return (rest.tsig = readTsig(wire, at, fixed, end)) !== null
  if (type !== TYPE.OPT) return true
  if (rest.edns !== null || fixed !== at + 1) return false
  rest.edns = readEdns(wire, fixed, end)
  return rest.edns !== null
}

/** The signature of an answer, which is its last record; null where it has none or isn't well formed. */
export function signatureOf(wire: Buffer): Tsig | null {
  // The last record is an additional one, if there is any of those.
  if (wire.readUInt16BE(10) === 0) return null
  let at = HEADER
  for (let left = wire.readUInt16BE(4); left > 0; left -= 1) {
    const fixed = skipName(wire, at)
    if (fixed === 0) return null
    at = fixed + 4
  }
  for (let left = wire.readUInt16BE(6) + wire.readUInt16BE(8) + wire.readUInt16BE(10); left > 0; left -= 1) {
    const fixed = skipName(wire, at)
    if (fixed === 0 || fixed + 10 > wire.length) return null
    const end = fixed + 10 + wire.readUInt16BE(fixed + 8)
    if (end > wire.length) return null
    if (left === 1) return end === wire.length && wire.readUInt16BE(fixed) === TYPE.TSIG ? readTsig(wire, at, fixed, end) : null
    at = end
  }
  return null
}

/** The offset after the name at `at`, or 0 if it is malformed. Pointers must point back and are not followed: nobody needs the name. */
export function skipName(wire: Buffer, from: number): number {
  let at = from
  for (;;) {
    const length = wire[at]
    if (length === undefined || at - from > MOST_NAME) return 0
    if (length === 0) return at + 1
    if (length >= 0xc0) return ((length & 0x3f) << 8 | (wire[at + 1] ?? 0xff)) < from ? at + 2 : 0
    if (length > MOST_LABEL) return 0
    at += length + 1
  }
}

/** The OPT record whose fixed part is at `at` (RFC 6891 section 6.1); null if malformed. Options of a later version aren't read. */
function readEdns(wire: Buffer, at: number, end: number): Edns | null {
  const edns: Edns = {
    version: wire[at + 5] ?? 0, size: wire.readUInt16BE(at + 2), dnssec: ((wire[at + 6] ?? 0) & 0x80) !== 0, cookie: null,
  }
  if (edns.version > 0) return edns
  for (let option = at + 10; option < end;) {
    if (option + 4 > end) return null
    const next = option + 4 + wire.readUInt16BE(option + 2)
    if (next > end) return null
    if (wire.readUInt16BE(option) === OPTION_COOKIE && edns.cookie === null) {
      edns.cookie = wire.subarray(option + 4, next)
      if (!isCookie(edns.cookie.length)) return null
    }
    option = next
  }
  return edns
}

/** Bytes a cookie option may have: the client's eight alone, or with 8 to 32 of a server (RFC 7873 section 5.2.2). */
function isCookie(bytes: number): boolean {
  return bytes === 8 || (bytes >= 16 && bytes <= 40)
}
