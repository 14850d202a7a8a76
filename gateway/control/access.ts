// The access logs as their owners read them, and their end: the relays write (gateway/relay/access), control reads and removes. Made by assemble.ts.
import { constants } from 'node:fs'
import { open, readdir, stat, unlink } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** Files older than this many milliseconds, and beyond this many bytes in all the oldest, are removed. */
const KEPT = 14 * 24 * 3600 * 1000
const MOST = 2 * 2 ** 30
/** Milliseconds between two looks for more lines. */
const LOOK = 1_000
/** `NAME.WORKER.log` and its predecessor. */
const FILE = /^([a-z0-9-]+)\.\d+\.log(\.1)?$/
/** The directory is another process's: nothing in it is followed, waited for or taken for a file that isn't one. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

type Place = { path: string; at: number }

export class AccessLogs {
  readonly #directory: string

  constructor(directory: string) { this.#directory = directory }

  /** A site's lines in the order of their time; with `follow` it goes on until the reader destroys it. */
  read(site: string, { follow }: { follow: boolean }): Readable {
    const stop = new AbortController()
    const lines = new PassThrough().once('close', () => stop.abort())
    pipeline(this.#lines(site, follow, stop.signal), lines).catch(() => {})
    return lines
  }

  async *#lines(site: string, follow: boolean, signal: AbortSignal): AsyncGenerator<string> {
    const ends = new Map<string, number>()
    do {
      const more = await this.#more(site, ends)
      if (more.length > 0) yield more.toSorted(byTime).join('')
    } while (follow && await pause(LOOK, true, { signal }).catch(() => false))
  }

  /** The whole lines that came since the ends remembered, by the file's number: a file that was renamed is the same. */
  async #more(site: string, ends: Map<string, number>): Promise<string[]> {
    const found = (await this.#files()).filter(file => FILE.exec(file)?.[1] === site)
    const pieces: string[] = []
    for (const file of found) pieces.push(...await this.#rest(file, ends))
    return pieces
  }

  async #rest(file: string, ends: Map<string, number>): Promise<string[]> {
    const handle = await open(`${this.#directory}/${file}`, READ).catch(() => null)
    if (handle === null) return []
    try {
      const about = await handle.stat({ bigint: true })
      // A number is given again as soon as its file is gone: its birth tells the two apart.
      const identity = `${about.ino} ${about.birthtimeNs}`
      const [from, size] = [ends.get(identity) ?? 0, Number(about.size)]
      if (!about.isFile() || size <= from) return []
      const bytes = Buffer.alloc(size - from)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
      const whole = bytes.lastIndexOf(10, bytesRead - 1) + 1
      ends.set(identity, from + whole)
      return bytes.toString('latin1', 0, whole).split(/(?<=\n)/)
    } finally {
      await handle.close()
    }
  }

  async #files(): Promise<string[]> {
    return await readdir(this.#directory).catch(() => [])
  }

  /** Removes a site's logs. */
  async remove(site: string): Promise<void> {
    for (const file of await this.#files()) if (FILE.exec(file)?.[1] === site) await this.#unlink(file)
  }

  /** Removes what is of no site that `isKnown`, what is old, and beyond the bound on all of them the oldest. */
  async sweep(isKnown: (site: string) => boolean, now = Date.now()): Promise<void> {
    const kept: (Place & { size: number })[] = []
    for (const file of await this.#files()) {
      const about = await stat(`${this.#directory}/${file}`).catch(() => null)
      const site = FILE.exec(file)?.[1]
      if (about === null) continue
      if (site === undefined || !isKnown(site) || about.mtimeMs < now - KEPT) await this.#unlink(file)
      else kept.push({ path: file, at: about.mtimeMs, size: about.size })
    }
    let size = kept.reduce((sum, file) => sum + file.size, 0)
    for (const file of kept.toSorted((a, b) => a.at - b.at)) {
      if (size <= MOST) return
      size -= file.size
      await this.#unlink(file.path)
    }
  }

  async #unlink(file: string): Promise<void> {
    await unlink(`${this.#directory}/${file}`).catch(() => {})
  }
}

const TIME = /\[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d)/
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** By the second they were answered in; the same second keeps the order of the files. */
function byTime(a: string, b: string): number {
  const [first, second] = [timeOf(a), timeOf(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

function timeOf(line: string): string {
  const [, day = '', month = '', year = '', time = ''] = TIME.exec(line) ?? []
  return `${year}${String(MONTHS.indexOf(month)).padStart(2, '0')}${day}${time}`
}
