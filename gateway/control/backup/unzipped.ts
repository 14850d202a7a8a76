// What is in a gzip stream, given to whoever reads it. Called by restore.ts.
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AubergeError } from '../../../wire/error.ts'

/** Gives `use` what is in a gzip stream; a damaged one is `bad_archive`. How much it may be is the site's disk limit. */
export async function unzipped<T>(body: Readable, use: (tar: Readable) => Promise<T>): Promise<T> {
  const tar = new PassThrough()
  const fed = pipeline(body, createGunzip(), tar)
  const damaged = fed.catch((cause: unknown) => { throw new AubergeError('bad_archive', 'the backup is no whole tar.gz file: nothing was restored', { cause }) })
  const used = use(tar).finally(() => { tar.destroy() })
  used.catch(() => {})
  damaged.catch(() => {})
  return await Promise.race([used, damaged.then(() => used)])
}
