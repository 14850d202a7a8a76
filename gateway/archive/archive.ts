// An uploaded archive as a plain tar that the provisioner can unpack: regular files and directories only, canonical names.
// Called by the desk's deploy, in the unprivileged process: no byte of an archive is parsed by root.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import type { ArchiveType } from '../desk.ts'
import type { Limits } from './plan.ts'
import { spool } from './spool.ts'
import { openTarGz } from './targz.ts'
import { openZip } from './zip.ts'

export type { Limits } from './plan.ts'

export const LIMITS: Limits = { entries: 20_000, upload: 512 * 2 ** 20, unpacked: 2 ** 30 }

/** An archive whose index was checked: directories (parents first), where a file goes, and the files in the archive's order. */
export type Contents = {
  directories: string[]
  place: (path: string) => string
  files: () => AsyncGenerator<{ path: string; size: number; executable: boolean; body: AsyncIterable<Buffer> }>
  close: () => Promise<void>
}

export type Archive = { tar: Readable; discard: () => Promise<void> }

/**
 * Spools an upload in `directory`, checks it and resolves with its plain tar. `bad_archive` names the entry, `too_large` the limit.
 * `tar` fails where a file proves damaged while it is unpacked: only a stream that ended may be committed. `discard` is always to be called.
 */
export async function openArchive(type: ArchiveType, body: Readable, directory: string, limits: Limits = LIMITS): Promise<Archive> {
  const { file, remove } = await spool(body, directory, limits.upload)
  try {
    const tar = await toTar(type, file, limits)
    return { tar, discard: async () => { tar.destroy(); await remove() } }
  } catch (error) {
    await remove()
    throw error
  }
}

/** The archive in `file` as a plain tar. Errors as in openArchive. */
export async function toTar(type: ArchiveType, file: string, limits: Limits = LIMITS): Promise<Readable> {
  const contents = await (type === 'zip' ? openZip(file, limits) : openTarGz(file, limits))
  return Readable.from(written(contents), { objectMode: false })
}

async function* written(contents: Contents): AsyncGenerator<Buffer> {
  const tar = pack()
  const filling = fill(tar, contents).catch((error: unknown) => { tar.destroy(error as Error); throw error })
  filling.catch(() => {})
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) yield chunk
    await filling
  } catch (error) {
    await filling
    throw error
  } finally {
    tar.destroy()
    await filling.catch(() => {})
    await contents.close()
  }
}

async function fill(tar: Pack, { directories, place, files }: Contents): Promise<void> {
  for (const name of directories) tar.entry({ name: `${name}/`, type: 'directory', mode: 0o755 })
  for await (const { path, size, executable, body } of files()) {
    const entry = tar.entry({ name: place(path), size, mode: executable ? 0o755 : 0o644 })
    await pipeline(body, entry as unknown as NodeJS.WritableStream)
  }
  tar.finalize()
}
