// What follows the question in an answer. Called by cache.ts. Names in it are pointers into the question (RFC 1035 section 4.1.4), so
// that it fits under every question name of the same length.
import { CLASS_IN, HEADER } from './codes.ts'
import type { Said } from './lookup.ts'
import { isWithin } from './name.ts'
import { shortened } from './rdata.ts'
import type { Rrset } from './sets.ts'

/** `essential`: how many of the bytes are answer and authority; the rest, additionals, may be left out (RFC 2181 section 9). */
export type Body = { bytes: Buffer; essential: number; answers: number; authorities: number; additionals: number }

/** A zone's name in wire form. */
type Suffix = { key: string }

/** A record ready to be written. */
type Line = { name: Buffer; type: number; ttl: number; data: Buffer }

/** Octets of type, class, TTL and length. */
const FIXED = 10

/** The name that was asked. */
const ASKED = pointer(HEADER)

/** The body of `said` for a question name of `nameLength` octets in the zone. */
export function encode(said: Said, nameLength: number, zone: Suffix): Body {
  const suffixAt = HEADER + nameLength - zone.key.length
  const lines: Line[] = []
  for (const set of said.answers) addLines(lines, set, zone.key, suffixAt)
  const answers = lines.length
  for (const set of said.authorities) addLines(lines, set, zone.key, suffixAt)
  const authorities = lines.length - answers
  const essential = sizeOf(lines)
  for (const set of said.additionals) addLines(lines, set, zone.key, suffixAt)
  return { bytes: written(lines), essential, answers, authorities, additionals: lines.length - answers - authorities }
}

/** The same for the addresses of the name that was asked and nothing else, whatever its length: a third of the time. */
export function addressesBody({ answers: [set] }: Said): Body {
  const { type, ttl, rdata } = set ?? { type: 0, ttl: 0, rdata: [] as Buffer[] }
  const size = ASKED.length + FIXED + (rdata[0]?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size * rdata.length)
  for (const [n, data] of rdata.entries()) {
    const at = n * size
    ASKED.copy(bytes, at)
    writeFixed(bytes, at + ASKED.length, { type, ttl, data })
    data.copy(bytes, at + ASKED.length + FIXED)
  }
  return { bytes, essential: bytes.length, answers: rdata.length, authorities: 0, additionals: 0 }
}

function writeFixed(bytes: Buffer, at: number, { type, ttl, data }: Omit<Line, 'name'>): void {
  bytes.writeUInt16BE(type, at)
  bytes.writeUInt16BE(CLASS_IN, at + 2)
  bytes.writeUInt32BE(ttl, at + 4)
  bytes.writeUInt16BE(data.length, at + 8)
}

/** The records of one set in a message that asks for the zone's own name, and how many they are. */
export function recordsOf(set: Rrset, zone: Suffix): { bytes: Buffer; count: number } {
  const lines: Line[] = []
  addLines(lines, set, zone.key, HEADER)
  return { bytes: written(lines), count: lines.length }
}

function addLines(lines: Line[], { owner, type, ttl, rdata }: Rrset, zone: string, suffixAt: number): void {
  const name = owner === null ? ASKED : shorten(Buffer.from(owner, 'latin1'), zone, suffixAt)
  for (const plain of rdata) lines.push({ name, type, ttl, data: shortened(type, plain, inner => shorten(inner, zone, suffixAt)) })
}

/** A name with the zone's name at its end, if it is there, as a pointer to where the question has it. */
function shorten(name: Buffer, zone: string, suffixAt: number): Buffer {
  return isWithin(name.toString('latin1'), zone) ? Buffer.concat([name.subarray(0, name.length - zone.length), pointer(suffixAt)]) : name
}

function pointer(at: number): Buffer {
  return Buffer.from([0xc0 | at >> 8, at & 0xff])
}

function sizeOf(lines: Line[]): number {
  return lines.reduce((sum, { name, data }) => sum + name.length + FIXED + data.length, 0)
}

function written(lines: Line[]): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOf(lines))
  let at = 0
  for (const { name, type, ttl, data } of lines) {
    at += name.copy(bytes, at)
    writeFixed(bytes, at, { type, ttl, data })
    at += FIXED + data.copy(bytes, at + FIXED)
  }
  return bytes
}
