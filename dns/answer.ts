// Writes an answer: header, the question as it was asked, a finished body, OPT. Called by respond.ts.
import type { Body } from './body.ts'
import { HEADER, OPTION_COOKIE, TYPE, UDP_MOST, type Rcode } from './codes.ts'
import type { Asked } from './parse.ts'

/** What to answer. `body` null: no records. `cookie`: the whole one, 24 bytes. */
export type Reply = { rcode: Rcode; authoritative: boolean; truncated: boolean; body: Body | null; cookie: Buffer | null }

/** Bytes of an OPT record without options. */
const OPT = 11

/** The answer in at most `most` bytes; what does not fit goes: additionals silently, else all records, with TC set. */
export function write(asked: Asked, reply: Reply, most: number): Buffer {
  const opt = asked.edns === null ? 0 : OPT + (reply.cookie === null ? 0 : 4 + reply.cookie.length)
  const room = most - asked.questionEnd - opt
  const bytes = fitting(reply.body, room)
  const truncated = reply.truncated || bytes < 0
  const end = asked.questionEnd + Math.max(0, bytes)
  const packet = Buffer.allocUnsafe(end + opt)
  asked.wire.copy(packet, 0, 0, asked.questionEnd)
  reply.body?.bytes.copy(packet, asked.questionEnd, 0, Math.max(0, bytes))
  writeHeader(packet, asked, reply, truncated)
  writeCounts(packet, asked, bytes < 0 ? null : reply.body, bytes)
  if (asked.edns !== null) writeOpt(packet, end, asked.edns.dnssec, reply)
  return packet
}

/** How many bytes of the body fit: all, the essential, or -1 for nothing. */
function fitting(body: Body | null, room: number): number {
  if (body === null) return 0
  if (body.bytes.length <= room) return body.bytes.length
  return body.essential <= room ? body.essential : -1
}

/** The id and the question are the query's; RD is copied, RA, Z, AD and CD are clear (RFC 1035 4.1.1, RFC 4035 3.1.6). */
function writeHeader(packet: Buffer, asked: Asked, reply: Reply, truncated: boolean): void {
  const opcodeAndRd = (asked.wire[2] ?? 0) & 0x79
  packet[2] = 0x80 | opcodeAndRd | (reply.authoritative ? 0x04 : 0) | (truncated ? 0x02 : 0)
  packet[3] = reply.rcode & 0xf
}

function writeCounts(packet: Buffer, asked: Asked, body: Body | null, bytes: number): void {
  const additionals = body !== null && bytes === body.bytes.length ? body.additionals : 0
  packet.writeUInt16BE(asked.questionEnd > HEADER ? 1 : 0, 4)
  packet.writeUInt16BE(body?.answers ?? 0, 6)
  packet.writeUInt16BE(body?.authorities ?? 0, 8)
  packet.writeUInt16BE(additionals + (asked.edns === null ? 0 : 1), 10)
}

/** RFC 6891 section 6.1: our UDP size, the high bits of the code, version 0, DO as it was asked (RFC 3225). */
function writeOpt(packet: Buffer, at: number, dnssec: boolean, reply: Reply): void {
  packet[at] = 0
  packet.writeUInt16BE(TYPE.OPT, at + 1)
  packet.writeUInt16BE(UDP_MOST, at + 3)
  packet[at + 5] = reply.rcode >> 4
  packet[at + 6] = 0
  packet.writeUInt16BE(dnssec ? 0x8000 : 0, at + 7)
  packet.writeUInt16BE(reply.cookie === null ? 0 : 4 + reply.cookie.length, at + 9)
  if (reply.cookie === null) return
  packet.writeUInt16BE(OPTION_COOKIE, at + OPT)
  packet.writeUInt16BE(reply.cookie.length, at + OPT + 2)
  reply.cookie.copy(packet, at + OPT + 4)
}
