// One thing at a time for each site: what wakes, puts to sleep, makes or removes a pod waits for its turn. Called by wakes, sleeps and the desk.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()
  #touched = new Set<string>()

  /** Runs `act` when everything asked before for `name` has ended, well or not. */
  run<T>(name: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve()
    this.#touched.add(name)
    const turn = before.then(act, act)
    this.#last.set(name, turn)
    const end = (): void => {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
    turn.then(end, end)
    return turn
  }

  busy(name: string): boolean {
    return this.#last.has(name)
  }

  /** Begins to note who has a turn: from now on, what was seen of those that `touched` names may be out of date. */
  note(): void {
    this.#touched = new Set(this.#last.keys())
  }

  /** Whether `name` has had a turn, or waited for one, since `note`. */
  touched(name: string): boolean {
    return this.#touched.has(name)
  }
}
