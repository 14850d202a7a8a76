// Who is inside a site other than by requests: commands and shells. A site with a guest isn't idle. Told by content.ts, asked by idleness.ts.
import type { Duplex } from 'node:stream'
import { once } from '../../wire/once.ts'

type Line = { inside: number; leftAt: number }

export class Guests {
  readonly #lines = new Map<string, Line>()

  /** Lets a guest into a site, as the stream that `enter` opens: until it closes, or could not be opened. */
  async admit(site: string, enter: () => Promise<Duplex>): Promise<Duplex> {
    this.#change(site, 1)
    try {
      const stream = await enter()
      stream.once('close', () => this.#change(site, -1))
      return stream
    } catch (error) {
      this.#change(site, -1)
      throw error
    }
  }

  /** Lets a guest in whom the caller sees out, by calling what is returned, once. */
  enter(site: string): () => void {
    this.#change(site, 1)
    return once(() => this.#change(site, -1))
  }

  count(site: string): number { return this.#lines.get(site)?.inside ?? 0 }

  /** When the last one left, epoch milliseconds; 0 where there was none. */
  leftAt(site: string): number { return this.#lines.get(site)?.leftAt ?? 0 }

  forget(site: string): void { this.#lines.delete(site) }

  #change(site: string, by: 1 | -1): void {
    const { inside = 0, leftAt = 0 } = this.#lines.get(site) ?? {}
    if (by === -1 && inside === 0) return
    this.#lines.set(site, { inside: inside + by, leftAt: by === 1 ? leftAt : Date.now() })
  }
}
