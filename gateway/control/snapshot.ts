// A file that mirrors something in memory for processes that must start without control: replaced in one step, never half written.
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flushed } from '../../wire/flushed.ts'

/** Readable by the group of the directory, which is the one of the process that starts from it. */
const MODE = 0o640

/** Writes a text, or pieces of one, to `file` by way of a temporary file: after a crash there is the old content or the new one. */
export async function writeWhole(file: string, text: string | Iterable<string>, mode = MODE): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 })
  const draft = `${file}.new`
  const handle = await open(draft, 'w', mode)
  try {
    await handle.chmod(mode)
    for (const piece of typeof text === 'string' ? [text] : text) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  await flushed(dirname(file))
}

/** Entries of a list that are made text in one go: 100,000 at once would keep visitors' wakes waiting for a fifth of a second. */
const PIECE = 500
/** Part of its time that is spent on writing, at most. */
const SHARE = 1 / 4

/** `before`, then the members of a JSON array or object as text, then `after`; in pieces. */
export function* inPieces<T>(before: string, all: readonly T[], member: (one: T) => string, after: string): Iterable<string> {
  yield before
  for (let from = 0; from < all.length; from += PIECE) {
    yield `${from > 0 ? ',' : ''}${all.slice(from, from + PIECE).map(member).join(',')}`
  }
  yield after
}

/** One copy is written at a time, and one for any number of changes that come within `delay` milliseconds; later where a copy takes long to write. */
export class Snapshot {
  readonly #file: string
  readonly #content: () => string | Iterable<string>
  readonly #delay: number
  readonly #failed: (error: unknown) => void
  /** Milliseconds the last copy took. */
  #took = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  /** A copy that waits for the one being written. */
  #next: Promise<void> | null = null

  /** `content`: what is in memory when it is called; its pieces are taken later, one by one. */
  constructor(options: { file: string; content: () => string | Iterable<string>; delay: number; failed: (error: unknown) => void }) {
    this.#file = options.file
    this.#content = options.content
    this.#delay = options.delay
    this.#failed = options.failed
  }

  /** Says that the content changed; the file follows soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => { this.flush().catch(this.#failed) }, Math.max(this.#delay, this.#took / SHARE)).unref()
  }

  /** Resolves when the file holds what is in memory now. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#next) return this.#next
    const write = (): Promise<void> => this.#write()
    this.#next = this.#writing.then(write, write)
    this.#writing = this.#next
    return this.#next
  }

  async #write(): Promise<void> {
    this.#next = null
    const start = performance.now()
    await writeWhole(this.#file, this.#content())
    this.#took = performance.now() - start
  }
}
