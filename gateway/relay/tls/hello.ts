// Reads a ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7301) ahead of TLS: which name, which protocols, which versions.
// Strict and bounded; what it lets through, OpenSSL reads again. Called by door.ts through peek.ts.
import { ALERTS } from './alert.ts'

/** What a client opens with. `name`: lower case, null where none or an address was given. */
export type Hello = { name: string | null; protocols: string[]; versions: number[] }

/** A hello, a plain HTTP request on a port that speaks TLS, or why it is refused (the alert's code). */
export type Greeting = { kind: 'hello'; hello: Hello } | { kind: 'plain' } | { kind: 'refused'; alert: number }

/** The most bytes of a ClientHello, records included. Browsers send 2 KiB with post-quantum keys. */
export const MOST = 16_384

/** The most records it may come in. Nobody needs more, and each costs a look with every arrival. */
const RECORDS = 64

const HANDSHAKE = 22
const CLIENT_HELLO = 1

/** The greeting that `bytes` begin with; null while it isn't whole. */
export function readGreeting(bytes: Buffer): Greeting | null {
  const first = bytes[0]
  if (first === undefined) return null
  if (first >= 65 && first <= 90) return { kind: 'plain' }
  if (first !== HANDSHAKE) return refused(ALERTS.unexpectedMessage)
  try {
    const message = messageOf(bytes)
    return message === null ? null : { kind: 'hello', hello: readHello(new Reader(message)) }
  } catch (error) {
    if (error instanceof Malformed) return refused(error.alert)
    throw error
  }
}

function refused(alert: number): Greeting { return { kind: 'refused', alert } }

class Malformed extends Error {
  readonly alert: number
  constructor(alert: number = ALERTS.decodeError) {
    super('malformed ClientHello')
    this.alert = alert
  }
}

/** The handshake message in one or several records, without its header; null while it isn't whole. */
function messageOf(bytes: Buffer): Buffer | null {
  const fragments: Buffer[] = []
  let at = 0
  let held = 0
  while (at + 5 <= bytes.length) {
    const size = bytes.readUInt16BE(at + 3)
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || size === 0 || size > MOST) throw new Malformed(bytes[at] === HANDSHAKE ? ALERTS.decodeError : ALERTS.unexpectedMessage)
    const fragment = bytes.subarray(at + 5, at + 5 + size)
    fragments.push(fragment)
    held += fragment.length
    if (fragments.length > RECORDS) throw new Malformed()
    if (sizeOf(fragments, held) <= held) return whole(fragments)
    if (fragment.length < size) return null
    at += 5 + size
  }
  return null
}

/** How long the message with its header is, as far as can be told; throws where it is no ClientHello or too long. */
function sizeOf(fragments: Buffer[], held: number): number {
  if (held > 0 && fragments[0]?.[0] !== CLIENT_HELLO) throw new Malformed(ALERTS.unexpectedMessage)
  if (held < 4) return 4 + held
  const head = fragments[0] !== undefined && fragments[0].length >= 4 ? fragments[0] : Buffer.concat(fragments)
  const size = head.readUIntBE(1, 3)
  if (size > MOST) throw new Malformed()
  return 4 + size
}

/** A second message in the same record is not the client's turn. */
function whole(fragments: Buffer[]): Buffer {
  const all = fragments.length === 1 && fragments[0] !== undefined ? fragments[0] : Buffer.concat(fragments)
  return all.subarray(4, 4 + all.readUIntBE(1, 3))
}

/** Takes numbers and vectors off the front of some bytes. */
class Reader {
  private readonly bytes: Buffer
  private at = 0
  constructor(bytes: Buffer) { this.bytes = bytes }

  get left(): number { return this.bytes.length - this.at }

  number(width: 1 | 2): number {
    if (this.left < width) throw new Malformed()
    this.at += width
    return this.bytes.readUIntBE(this.at - width, width)
  }

  take(size: number): Buffer {
    if (this.left < size) throw new Malformed()
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }

  /** A vector whose length is in `width` bytes, at least `least` bytes long. */
  vector(width: 1 | 2, least = 0): Reader {
    const inside = this.take(this.number(width))
    if (inside.length < least) throw new Malformed()
    return new Reader(inside)
  }

  over(): void { if (this.left > 0) throw new Malformed() }
}

function readHello(reader: Reader): Hello {
  const hello: Hello = { name: null, protocols: [], versions: [reader.number(2)] }
  reader.take(32)
  if (reader.vector(1).left > 32) throw new Malformed()
  if (reader.vector(2, 2).left % 2 !== 0) throw new Malformed()
  reader.vector(1, 1)
  if (reader.left > 0) readExtensions(reader.vector(2), hello)
  reader.over()
  return hello
}

/** Each extension at most once (RFC 8446 section 4.2). */
function readExtensions(extensions: Reader, hello: Hello): void {
  const seen = new Set<number>()
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const inside = extensions.vector(2)
    if (seen.has(type)) throw new Malformed(ALERTS.illegalParameter)
    seen.add(type)
    if (type === 0) hello.name = readName(inside)
    else if (type === 16) hello.protocols = readProtocols(inside)
    else if (type === 43) hello.versions = readVersions(inside)
  }
}

/** One name, of the only type there is. */
function readName(inside: Reader): string | null {
  const list = inside.vector(2, 1)
  inside.over()
  if (list.number(1) !== 0) throw new Malformed()
  const name = list.vector(2, 1)
  list.over()
  return nameOf(name.take(name.left).toString('latin1').toLowerCase())
}

/** An address is no name (RFC 6066 section 3), though some clients send one; whatever else isn't a name is nobody's. */
function nameOf(text: string): string | null {
  if (/^[0-9.]+$/.test(text) || text.includes(':')) return null
  if (!/^[a-z0-9_]([a-z0-9_.-]{0,252})$/.test(text)) throw new Malformed(ALERTS.illegalParameter)
  return text.endsWith('.') ? text.slice(0, -1) : text
}

function readProtocols(inside: Reader): string[] {
  const list = inside.vector(2, 2)
  inside.over()
  const protocols: string[] = []
  while (list.left > 0) {
    const protocol = list.vector(1, 1)
    protocols.push(protocol.take(protocol.left).toString('latin1'))
  }
  return protocols
}

function readVersions(inside: Reader): number[] {
  const list = inside.vector(1, 2)
  inside.over()
  const versions: number[] = []
  while (list.left > 0) versions.push(list.number(2))
  return versions
}
