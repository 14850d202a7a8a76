// Many UDP messages by one call of the kernel each way: recvmmsg(2) and sendmmsg(2). Node reads and sends one packet at a time, which costs several times what
// an answer does. Called by udp.ts when its socket has something to read.
import koffi from 'koffi'
import { UDP_MOST } from './codes.ts'

/** Messages that one call takes. */
export const MANY = 32
/** Bytes of the largest datagram; memory that no datagram reached is not used. */
const QUERY = 65536
/** Bytes of struct sockaddr_in and sockaddr_in6, and where in them the address begins and ends; the port is at the same place in both. */
const NAMES = { 4: { size: 16, address: 4, end: 8 }, 6: { size: 28, address: 8, end: 24 } } as const
const PORT = 2
/** Struct mmsghdr in words of 8 bytes, on any machine of 64 bits: name, its length, vector, one of it, control, its length, flags, the message's length. */
const WORDS = 8
const MSG_DONTWAIT = 0x40
const AF_INET6 = 10
/** Bytes of the longest text of an address (INET6_ADDRSTRLEN). */
const TEXT = Buffer.alloc(46)

const libc = koffi.load('libc.so.6')
const receive = libc.func('int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)') as (fd: number, headers: Uint8Array, count: number, flags: number, timeout: null) => number
const send = libc.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)') as (fd: number, headers: Uint8Array, count: number, flags: number) => number
const inetNtop = libc.func('const char *inet_ntop(int family, void *address, void *text, unsigned int size)') as (family: number, address: Uint8Array, text: Uint8Array, size: number) => string
const move = libc.func('uintptr_t memmove(void *to, void *from, size_t bytes)') as (to: Uint8Array, from: Uint8Array, bytes: number) => number | bigint

/** Answers a query, whose bytes are its own until this returns; null: nothing. */
export type Answer = (wire: Buffer, address: string) => Buffer | null

/** Where `MANY` messages are in memory, and how the kernel is told. */
type Page = { bytes: Buffer; words: BigUint64Array; vectors: BigUint64Array; headers: Uint8Array }

/** A socket's messages in and out: what answers message n goes to where message n came from. */
export class Batch {
  readonly #fd: number
  readonly #name: (typeof NAMES)[4 | 6]
  readonly #names = Buffer.alloc(MANY * NAMES[6].size)
  readonly #in: Page
  readonly #lengths: Uint32Array
  readonly #out: Page

  /** `family`: the socket's, whose addresses are all of that size. */
  constructor(fd: number, family: 4 | 6) {
    this.#fd = fd
    this.#name = NAMES[family]
    this.#in = page(QUERY, this.#names, this.#name.size)
    this.#out = page(UDP_MOST, this.#names, this.#name.size)
    this.#lengths = new Uint32Array(this.#in.words.buffer)
  }

  /** Answers what waits, `MANY` at most; returns how many there were. What can't be sent is lost: UDP clients ask again. */
  turn(answer: Answer): number {
    const count = receive(this.#fd, this.#in.headers, MANY, MSG_DONTWAIT, null)
    let from = 0
    for (let n = 0; n < count; n++) {
      if (this.#put(n, answer)) continue
      this.#send(from, n)
      from = n + 1
    }
    this.#send(from, count)
    return count
  }

  /** False where nothing is to be sent. */
  #put(n: number, answer: Answer): boolean {
    const name = n * this.#name.size
    // Nobody can be answered at port 0.
    if (this.#names.readUInt16BE(name + PORT) === 0) return false
    const wire = this.#in.bytes.subarray(n * QUERY, n * QUERY + (this.#lengths[2 * (n * WORDS + 7)] ?? 0))
    const said = answer(wire, textOf(this.#names.subarray(name + this.#name.address, name + this.#name.end)))
    if (said === null || said.length > UDP_MOST) return false
    said.copy(this.#out.bytes, n * UDP_MOST)
    this.#out.vectors[2 * n + 1] = BigInt(said.length)
    return true
  }

  /** The kernel stops at a message that it can't send, which is then left out. */
  #send(from: number, to: number): void {
    for (let n = from; n < to;) n += Math.max(1, send(this.#fd, this.#out.headers.subarray(n * WORDS * 8), to - n, MSG_DONTWAIT))
  }
}

/** An address's text, as the kernel's is written by node:dgram. */
function textOf(address: Buffer): string {
  if (address.length === 4) return `${address[0]}.${address[1]}.${address[2]}.${address[3]}`
  return inetNtop(AF_INET6, address, TEXT, TEXT.length)
}

function page(size: number, names: Buffer, name: number): Page {
  const bytes = Buffer.allocUnsafeSlow(MANY * size)
  const [words, vectors] = [new BigUint64Array(MANY * WORDS), new BigUint64Array(MANY * 2)]
  for (let n = 0; n < MANY; n++) {
    vectors.set([addressOf(bytes, n * size), BigInt(size)], 2 * n)
    words.set([addressOf(names, n * name), 0n, addressOf(vectors, n * 16), 1n], n * WORDS)
    new Uint32Array(words.buffer)[2 * (n * WORDS + 1)] = name
  }
  return { bytes, words, vectors, headers: new Uint8Array(words.buffer) }
}

function addressOf(memory: Uint8Array | BigUint64Array, offset: number): bigint {
  const bytes = new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength)
  return BigInt(move(bytes, bytes, 0)) + BigInt(offset)
}
