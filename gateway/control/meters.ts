// What the relays count, put together: totals that never go back while control lives, whatever becomes of a relay. Fed by push.ts, read by metrics.ts.
import type { FromRelay } from '../messages.ts'

type Message = Extract<FromRelay, { type: 'meter' }>

export class Meters {
  readonly #totals = new Map<string, number>()
  readonly #gauges = new Map<object, Message['gauges']>()

  add(relay: object, { counts, gauges }: Message): void {
    for (const [name, value] of Object.entries(counts)) this.#totals.set(name, (this.#totals.get(name) ?? 0) + value)
    this.#gauges.set(relay, gauges)
  }

  drop(relay: object): void { this.#gauges.delete(relay) }

  /** Totals whose names begin with `prefix`, by the rest of the name. */
  totals(prefix: string): [string, number][] {
    return [...this.#totals].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []))
  }

  /** The sum over all relays that are connected. */
  gauge(name: string): number {
    return [...this.#gauges.values()].reduce((sum, gauges) => sum + (gauges[name] ?? 0), 0)
  }

  get relays(): number { return this.#gauges.size }
}
