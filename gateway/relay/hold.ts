// Requests and connections that wait: for a site to wake, or for the panel's process to come back. Filled by serve.ts and splice.ts, released when a route changes.
import type { Settings } from './settings.ts'

/** Whoever waits: an exchange, or a connection to a site's own port. */
export interface Waiting {
  /** What it waits for may be there: it looks again. */
  released(): void
}

/** Bounded per key and in all. A key is a site's name, or `PANEL`. */
export class Hold {
  private readonly waiting = new Map<string, Set<Waiting>>()
  private readonly retried = new Set<string>()
  private held = 0
  private timer: NodeJS.Timeout | null = null
  private pause: number
  private readonly settings: Settings

  constructor(settings: Settings) {
    this.settings = settings
    this.pause = settings.reconnectFirst
  }

  /** Whether the exchange now waits; not where the key's or the whole bound is reached. */
  add(key: string, waiter: Waiting): boolean {
    const queue = this.waiting.get(key) ?? new Set()
    if (queue.size >= this.settings.heldPerSite || this.held >= this.settings.heldInAll) return false
    this.waiting.set(key, queue.add(waiter))
    this.held++
    return true
  }

  remove(key: string, waiter: Waiting): void {
    const queue = this.waiting.get(key)
    if (queue === undefined || !queue.delete(waiter)) return
    this.held--
    if (queue.size === 0) this.waiting.delete(key)
  }

  /** Lets those of one key look at the routing table again, in the order they came. */
  release(key: string): void {
    const queue = this.waiting.get(key)
    if (queue === undefined) return
    this.waiting.delete(key)
    this.held -= queue.size
    for (const waiter of queue) waiter.released()
  }

  releaseAll(): void {
    for (const key of [...this.waiting.keys()]) this.release(key)
  }

  /** How many wait for one key. */
  count(key: string): number { return this.waiting.get(key)?.size ?? 0 }

  /** The keys that requests wait for. */
  keys(): string[] { return [...this.waiting.keys()] }
  get size(): number { return this.held }

  /** Also releases `key` after a pause that doubles while this goes on: its upstream refused, and may be back before control says so. */
  retry(key: string): void {
    this.retried.add(key)
    this.timer ??= setTimeout(() => this.again(), this.pause)
  }

  private again(): void {
    this.timer = null
    this.pause = Math.min(this.pause * 2, this.settings.reconnectMost)
    const keys = [...this.retried]
    this.retried.clear()
    for (const key of keys) this.release(key)
  }

  /** An upstream answered: the next retry is quick again. */
  calm(): void { this.pause = this.settings.reconnectFirst }

  stop(): void { if (this.timer !== null) clearTimeout(this.timer) }
}

/** The key of requests for the panel. No site can be called this. */
export const PANEL = '/panel'
