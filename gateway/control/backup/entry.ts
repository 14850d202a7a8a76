// The first entry of a tar and the stream of all that follow it: a backup's description is read here, without root, and the rest passed on unread.
import { Readable } from 'node:stream'
import { AubergeError } from '../../../wire/error.ts'

/** Bytes an entry that is read whole may have. */
const MOST = 256 * 1024
/** tar comes in blocks of so many bytes. */
const BLOCK = 512

/** The text of the first entry, a plain file by this name, and a tar of those that follow. `bad_archive` where it is something else. */
export async function firstEntry(tar: Readable, name: string): Promise<{ text: string; rest: Readable }> {
  const pieces = new Pieces(tar)
  const head = await pieces.take(BLOCK)
  const size = sizeIn(head)
  if (size === null || textAt(head, 0, 100) !== name) throw new AubergeError('bad_archive', `the archive does not begin with ${name}: it is no backup made by Auberge`)
  if (size > MOST) throw new AubergeError('bad_archive', `the entry ${name} of the backup has more than ${MOST} bytes`)
  const body = await pieces.take(Math.ceil(size / BLOCK) * BLOCK)
  return { text: body.toString('utf8', 0, size), rest: Readable.from(pieces.rest(), { objectMode: false }) }
}

/** Bytes of the plain file a head speaks of, or null. The fields of POSIX ustar: size at 124, checksum at 148 (counted as spaces), type at 156. */
function sizeIn(head: Buffer): number | null {
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  const [size, checksum] = [textAt(head, 124, 12), textAt(head, 148, 8)].map(octal)
  if (size === undefined || Number.isNaN(size) || checksum !== sum) return null
  return head[156] === 0x30 || head[156] === 0 ? size : null
}

const textAt = (head: Buffer, at: number, length: number) => head.toString('latin1', at, at + length).split('\0')[0] ?? ''
const octal = (text: string) => (/^[0-7 ]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN)

/** A stream by exact numbers of bytes, then what is left of it. */
class Pieces {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) { this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer> }

  async take(count: number): Promise<Buffer> {
    while (this.#held.length < count) {
      const { value, done } = await this.#chunks.next()
      if (done) throw new AubergeError('bad_archive', 'the backup ends too early: it was cut off')
      this.#held = Buffer.concat([this.#held, value])
    }
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    return taken
  }

  async *rest(): AsyncGenerator<Buffer> {
    if (this.#held.length > 0) yield this.#held
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) yield next.value
  }
}
