// The queue of wakes for which there is no room: bounded, fair between accounts, left by who times out or has nobody waiting any more. Kept for admission.ts.
import { AubergeError } from '../../wire/error.ts'

/** Wakes that may wait at once. */
const MOST = 256
/** Milliseconds a wake waits at most: less than a relay holds a request, so that visitors hear the reason. */
const LONGEST = 25_000

/** `bytes` it needs beyond what it holds. */
export type Waiter = { name: string; owner: number; bytes: number; admit: () => void; refuse: (error: Error) => void }

export class Waiting {
  readonly #waiters = new Set<Waiter>()

  get size(): number { return this.#waiters.size }

  /** Resolves when `admit` was called for it. `no_room` when the queue is full or its time is up; rejects with the signal's reason when that aborts. */
  async wait({ name, owner, bytes }: Pick<Waiter, 'name' | 'owner' | 'bytes'>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#makePlace(owner)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const admit = (): void => { this.#waiters.delete(waiter); resolve() }
    const waiter: Waiter = { name, owner, bytes, admit, refuse: reject }
    const left = (): void => reject(signal.reason as Error)
    const late = setTimeout(() => reject(noRoom(name, `nothing could be put to sleep for it in ${LONGEST / 1000} s`)), LONGEST)
    signal.addEventListener('abort', left, { once: true })
    this.#waiters.add(waiter)
    await promise.finally(() => {
      clearTimeout(late)
      signal.removeEventListener('abort', left)
      this.#waiters.delete(waiter)
    })
  }

  /** Those that wait: of the account that holds least first, then in the order they came. */
  inOrder(held: (owner: number) => number): Waiter[] {
    return [...this.#waiters].sort((a, b) => held(a.owner) - held(b.owner))
  }

  /** Full: the newest wake of the account with the most of them goes, be it the one that wants to come in. */
  #makePlace(owner: number): void {
    if (this.#waiters.size < MOST) return
    const counts = new Map<number, number>()
    for (const waiter of this.#waiters) counts.set(waiter.owner, (counts.get(waiter.owner) ?? 0) + 1)
    const [most = owner, count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
    if ((counts.get(owner) ?? 0) + 1 > count) throw noRoom('it', 'too many sites wait for memory')
    const newest = [...this.#waiters].findLast(waiter => waiter.owner === most)
    if (newest) this.#waiters.delete(newest)
    newest?.refuse(noRoom(newest.name, 'too many sites wait for memory'))
  }
}

function noRoom(name: string, why: string): AubergeError {
  return new AubergeError('no_room', `${name} can't be woken now: the sites in use hold all the memory that the house gives to sites (--memory-budget), and ${why}`)
}
