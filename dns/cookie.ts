// DNS cookies (RFC 7873, in the form of RFC 9018): a client that shows one was seen at its address before, so it isn't
// a forged sender, and rate limits spare it. Called by respond.ts.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { writeAddress } from './address.ts'
import { siphash } from './siphash.ts'

/** Bytes of a client's part, of a server's part, and of both. */
const CLIENT = 8
export const COOKIE = 24

/** Seconds (RFC 9018 section 4.3): older than that is refused, that far in the future too, and half an hour is renewed. */
const OLDEST = 3600
const NEWEST = 300
const RENEWED = 1800

/** Makes and checks cookies under one secret of 16 bytes, by default a new one for each process. `clock` in milliseconds. */
export class Cookies {
  readonly #secret: Buffer
  readonly #clock: () => number
  readonly #hashed = Buffer.alloc(CLIENT + 8 + 16)

  constructor(secret: Buffer = randomBytes(16), clock: () => number = Date.now) {
    this.#secret = secret
    this.#clock = clock
  }

  /** The cookie to answer with, and whether the client's own showed that it lives at `address`. */
  answer(cookie: Buffer, address: string): { known: boolean; cookie: Buffer } {
    const now = Math.floor(this.#clock() / 1000)
    if (cookie.length === COOKIE && cookie[CLIENT] === 1) {
      const age = now - cookie.readUInt32BE(CLIENT + 4) | 0
      const known = age <= OLDEST && age >= -NEWEST && timingSafeEqual(cookie, this.#sign(cookie, cookie, address))
      if (known && age <= RENEWED) return { known, cookie }
      return { known, cookie: this.#make(cookie, address, now) }
    }
    return { known: false, cookie: this.#make(cookie, address, now) }
  }

  #make(cookie: Buffer, address: string, now: number): Buffer {
    const head = Buffer.alloc(CLIENT + 8)
    head[CLIENT] = 1
    head.writeUInt32BE(now, CLIENT + 4)
    return this.#sign(cookie, head, address)
  }

  /** Client's part | version, reserved, time | hash of these and the address (RFC 9018 section 4). */
  #sign(client: Buffer, head: Buffer, address: string): Buffer {
    client.copy(this.#hashed, 0, 0, CLIENT)
    head.copy(this.#hashed, CLIENT, CLIENT, CLIENT + 8)
    const length = CLIENT + 8 + writeAddress(address, this.#hashed.subarray(CLIENT + 8))
    const signed = Buffer.alloc(COOKIE)
    this.#hashed.copy(signed, 0, 0, CLIENT + 8)
    siphash(this.#secret, this.#hashed, length, signed, CLIENT + 8)
    return signed
  }
}
