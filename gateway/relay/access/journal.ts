// The access logs: gathers the lines of each site in memory and appends them to its file a moment later. Made by main.ts, told by serve.ts.
// Each worker writes files of its own, so that nothing has to be agreed on: `NAME.WORKER.log`, and `NAME.WORKER.log.1` which was the file before it.
import { constants } from 'node:fs'
import { open, rename, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { lineOf, type Visit } from './line.ts'
import { Waiting } from './waiting.ts'

/** `most`: bytes of one file. `early`: bytes of one site that are not kept waiting. `perSite` and `inAll`: bytes that may wait in memory. `floor`: bytes of the disk that are left to others. Milliseconds. */
export const JOURNAL = { every: 1_000, early: 131_072, most: 1_048_576, perSite: 1_048_576, inAll: 16_777_216, floor: 268_435_456, warnEvery: 60_000 }
export type JournalSettings = typeof JOURNAL

/** `directory` holds all files. `warn` hears, now and then, how many lines could not be kept and why. */
export type JournalOptions = { directory: string; worker: number; settings?: Partial<JournalSettings>; warn: (dropped: number, why: string) => void }

export class Journal {
  /** Lines that could not be kept, ever. */
  dropped = 0
  private waiting: Waiting
  private spare: Waiting
  private round: Promise<void> = Promise.resolve()
  private state: 'idle' | 'writing' = 'idle'
  private unsaid = 0
  private why = ''
  private saidAt = -Infinity
  private readonly options: JournalOptions
  private readonly settings: JournalSettings
  private readonly timer: NodeJS.Timeout

  constructor(options: JournalOptions) {
    this.options = options
    this.settings = { ...JOURNAL, ...options.settings }
    this.waiting = new Waiting(this.settings.inAll)
    this.spare = new Waiting(this.settings.inAll)
    this.timer = setInterval(() => void this.flush(), this.settings.every)
    this.timer.unref()
  }

  /** Adds a line to a site's log. Costs no system call. */
  note(site: string, visit: Visit): void {
    const { waiting, settings } = this
    const before = waiting.sizeOf(site)
    if (before > settings.perSite || !waiting.add(site, lineOf(visit))) return this.lose(1, 'too many at once')
    if (before > settings.early) void this.flush()
  }

  /** A site is gone: what waits is forgotten. Its files are control's to remove. */
  forget(site: string): void { this.waiting.forget(site) }

  /** Resolves when what waited is written, or lost. */
  flush(): Promise<void> {
    if (this.state === 'writing') return this.round
    this.state = 'writing'
    this.round = this.write().finally(() => { this.state = 'idle' })
    return this.round
  }

  /** Writes what is left and ends. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    await this.round
    await this.flush()
  }

  private async write(): Promise<void> {
    const batch = this.waiting
    this.waiting = this.spare
    this.spare = batch
    if (!batch.isEmpty && await this.isFull()) this.lose(batch.count, 'the disk is nearly full')
    else for (const { site, bytes, count } of batch.all()) await this.append(site, bytes).catch((error: NodeJS.ErrnoException) => this.lose(count, error.code ?? error.message))
    batch.clear()
    this.say()
  }

  private async isFull(): Promise<boolean> {
    const disk = await statfs(this.options.directory).catch(() => null)
    return disk !== null && disk.bavail * disk.bsize < this.settings.floor
  }

  private async append(site: string, lines: Buffer): Promise<void> {
    const path = `${this.options.directory}/${site}.${this.options.worker}.log`
    const file = await this.fresh(path, lines.length)
    try {
      await file.appendFile(lines)
    } finally {
      await file.close()
    }
  }

  /** The site's file, or a new one where `more` would make it too large. */
  private async fresh(path: string, more: number): Promise<FileHandle> {
    const file = await open(path, APPEND, 0o640)
    const { size } = await file.stat()
    if (size === 0 || size + more <= this.settings.most) return file
    await file.close()
    await rename(path, `${path}.1`).catch(() => unlink(path))
    return open(path, APPEND, 0o640)
  }

  private lose(lines: number, why: string): void {
    this.dropped += lines
    this.unsaid += lines
    this.why = why
  }

  private say(): void {
    const now = performance.now()
    if (this.unsaid === 0 || now < this.saidAt + this.settings.warnEvery) return
    this.options.warn(this.unsaid, this.why)
    this.unsaid = 0
    this.saidAt = now
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
