// The alerts we send ourselves, before TLS has begun (RFC 8446 section 6). Used by hello.ts and door.ts.

export const ALERTS = {
  unexpectedMessage: 10,
  handshakeFailure: 40,
  illegalParameter: 47,
  decodeError: 50,
  /** No certificate of ours covers the name. */
  unrecognizedName: 112,
  /** `acme-tls/1` for a name that has no challenge. */
  noApplicationProtocol: 120,
}

/** A fatal alert as a record: type 21, version 3.3, two bytes. */
export function alertRecord(code: number): Buffer { return Buffer.from([21, 3, 3, 0, 2, 2, code]) }
