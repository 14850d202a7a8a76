// Numbers of the DNS protocol (IANA's registry of DNS parameters) that this server acts on. Used by every file here.

export const TYPE = {
  A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, RRSIG: 46, NSEC: 47, DNSKEY: 48, CDS: 59, CDNSKEY: 60, NXNAME: 128, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252, MAILB: 253, MAILA: 254,
  ANY: 255, CAA: 257,
} as const

export const CLASS_IN = 1

export const OPCODE_QUERY = 0
export const OPCODE_NOTIFY = 4

/** BADVERS and BADCOOKIE are extended: their high bits travel in the OPT record (RFC 6891 section 6.1.3). */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, NOTAUTH: 9, BADVERS: 16 } as const

export type Rcode = (typeof RCODE)[keyof typeof RCODE]

/** EDNS option of DNS cookies (RFC 7873). */
export const OPTION_COOKIE = 10

/** Bytes of a message's header (RFC 1035 section 4.1.1). */
export const HEADER = 12

/** Largest UDP answer, in bytes: fits one unfragmented IPv6 packet. RFC 9715, and the flag day of 2020. */
export const UDP_MOST = 1232

/** Largest UDP answer to a query without EDNS, in bytes (RFC 1035 section 4.2.1). */
export const UDP_PLAIN = 512
