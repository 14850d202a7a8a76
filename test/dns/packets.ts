// Queries as bytes: captured from dig, or put together by hand.
import { keyOf } from '../../dns/name.ts'
import type { Key } from '../../dns/tsig.ts'

/** `dig +norec +nocookie alice.example A`, captured: EDNS 0, 1232 bytes; AD is set. */
export const ALICE_EDNS = Buffer.from('4f8600200001000000000001' + '05616c696365076578616d706c6500' + '00010001' + '00002904d0000000000000', 'hex')

/** `dig +noedns alice.example A`, captured: RD and AD are set. */
export const ALICE = Buffer.from('fe6101200001000000000000' + '05616c696365076578616d706c6500' + '00010001', 'hex')

/** `dig +norec alice.example AAAA`, captured: with a cookie. */
export const ALICE_COOKIE = Buffer.from('aa6d00200001000000000001' + '05616c696365076578616d706c6500' + '001c0001' + '00002904d000000000000c000a0008c597507b88c36ad9', 'hex')

/** `dig +norec +dnssec +nocookie +nsid +subnet=192.0.2.0/24 example SOA`, captured: DO and two options. */
export const APEX_OPTIONS = Buffer.from('d99800200001000000000001' + '076578616d706c6500' + '00060001' + '00002904d000008000000f000300000008000700011800c00002', 'hex')

/** When the queries below were captured, in seconds. */
export const SIGNED_AT = 1_796_070_384
export const KEY: Key = { name: keyOf('ns2.example'), secret: Buffer.from('TuK9H3/8ZF6NEYpk7cbZn2pGxR1gWz0vGxkzu1jHvVQ=', 'base64') }

/** `dig -y hmac-sha256:ns2.example:… +norec +nocookie alice.example A`, captured. */
export const SIGNED = Buffer.from('6f2a0020000100000000000205616c696365076578616d706c65000001000100002904d0000000000000036e7332076578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006b0ddbf0012c0020177bbf5e74085128fe80cb6794381423876f5058ad2bb5f0d62fed81b29e05036f2a00000000', 'hex')
/** `kdig -y hmac-sha256:ns2.example:… example SOA`, captured. */
export const SIGNED_KDIG = Buffer.from('e19e01200001000000000001076578616d706c650000060001036e7332076578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006b0ddbf0012c0020ffc7dad3a918f2eb1cab19f5bd3e785ce69368829b4327af310341e4d69a5c7be19e00000000', 'hex')

/** An OPT record (RFC 6891): the size, then extended code, version and flags as one number, then options. */
export function opt(size = 1232, flags = 0, options = ''): string {
  const length = (options.length / 2).toString(16).padStart(4, '0')
  return `000029${size.toString(16).padStart(4, '0')}${flags.toString(16).padStart(8, '0')}${length}${options}`
}

export type Shape = { id?: string; flags?: string; counts?: string; name?: string; type?: number; cls?: number; rest?: string }

/** A query of given parts, in hex where they are strings; by default A of alice.example without EDNS. */
export function query({ id = '1234', flags = '0000', counts = '0001000000000000', name = wireName('alice.example'), type = 1, cls = 1, rest = '' }: Shape = {}): Buffer {
  const numbers = [type, cls].map(number => number.toString(16).padStart(4, '0')).join('')
  return Buffer.from(id + flags + counts + name + numbers + rest, 'hex')
}

/** A query with one additional record. */
export function queryWith(rest: string, shape: Shape = {}): Buffer {
  return query({ counts: '0001000000000001', rest, ...shape })
}

/** A dotted name in wire form, hex. */
export function wireName(name: string): string {
  const labels = name.split('.').filter(label => label !== '')
  return labels.map(label => Buffer.from([label.length]).toString('hex') + Buffer.from(label, 'latin1').toString('hex')).join('') + '00'
}

/** What a header says. */
export function header(packet: Buffer): { id: number; qr: boolean; aa: boolean; tc: boolean; rd: boolean; ra: boolean; rest: number; opcode: number; rcode: number; counts: number[] } {
  const flags = packet.readUInt16BE(2)
  return {
    id: packet.readUInt16BE(0), qr: (flags & 0x8000) !== 0, opcode: flags >> 11 & 15, aa: (flags & 0x400) !== 0, tc: (flags & 0x200) !== 0,
    rd: (flags & 0x100) !== 0, ra: (flags & 0x80) !== 0, rest: flags >> 4 & 7, rcode: flags & 15, counts: [4, 6, 8, 10].map(at => packet.readUInt16BE(at)),
  }
}
