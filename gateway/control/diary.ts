// The wakes of each site: who woke it, when, how long each part took, what came of it. A small file for each site, written some moments later; kept over
// restarts, lost at most by a power cut. Filled by wakes.ts, read for owners by front.ts.
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Logger } from '../../wire/log.ts'
import type { WakeRecord } from '../desk.ts'
import { append, entries, trim } from './ledger.ts'
import { Turns } from './turns.ts'

/** Wakes kept of each site. */
const KEPT = 50
/** Milliseconds in which wakes are gathered before they are written. */
const GATHER = 500

export class Diary {
  readonly #directory: string
  readonly #log: Logger
  readonly #unwritten = new Map<string, WakeRecord[]>()
  /** Who reads while others write would find a record twice, or in neither place. */
  readonly #turns = new Turns()
  #timer: NodeJS.Timeout | null = null

  constructor(directory: string, log: Logger) {
    this.#directory = directory
    this.#log = log
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }

  add(site: string, record: WakeRecord): void {
    this.#timer ??= setTimeout(() => void this.flush(), GATHER)
    this.#unwritten.set(site, [...(this.#unwritten.get(site) ?? []), record].slice(-KEPT))
  }

  /** The last `most` wakes of a site, newest first. */
  async last(site: string, most = KEPT): Promise<WakeRecord[]> {
    const all = await this.#turns.run(site, async () => [...await entries<WakeRecord>(this.#file(site)), ...this.#unwritten.get(site) ?? []])
    return all.slice(-Math.min(most, KEPT)).reverse()
  }

  /** Nothing is left of a site's wakes when it resolves. */
  async remove(site: string): Promise<void> {
    this.#unwritten.delete(site)
    await this.#logged(this.#turns.run(site, () => rm(this.#file(site), { force: true })))
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    await Promise.all([...this.#unwritten.keys()].map(site => this.#logged(this.#turns.run(site, () => this.#write(site)))))
  }

  #file(site: string): string { return `${this.#directory}/${site}.jsonl` }

  #logged(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => { this.#log.error({ err: error }, 'the wakes of sites could not be written down') })
  }

  async #write(site: string): Promise<void> {
    const records = this.#unwritten.get(site)
    if (records === undefined) return
    await append(this.#file(site), records)
    this.#forget(site, records)
    await trim(this.#file(site), KEPT)
  }

  #forget(site: string, written: WakeRecord[]): void {
    const left = this.#unwritten.get(site)?.filter(record => !written.includes(record)) ?? []
    if (left.length > 0) this.#unwritten.set(site, left)
    else this.#unwritten.delete(site)
  }
}
