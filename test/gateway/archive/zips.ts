// Makes zip archives by hand, so that each field can lie.
import { crc32, deflateRawSync } from 'node:zlib'

export type ZipEntry = {
  name: string | Buffer
  data?: Buffer | string
  /** Unix mode with its type bits; 0o100644 for files, 0o040755 for directories. */
  mode?: number
  method?: number
  flags?: number
  /** Lies of the index. */
  size?: number
  crc?: number
  offset?: number
  compressedSize?: number
  localName?: string
  system?: number
}

/** The bytes of a zip archive. */
export function zip(entries: ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const index: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const data = Buffer.from(entry.data ?? '')
    const { method = 8 } = entry
    const packed = method === 8 ? deflateRawSync(data) : data
    const truth = { crc: entry.crc ?? crc32(data), packed: entry.compressedSize ?? packed.length, size: entry.size ?? data.length }
    const localName = Buffer.from(entry.localName ?? name)
    const local = Buffer.concat([head(0x04034b50, 30, entry, truth, localName.length), localName, packed])
    index.push(Buffer.concat([central(entry, truth, name, entry.offset ?? offset), name]))
    parts.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(index)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, directory, end])
}

type Truth = { crc: number; packed: number; size: number }

function head(signature: number, length: number, { method = 8, flags = 0x800 }: ZipEntry, { crc, packed, size }: Truth, nameLength: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32LE(signature, 0)
  bytes.writeUInt16LE(20, 4)
  bytes.writeUInt16LE(flags, 6)
  bytes.writeUInt16LE(method, 8)
  bytes.writeUInt32LE(crc, 14)
  bytes.writeUInt32LE(packed, 18)
  bytes.writeUInt32LE(size, 22)
  bytes.writeUInt16LE(nameLength, 26)
  return bytes
}

function central(entry: ZipEntry, truth: Truth, name: Buffer, offset: number): Buffer {
  const { method = 8, flags = 0x800, system = 3 } = entry
  const directory = name.at(-1) === 0x2f
  const bytes = Buffer.alloc(46)
  bytes.writeUInt32LE(0x02014b50, 0)
  bytes.writeUInt16LE((system << 8) | 20, 4)
  bytes.writeUInt16LE(20, 6)
  bytes.writeUInt16LE(flags, 8)
  bytes.writeUInt16LE(method, 10)
  bytes.writeUInt32LE(truth.crc, 16)
  bytes.writeUInt32LE(truth.packed, 20)
  bytes.writeUInt32LE(truth.size, 24)
  bytes.writeUInt16LE(name.length, 28)
  bytes.writeUInt32LE(((entry.mode ?? (directory ? 0o040755 : 0o100644)) << 16) >>> 0, 38)
  bytes.writeUInt32LE(offset, 42)
  return bytes
}
