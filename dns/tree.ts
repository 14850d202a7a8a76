// The names of a zone: which exist, with something of their own or only with names below them, and which wildcard speaks for one that
// doesn't. Called by zone.ts with names in wire form.
import { parentOf } from './name.ts'

/** What a name is. `empty`: it exists for those below it (RFC 4592 section 2.2.2). `wildcard`: it doesn't, and `at` answers for it. */
export type Found<T> = { is: 'name'; value: T } | { is: 'wildcard'; value: T; at: string } | { is: 'empty' } | { is: 'none' }

const EMPTY = { is: 'empty' } as const
const NONE = { is: 'none' } as const

export class Tree<T> {
  readonly #apex: string
  readonly #names = new Map<string, T>()
  /** How many names exist below each name: those above zero exist too, with no records of their own (RFC 8020). */
  readonly #below = new Map<string, number>()
  #wildcards = 0

  constructor(apex: string) { this.#apex = apex }

  get size(): number { return this.#names.size }

  /** What is under this very name. */
  get(key: string): T | undefined { return this.#names.get(key) }

  entries(): IterableIterator<[string, T]> { return this.#names.entries() }

  /** What answers for a name in the zone that may not exist (RFC 4592 section 3.3.1). */
  find(key: string): Found<T> {
    const value = this.#names.get(key)
    if (value !== undefined) return { is: 'name', value }
    if (this.#below.has(key)) return EMPTY
    return this.#wildcards === 0 ? NONE : this.#synthesised(key)
  }

  put(key: string, value: T): void {
    if (!this.#names.has(key)) this.#count(key, 1)
    this.#names.set(key, value)
  }

  remove(key: string): void {
    if (this.#names.delete(key)) this.#count(key, -1)
  }

  /** From the closest encloser, which exists: a name in between would be one, and keeps the wildcard above it from speaking. */
  #synthesised(key: string): Found<T> {
    let encloser = parentOf(key)
    while (encloser !== null && encloser.length > this.#apex.length && !this.#names.has(encloser) && !this.#below.has(encloser)) encloser = parentOf(encloser)
    const at = `\x01*${encloser ?? ''}`
    const value = this.#names.get(at)
    return value === undefined ? NONE : { is: 'wildcard', value, at }
  }

  /** Counts a name that comes or goes at every name between it and the apex. */
  #count(key: string, by: 1 | -1): void {
    if (key.startsWith('\x01*')) this.#wildcards += by
    if (key.charCodeAt(0) + 1 + this.#apex.length === key.length) return
    for (let up = parentOf(key); up !== null && up.length > this.#apex.length; up = parentOf(up)) {
      const below = (this.#below.get(up) ?? 0) + by
      if (below === 0) this.#below.delete(up)
      else this.#below.set(up, below)
    }
  }
}
