// The PROXY protocol's header, versions 1 and 2 (HAProxy's proxy-protocol.txt): whose connection a load balancer passes on. For peek.ts, ahead of TLS and of a visitor.
import { isIPv4, isIPv6 } from 'node:net'
import { canonical } from '../../../wire/address.ts'
import type { Reading } from '../peek.ts'

/** Who connected, and to which port; null where the balancer speaks for itself (LOCAL, UNKNOWN): then the connection's own address counts. */
export type Passed = { address: string; port: number } | null

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** A line of version 1 at its longest, CRLF included (section 2.1). */
const LINE = 107
/** What version 2 may say after its 16 bytes: addresses and a few TLVs, which are skipped. */
const MOST = 2_048
/** The most a reader of the header needs at once. */
export const HEADER_MOST = 16 + MOST

/** Reads the header at the beginning of a connection. */
export function readHeader(bytes: Buffer): Reading<Passed> {
  if (begins(bytes, SIGNATURE)) return bytes.length < 16 ? 'more' : binary(bytes)
  return begins(bytes, Buffer.from('PROXY ')) ? line(bytes) : 'wrong'
}

/** Whether the bytes so far agree with `start`. */
function begins(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function line(bytes: Buffer): Reading<Passed> {
  const text = bytes.toString('latin1', 0, LINE)
  const end = text.indexOf('\r\n')
  if (end < 0) return text.length === LINE || /[\r\n]./s.test(text) || text.includes('\n') ? 'wrong' : 'more'
  const words = text.slice(0, end).split(' ')
  if (words[1] === 'UNKNOWN') return { value: null, used: end + 2 }
  const passed = fromWords(words)
  return passed === null ? 'wrong' : { value: passed, used: end + 2 }
}

function fromWords([, family, source = '', target = '', from = '', to = '', ...rest]: string[]): Passed {
  const fits = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : null
  if (fits === null || rest.length > 0 || !fits(source) || !fits(target) || !isPort(from) || !isPort(to)) return null
  return { address: canonical(source), port: Number(to) }
}

/** Without a zone, which `isIPv6` lets pass. */
function isPlainIPv6(text: string): boolean { return isIPv6(text) && !text.includes('%') }
function isPort(text: string): boolean { return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535 }

function binary(bytes: Buffer): Reading<Passed> {
  const version = bytes.readUInt8(12)
  const length = bytes.readUInt16BE(14)
  if ((version !== 0x20 && version !== 0x21) || length > MOST) return 'wrong'
  if (bytes.length < 16 + length) return 'more'
  const used = 16 + length
  if (version === 0x20) return { value: null, used }
  const passed = fromBinary(bytes.readUInt8(13), bytes.subarray(16, used))
  return passed === undefined ? 'wrong' : { value: passed, used }
}

/** By family and transport: TCP over IPv4 and IPv6, and unspecified. undefined where it is none of these, or too short. */
function fromBinary(family: number, said: Buffer): Passed | undefined {
  if (family === 0x00) return null
  if (family === 0x11 && said.length >= 12) return { address: said.subarray(0, 4).join('.'), port: said.readUInt16BE(10) }
  if (family === 0x21 && said.length >= 36) return { address: sixOf(said.subarray(0, 16)), port: said.readUInt16BE(34) }
  return undefined
}

function sixOf(octets: Buffer): string {
  return canonical(Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16)).join(':'))
}
