// The sites in which a workshop is open, so that what those that sleep hold meanwhile is counted, too. Kept by host.ts, told by container.ts.
import { once } from '../wire/once.ts'

export class Benches {
  readonly #open = new Map<string, number>()

  /** One more in a site, until what is returned is called. */
  open(name: string): () => void {
    this.#change(name, 1)
    return once(() => this.#change(name, -1))
  }

  /** Sites with any. */
  names(): string[] { return [...this.#open.keys()] }

  #change(name: string, by: 1 | -1): void {
    const open = (this.#open.get(name) ?? 0) + by
    if (open === 0) this.#open.delete(name)
    else this.#open.set(name, open)
  }
}
