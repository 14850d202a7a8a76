// Reads a zip archive (PKWARE APPNOTE): its whole index is checked before the first byte is passed on, each file while it is inflated.
// Called by archive.ts. Names and types come from the central directory alone, so local headers can't tell another story.
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl'
import { AubergeError } from '../../wire/error.ts'
import { refuse } from './names.ts'
import { Plan, type Claim, type Limits } from './plan.ts'
import type { Contents } from './archive.ts'

const TYPE = 0xf000
const SYMLINK = 0xa000
const REGULAR = 0x8000
const DIRECTORY = 0x4000
const STORED = 0
const DEFLATED = 8
/** "Version made by" of systems whose attributes carry a Unix mode. */
const UNIX = [3, 19]

/** Checks the index of the zip in `file`. */
export async function openZip(file: string, limits: Limits): Promise<Contents> {
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true, decodeStrings: false, validateEntrySizes: true }).catch(translate)
  try {
    const plan = new Plan(limits)
    const entries = await index(zip, plan)
    await apart(zip, entries)
    return { ...plan.finish(), files: () => files(zip, plan, entries), close: async () => zip.close() }
  } catch (error) {
    zip.close()
    return translate(error)
  }
}

async function index(zip: ZipFile, plan: Plan): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of zip.eachEntry()) {
    // Decoded here rather than by the library, so that a bad name is refused in our words, and no backslash is made a slash.
    entry.fileName = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
    plan.add(claim(entry))
    entries.push(entry)
  }
  return entries
}

function claim(entry: Entry): Claim {
  const name = entry.fileName
  if (entry.isEncrypted()) throw refuse(name, 'is encrypted')
  if (![STORED, DEFLATED].includes(entry.compressionMethod)) throw refuse(name, `is compressed by a method (${entry.compressionMethod}) that is not supported; use deflate`)
  const kind = name.endsWith('/') ? 'directory' : 'file'
  const mode = entry.externalFileAttributes >>> 16
  const unix = UNIX.includes(entry.versionMadeBy >>> 8)
  agree(name, kind, mode & TYPE, unix)
  if (kind === 'directory' && entry.uncompressedSize > 0) throw refuse(name, 'is a directory with contents')
  return { name, kind, size: entry.uncompressedSize, executable: unix && (mode & 0o111) !== 0 }
}

/** A link is refused whatever system claims it; other types only count where the attributes are Unix's. */
function agree(name: string, kind: Claim['kind'], type: number, unix: boolean): void {
  if (type === SYMLINK) throw refuse(name, 'is a symbolic link')
  if (!unix || type === 0) return
  if (type !== (kind === 'directory' ? DIRECTORY : REGULAR)) throw refuse(name, 'is neither a plain file nor a directory')
}

/** Entries that share bytes are how small archives unpack to petabytes. */
async function apart(zip: ZipFile, entries: Entry[]): Promise<void> {
  let end = 0
  const ordered = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)
  for (const entry of ordered) {
    if (entry.relativeOffsetOfLocalHeader < end) throw refuse(entry.fileName, 'shares its bytes with another entry')
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
    end = fileDataStart + entry.compressedSize
    if (end > zip.fileSize) throw refuse(entry.fileName, 'is cut off')
  }
}

async function* files(zip: ZipFile, plan: Plan, entries: Entry[]): AsyncGenerator<{ path: string; size: number; executable: boolean; body: AsyncIterable<Buffer> }> {
  for (const [at, file] of plan.files.entries()) {
    if (file) yield { ...file, body: checked(zip, entries[at]!) }
  }
}

/** A file's bytes; fails at the end when they aren't those the index promised. */
async function* checked(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  let sum = 0
  const stream: Readable = await zip.openReadStreamPromise(entry).catch(translate)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum)
      yield chunk
    }
  } catch (cause) {
    throw refuse(entry.fileName, `is damaged (${(cause as Error).message})`)
  } finally {
    stream.destroy()
  }
  if (sum !== entry.crc32) throw refuse(entry.fileName, 'is damaged (wrong checksum)')
}

function translate(error: unknown): never {
  if (error instanceof AubergeError) throw error
  const said = (error as Error).message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
  throw new AubergeError('bad_archive', `the file is not a zip archive, or a damaged one (${said}); nothing was changed`, { cause: error })
}
