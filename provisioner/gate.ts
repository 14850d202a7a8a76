// Lets so many through at once, the others in the order they came. Used for wakes that start a pod: sixty that start together on two processors are all slow.
import { once } from '../wire/once.ts'

export class Gate {
  readonly #patience: number
  readonly #waiting: (() => void)[] = []
  #free: number

  /** `patience`: milliseconds after which one that is still inside no longer counts, so that who is slow by itself keeps nobody waiting. */
  constructor(places: number, patience: number) {
    this.#free = places
    this.#patience = patience
  }

  /** Runs `act` when its turn has come. */
  async pass<T>(act: () => Promise<T>): Promise<T> {
    await this.#enter()
    const leave = once(() => this.#leave())
    const late = setTimeout(leave, this.#patience)
    try {
      return await act()
    } finally {
      clearTimeout(late)
      leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** The place goes to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
