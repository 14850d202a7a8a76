// A file that mirrors something in memory for processes that must start without control: replaced in one step, never half written.
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Readable by the group of the directory, which is the one of the process that starts from it. */
const MODE = 0o640

/** Writes `text` to `file` by way of a temporary file: after a crash there is the old content or the new one. */
export async function writeWhole(file: string, text: string, mode = MODE): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 })
  const draft = `${file}.new`
  const handle = await open(draft, 'w', mode)
  try {
    await handle.chmod(mode)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}

/** One copy is written at a time, and one for any number of changes that come within `delay` milliseconds. */
export class Snapshot {
  readonly #file: string
  readonly #content: () => string
  readonly #delay: number
  readonly #failed: (error: unknown) => void
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  /** A copy that waits for the one being written. */
  #next: Promise<void> | null = null

  constructor(options: { file: string; content: () => string; delay: number; failed: (error: unknown) => void }) {
    this.#file = options.file
    this.#content = options.content
    this.#delay = options.delay
    this.#failed = options.failed
  }

  /** Says that the content changed; the file follows soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => { this.flush().catch(this.#failed) }, this.#delay).unref()
  }

  /** Resolves when the file holds what is in memory now. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#next) return this.#next
    const write = (): Promise<void> => {
      this.#next = null
      return writeWhole(this.#file, this.#content())
    }
    this.#next = this.#writing.then(write, write)
    this.#writing = this.#next
    return this.#next
  }
}
