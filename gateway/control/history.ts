// How each site was used over the last week, in half hours: requests, wakes, the most memory, the disk. Of a site that nobody visits nothing is kept or
// measured. A small file for each site, written when a half hour is over; what a kill or a power cut loses is at most that one. Fed by assemble.ts, read by front.ts.
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Logger } from '../../wire/log.ts'
import type { UsageSample } from '../desk.ts'
import { append, entries, trim } from './ledger.ts'
import { Turns } from './turns.ts'

/** Milliseconds of one sample, and how many are kept of a site. */
export const SLOT = 30 * 60_000
const KEPT = 7 * 48

/** Bytes a site's volume takes, or null. */
type DiskOf = (site: string) => Promise<number | null>

export class History {
  readonly #directory: string
  readonly #log: Logger
  readonly #now: () => number
  readonly #current = new Map<string, UsageSample>()
  /** The last wake of each site that was counted. */
  readonly #woken = new Map<string, number>()
  readonly #begun: number
  #slot: number
  /** Who reads while others write would find a sample twice, or in neither place. */
  readonly #turns = new Turns()

  constructor(directory: string, log: Logger, now: () => number = Date.now) {
    this.#directory = directory
    this.#log = log
    this.#now = now
    this.#begun = now()
    this.#slot = slotOf(now())
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }

  requests(site: string, count: number): void {
    if (count > 0) this.#sample(site).requests += count
  }

  /** A pod holds so many bytes now. */
  memory(site: string, bytes: number): void {
    const sample = this.#sample(site)
    sample.memory = Math.max(sample.memory, bytes)
  }

  /** `at`: when the site's last wake was asked for; null: there is no such site. */
  woken(site: string, at: number | null): void {
    if (at === null) return void this.#woken.delete(site)
    if (at < this.#begun || this.#woken.get(site) === at) return
    this.#woken.set(site, at)
    this.#sample(site).wakes++
  }

  /** Writes what is over; called every minute or so. */
  async turn(disk: DiskOf): Promise<void> {
    if (slotOf(this.#now()) === this.#slot) return
    this.#slot = slotOf(this.#now())
    await this.flush(disk)
  }

  /** Writes everything. */
  async flush(disk: DiskOf = async () => null): Promise<void> {
    await Promise.all([...this.#current.keys()].map(site => this.#logged(this.#turns.run(site, () => this.#write(site, disk)))))
  }

  /** The samples of the last week, oldest first; half hours of which nothing is known are left out. */
  async of(site: string): Promise<UsageSample[]> {
    const all = await this.#turns.run(site, async () => {
      const written = await entries<UsageSample>(this.#file(site))
      const current = this.#current.get(site)
      return [...written, ...current ? [current] : []]
    })
    return merged(all).filter(sample => sample.at > this.#now() - KEPT * SLOT)
  }

  /** Nothing is left of a site's use when it resolves. */
  async remove(site: string): Promise<void> {
    this.#current.delete(site)
    this.#woken.delete(site)
    await this.#logged(this.#turns.run(site, () => rm(this.#file(site), { force: true })))
  }

  #sample(site: string): UsageSample {
    const known = this.#current.get(site)
    if (known) return known
    const fresh: UsageSample = { at: slotOf(this.#now()), requests: 0, wakes: 0, memory: 0, disk: null }
    this.#current.set(site, fresh)
    return fresh
  }

  #file(site: string): string { return `${this.#directory}/${site}.jsonl` }

  #logged(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => { this.#log.error({ err: error }, 'how sites were used could not be written down') })
  }

  async #write(site: string, disk: DiskOf): Promise<void> {
    const sample = this.#current.get(site)
    if (sample === undefined) return
    this.#current.delete(site)
    await append(this.#file(site), [{ ...sample, disk: await disk(site).catch(() => null) }])
    await trim(this.#file(site), KEPT)
  }
}

const slotOf = (at: number): number => Math.floor(at / SLOT) * SLOT

/** A restart within a half hour leaves two samples of it. */
function merged(samples: UsageSample[]): UsageSample[] {
  const all = new Map<number, UsageSample>()
  for (const one of samples) {
    const other = all.get(one.at)
    all.set(one.at, other === undefined ? one : { at: one.at, requests: one.requests + other.requests, wakes: one.wakes + other.wakes, memory: Math.max(one.memory, other.memory), disk: one.disk ?? other.disk })
  }
  return [...all.values()].sort((one, other) => one.at - other.at)
}
