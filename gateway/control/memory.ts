// What pods that are awake, commands in sites that sleep, and the database server hold of the host's memory: measured together now and then, expected where a site is only just waking. Kept for admission.ts.
import type { Parts } from './parts.ts'
import type { SiteState } from '../../registry/types.ts'
import { pods } from './parts.ts'
import type { SiteStatus } from './states.ts'

/** Bytes a site is expected to use that was never measured. A small PHP site takes half of it. */
const DEFAULT = 32 * 2 ** 20
/** Milliseconds after a wake in which a pod may still grow to what is expected of it. */
const SETTLE = 10_000

/** What a pod holds: what was measured, and no less than `expected` until `settled` (epoch milliseconds). */
type Holding = { bytes: number; owner: number; expected: number; settled: number }

/** States in which a site's pod may hold memory. */
const AWAKE = new Set<SiteState>(['running', 'frozen', 'waking', 'sleeping'])

type MemoryParts = Pick<Parts, 'registry' | 'provisioner'>

export class Memory {
  readonly #parts: MemoryParts
  readonly #held = new Map<string, Holding>()
  /** What sites that are being woken will hold more than they do. */
  readonly #coming = new Map<string, { owner: number; bytes: number }>()
  /** What each site held when it was last awake. */
  readonly #last = new Map<string, number>()
  /** Sites that gave theirs back while a measurement was under way, which may have seen them before. */
  readonly #gone = new Set<string>()
  #measuring: Promise<void> | null = null
  #database = 0

  constructor(parts: MemoryParts) {
    this.#parts = parts
  }

  /** Bytes that all pods hold, or will in a moment. */
  get ofSites(): number { return [...this.byOwner().values()].reduce((sum, bytes) => sum + bytes, 0) }

  /** Bytes that the server of all sites' databases holds. */
  get ofDatabase(): number { return this.#database }

  /** What the pods of each account hold, by its id; of accounts that have any. */
  byOwner(): Map<number, number> {
    const sums = new Map<number, number>()
    for (const { owner, bytes } of [...this.#held.values(), ...this.#coming.values()]) sums.set(owner, (sums.get(owner) ?? 0) + bytes)
    return sums
  }

  /** Bytes one site holds; 0 while it is asleep and no command runs in it. */
  of(name: string): number { return this.#held.get(name)?.bytes ?? 0 }

  /** The pods that hold memory, with their owners' account ids. */
  holders(): { name: string; owner: number; bytes: number }[] {
    return [...this.#held].map(([name, { owner, bytes }]) => ({ name, owner, bytes }))
  }

  /** Bytes a site will hold once it is awake: what it held last time, within its limit of memory. */
  expected(name: string): number {
    const limit = this.#parts.registry.sites.get(name)?.limits.memory ?? DEFAULT
    return Math.min(limit, this.#last.get(name) ?? DEFAULT)
  }

  /** Counts `bytes` for a site that is about to wake, until `woke` or `cancel` says what became of it. */
  reserve(name: string, owner: number, bytes: number): void {
    this.#coming.set(name, { owner, bytes })
  }

  /** What was reserved is held from now on. */
  woke(name: string): void {
    const coming = this.#coming.get(name)
    if (!coming) return
    const bytes = this.of(name) + coming.bytes
    this.#coming.delete(name)
    this.#held.set(name, { bytes, owner: coming.owner, expected: bytes, settled: Date.now() + SETTLE })
  }

  /** The wake came to nothing. */
  cancel(name: string): void {
    this.#coming.delete(name)
  }

  /** A site without a pod awake holds nothing, whatever was the end of it; null: the site is no more. */
  follow(name: string, status: SiteStatus | null): void {
    if (!status) this.#last.delete(name)
    if (!status || !AWAKE.has(status.state)) this.release(name)
  }

  /** The site's pod is no more. */
  release(name: string): void {
    this.#held.delete(name)
    if (this.#measuring) this.#gone.add(name)
  }

  /** Asks the provisioner what each pod holds now. Who asks meanwhile shares the answer. */
  measure(): Promise<void> {
    return this.#measuring ??= this.#measure().finally(() => { this.#measuring = null })
  }

  async #measure(): Promise<void> {
    this.#gone.clear()
    const { sites, working, database } = await pods(this.#parts).memory()
    this.#database = database
    const now = { ...sites, ...working }
    const ended = [...this.#held].filter(([name, { settled }]) => !Object.hasOwn(now, name) && settled < Date.now())
    for (const [name] of ended) this.#held.delete(name)
    for (const [name, bytes] of Object.entries(now)) if (!this.#gone.has(name) && !this.#coming.has(name)) this.#note(name, bytes, Object.hasOwn(sites, name))
  }

  #note(name: string, measured: number, isAwake: boolean): void {
    const { owner = this.#ownerOf(name), expected = 0, settled = 0 } = this.#held.get(name) ?? {}
    const isSettled = settled < Date.now()
    this.#held.set(name, { bytes: isSettled ? measured : Math.max(measured, expected), owner, expected, settled })
    // One that has hardly begun shows less than it will hold: only a settled pod lowers what is expected of its next wake.
    if (isAwake && (isSettled || measured > this.expected(name))) this.#last.set(name, measured)
  }

  /** 0 for a pod of nobody, which reconcile.ts removes. */
  #ownerOf(name: string): number {
    return this.#parts.registry.sites.get(name)?.owner ?? 0
  }
}
