// A tar file written entry by entry, each as it comes: its head is filled in when its size is known. And read back. Used by backup.ts and restore.ts.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { extract, pack } from 'tar-stream'

export type Sum = { bytes: number; sha256: string }

const BLOCK = 512
const ZEROS = Buffer.alloc(BLOCK)

export class TarFile {
  readonly #file: FileHandle
  #end = 0

  private constructor(file: FileHandle) { this.#file = file }

  /** A new file, or an old one emptied, for its owner only. */
  static async create(path: string): Promise<TarFile> {
    const file = await open(path, 'w', 0o600)
    await file.chmod(0o600)
    return new TarFile(file)
  }

  async add(name: string, content: Readable): Promise<Sum> {
    const begin = this.#end
    const hash = createHash('sha256')
    await this.#append(ZEROS)
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk)
      await this.#append(chunk)
    }
    const bytes = this.#end - begin - BLOCK
    await this.#append(ZEROS.subarray(0, (BLOCK - (bytes % BLOCK)) % BLOCK))
    await this.#write(await headOf(name, bytes), begin)
    return { bytes, sha256: hash.digest('hex') }
  }

  addText(name: string, text: string): Promise<Sum> {
    return this.add(name, Readable.from([Buffer.from(text)]))
  }

  /** Ends the tar; on disk for good when it resolves. */
  async finish(): Promise<number> {
    await this.#append(Buffer.alloc(2 * BLOCK))
    await this.#file.sync()
    return this.#end
  }

  close(): Promise<void> { return this.#file.close() }

  async #append(bytes: Buffer): Promise<void> {
    await this.#write(bytes, this.#end)
    this.#end += bytes.length
  }

  /** write(2) may take less than it was given. */
  async #write(bytes: Buffer, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
}

/** The first block that tar-stream writes for an entry of that size. */
async function headOf(name: string, size: number): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name, size, mode: 0o600 })
  for await (const block of tar as unknown as AsyncIterable<Buffer>) return block.subarray(0, BLOCK)
  throw new TypeError(`${name} has no head`)
}

/** Each entry in the file's order, to be read to its end. Throws what tar finds wrong. */
export async function* entriesOf(path: string): AsyncGenerator<{ name: string; body: Readable }> {
  const tar = extract()
  createReadStream(path).on('error', error => tar.destroy(error)).pipe(tar as unknown as NodeJS.WritableStream)
  for await (const entry of tar) yield { name: entry.header.name, body: entry as unknown as Readable }
}

export async function sumOf(body: Readable): Promise<Sum> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}
