// A file that the provisioner sends: a line that says its size and version, then its content. Called by client.ts.
import { PassThrough, type Readable, type TransformCallback } from 'node:stream'
import { AubergeError } from '../wire/error.ts'
import type { FileContent } from './api.ts'

/** Bytes of the line. */
const LONGEST = 200

/** Resolves once the line has come. A content that ends too early fails. */
export async function content(from: Readable): Promise<FileContent> {
  const { line, rest } = await firstLine(from)
  const [size = '', version = ''] = line.split(' ')
  if (!/^\d+$/.test(size)) throw broken(from)
  return { size: Number(size), version, content: whole(from, Number(size), rest) }
}

async function firstLine(from: Readable): Promise<{ line: string; rest: Buffer }> {
  let held = Buffer.alloc(0)
  const { promise, resolve, reject } = Promise.withResolvers<{ line: string; rest: Buffer }>()
  const look = (): void => {
    for (let chunk = from.read() as Buffer | null; chunk; chunk = from.read() as Buffer | null) {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf(10)
      if (end >= 0) return resolve({ line: held.toString('latin1', 0, end), rest: held.subarray(end + 1) })
      if (held.length > LONGEST) return reject(broken(from))
    }
  }
  const ended = () => reject(broken(from))
  from.on('readable', look).once('end', ended).once('error', reject)
  try {
    return await promise
  } finally {
    from.off('readable', look).off('end', ended).off('error', reject)
  }
}

function whole(from: Readable, size: number, rest: Buffer): Readable {
  const out = new Counted(size)
  out.write(rest)
  from.once('error', error => out.destroy(error)).pipe(out)
  out.once('close', () => from.destroy())
  return out
}

class Counted extends PassThrough {
  #left: number
  constructor(size: number) { super(); this.#left = size }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#left -= chunk.length
    super._transform(chunk, encoding, done)
  }

  override _flush(done: TransformCallback): void {
    done(this.#left === 0 ? null : new AubergeError('conflict', 'the file became shorter while it was read; read it again'))
  }
}

function broken(from: Readable): AubergeError {
  from.destroy()
  return new AubergeError('unavailable', 'the file could not be read; try again in a moment')
}
