// Queries as bytes: captured from dig, or put together by hand.

/** `dig +norec +nocookie alice.example A`, captured: EDNS 0, 1232 bytes; AD is set. */
export const ALICE_EDNS = Buffer.from('4f8600200001000000000001' + '05616c696365076578616d706c6500' + '00010001' + '00002904d0000000000000', 'hex')

/** `dig +noedns alice.example A`, captured: RD and AD are set. */
export const ALICE = Buffer.from('fe6101200001000000000000' + '05616c696365076578616d706c6500' + '00010001', 'hex')

/** `dig +norec alice.example AAAA`, captured: with a cookie. */
export const ALICE_COOKIE = Buffer.from('aa6d00200001000000000001' + '05616c696365076578616d706c6500' + '001c0001' + '00002904d000000000000c000a0008c597507b88c36ad9', 'hex')

/** `dig +norec +dnssec +nocookie +nsid +subnet=192.0.2.0/24 example SOA`, captured: DO and two options. */
export const APEX_OPTIONS = Buffer.from('d99800200001000000000001' + '076578616d706c6500' + '00060001' + '00002904d000008000000f000300000008000700011800c00002', 'hex')

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
