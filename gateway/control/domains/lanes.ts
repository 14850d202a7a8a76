// A bound on what is done at a time: the rest waits, in order, and beyond a number nobody is let in. Used by domains.ts for looks at DNS.
import { AubergeError } from '../../../wire/error.ts'

export class Lanes {
  readonly #most: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #busy = 0

  constructor(most: number, mostWaiting: number) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  /** Runs `act` when a lane is free; `unavailable` where too many wait. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#most) await this.#wait()
    else this.#busy++
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#busy--
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) throw new AubergeError('unavailable', 'too many domains are being looked at: try again in a minute')
    return new Promise(resolve => { this.#waiting.push(resolve) })
  }
}
