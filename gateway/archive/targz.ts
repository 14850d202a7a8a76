// Reads a tar.gz archive: once from end to end to check all of it, then again to pass it on. Called by archive.ts.
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { AubergeError } from '../../wire/error.ts'
import type { Contents } from './archive.ts'
import { refuse } from './names.ts'
import { Plan, tooLarge, type Claim, type Limits } from './plan.ts'
import { atMost } from './spool.ts'

/** Bytes of tar around an entry: its head, padding and the long names of pax. */
const AROUND = 4096
const WHAT: Record<string, string> = { link: 'is a hard link', symlink: 'is a symbolic link', fifo: 'is a FIFO', 'character-device': 'is a device', 'block-device': 'is a device' }

type Source = AsyncIterable<Buffer> & { header: Header; resume(): unknown }

/** Checks the whole of the tar.gz in `file`. */
export async function openTarGz(file: string, limits: Limits): Promise<Contents> {
  const plan = new Plan(limits)
  for await (const source of sources(file, limits)) {
    plan.add(claim(source.header))
    source.resume()
  }
  return { ...plan.finish(), files: () => files(file, plan, limits), close: async () => {} }
}

async function* files(file: string, plan: Plan, limits: Limits): AsyncGenerator<{ path: string; size: number; executable: boolean; body: AsyncIterable<Buffer> }> {
  let at = 0
  for await (const source of sources(file, limits)) {
    const planned = plan.files[at++]
    if (planned) yield { ...planned, body: source }
    source.resume()
  }
}

/** The entries one after another; each must be read or resumed. What gzip or tar finds wrong is `bad_archive`. */
async function* sources(file: string, limits: Limits): AsyncGenerator<Source> {
  const tar = extract()
  const stop = new AbortController()
  let failure: unknown = null
  const most = limits.unpacked + limits.entries * AROUND
  const fed = pipeline(createReadStream(file), createGunzip(), atMost(most, tooLarge(limits).message), tar as unknown as NodeJS.WritableStream, { signal: stop.signal })
    .catch((error: unknown) => { failure ??= error; tar.destroy(error as Error) })
  try {
    for await (const source of tar) yield source as unknown as Source
    await fed
    if (failure) throw failure
  } catch (error) {
    throw translate(failure ?? error)
  } finally {
    stop.abort()
    await fed
  }
}

function claim(header: Header): Claim {
  const { name, type, size, mode } = header
  if (type === 'directory') {
    if (size > 0) throw refuse(name, 'is a directory with contents')
    return { name, kind: 'directory', size: 0, executable: true }
  }
  if (type !== 'file' && type !== 'contiguous-file') throw refuse(name, WHAT[type] ?? 'is neither a plain file nor a directory')
  if (Object.keys(header.pax ?? {}).some(key => key.startsWith('GNU.sparse'))) throw refuse(name, 'is a sparse file; make the archive without --sparse')
  if (name.endsWith('/')) throw refuse(name, 'is a file with the name of a directory')
  return { name, kind: 'file', size, executable: (mode & 0o111) !== 0 }
}

function translate(error: unknown): Error {
  if (error instanceof AubergeError) return error
  const said = (error as Error).message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
  return new AubergeError('bad_archive', `the file is not a tar.gz archive, or a damaged one (${said}); nothing was changed`, { cause: error })
}
