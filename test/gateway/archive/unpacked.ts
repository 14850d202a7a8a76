// Runs an archive through openArchive and tells what would be unpacked. Used by the tests of this folder.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { extract, pack, type Header } from 'tar-stream'
import { LIMITS, openArchive, type Limits } from '../../../gateway/archive/archive.ts'
import type { ArchiveType } from '../../../gateway/desk.ts'

export type Unpacked = Record<string, { text: string; mode: number } | 'directory'>

/** A directory for uploads that is gone afterwards; `left` lists what is in it. */
export function uploads(t: TestContext): { directory: string; left: () => string[] } {
  const directory = mkdtempSync(`${tmpdir()}/auberge-uploads-`)
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return { directory, left: () => readdirSync(directory) }
}

/** What an archive's plain tar holds. Throws what openArchive or its stream throws; fails if the upload's file is left. */
export async function unpacked(t: TestContext, type: ArchiveType, bytes: Buffer | Readable, limits: Limits = LIMITS): Promise<Unpacked> {
  const { directory, left } = uploads(t)
  try {
    const { tar, discard } = await openArchive(type, bytes instanceof Readable ? bytes : Readable.from([bytes], { objectMode: false }), directory, limits)
    try {
      return await entries(tar)
    } finally {
      await discard()
    }
  } finally {
    if (left().length > 0) throw new Error(`left behind: ${left().join(', ')}`)
  }
}

async function entries(tar: Readable): Promise<Unpacked> {
  const all: Unpacked = {}
  const reader = extract()
  const fed = pipeline(tar, reader as unknown as NodeJS.WritableStream)
  fed.catch(() => {})
  try {
    for await (const source of reader) {
      const { name, type, mode } = source.header
      let text = ''
      for await (const chunk of source as AsyncIterable<Buffer>) text += chunk.toString('latin1')
      all[name] = type === 'directory' ? 'directory' : { text, mode }
    }
  } finally {
    await fed
  }
  return all
}

/** A tar.gz of entries as they are given. */
export async function tarGz(list: [Partial<Header> & { name: string }, string?][]): Promise<Buffer> {
  return gzipSync(await plainTar(list))
}

export async function plainTar(list: [Partial<Header> & { name: string }, string?][]): Promise<Buffer> {
  const tar = pack()
  for (const [header, text = ''] of list) tar.entry(header, text)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
