// Keeps an upload in a file while it is checked: zip archives have their index at the end, and nothing is passed on half checked.
// Called by archive.ts. The file is removed in every case.
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AubergeError } from '../../wire/error.ts'

export type Spooled = { file: string; remove: () => Promise<void> }

/** Writes `body` to a new file in `directory`. Over `limit` bytes it is `too_large`; of a failure no file is left. */
export async function spool(body: Readable, directory: string, limit: number): Promise<Spooled> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = `${directory}/${randomBytes(16).toString('hex')}`
  const remove = () => rm(file, { force: true })
  try {
    await pipeline(body, atMost(limit, `the upload is larger than ${mebibytes(limit)}`), createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    await remove()
    throw error
  }
  return { file, remove }
}

/** Removes the uploads that a process which was killed left. To be called once, before any upload is taken. */
export async function sweep(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true, mode: 0o700 })
}

/** Passes bytes on until there are more than `limit`, then fails with `too_large`. */
export function atMost(limit: number, message: string): Transform {
  let passed = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length
      if (passed > limit) done(new AubergeError('too_large', `${message}; make it smaller or split it`))
      else done(null, chunk)
    },
  })
}

export const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`
