// A coarse clock: one timer a relay looks at every deadline, so that no request pays for a timer of its own. Started by relay.ts.

/** Whatever has a deadline. */
export interface Timed {
  /** Milliseconds on the clock; Infinity for none. */
  deadline: number
  /** Its deadline has passed. */
  overdue(): void
}

export class Clock {
  /** Milliseconds since some start, as of the last sweep; never goes back. */
  now = performance.now()
  /** Epoch milliseconds as of the last sweep. */
  epoch = Date.now()
  private readonly watched = new Set<Timed>()
  private readonly timer: NodeJS.Timeout
  private judging: NodeJS.Immediate | undefined

  constructor(sweep: number) {
    this.timer = setInterval(() => this.tick(), sweep)
  }

  watch(timed: Timed): void { this.watched.add(timed) }
  forget(timed: Timed): void { this.watched.delete(timed) }

  /** What has come is read before anybody is overdue: where this process stood still for a while, it has waited in the kernel, and nobody was late. */
  private tick(): void {
    this.now = performance.now()
    this.epoch = Date.now()
    this.judging = setImmediate(() => this.judge())
  }

  private judge(): void {
    for (const timed of this.watched) if (timed.deadline <= this.now) timed.overdue()
  }

  stop(): void {
    clearInterval(this.timer)
    clearImmediate(this.judging)
  }
}
