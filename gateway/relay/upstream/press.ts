// Sees to it that who reads nothing gives way where others wait for a connection to the same upstream. One for each pool, made and called by pool.ts.
import type { Clock, Timed } from '../clock.ts'
import type { Exchange } from '../exchange.ts'

/** What is looked at: who has a connection, and whether anybody waits for one. */
export interface Pressed {
  readonly isWanted: boolean
  readonly lent: ReadonlyMap<{ giveWay(): void }, Exchange>
}

/** How far a response had come, and since when it has come no further. */
type Look = { mark: number; bytes: number; since: number }

export class Press implements Timed {
  /** Looked at with every sweep, while it is watched. */
  readonly deadline = 0
  private looks = new Map<Exchange, Look>()
  private readonly pool: Pressed
  private readonly clock: Clock
  private readonly patience: number

  constructor(pool: Pressed, clock: Clock, patience: number) {
    this.pool = pool
    this.clock = clock
    this.patience = patience
  }

  /** Somebody waits. */
  begin(): void { this.clock.watch(this) }

  overdue(): void {
    const before = this.looks
    this.looks = new Map()
    if (!this.pool.isWanted) return this.clock.forget(this)
    for (const [connection, exchange] of [...this.pool.lent]) {
      if (isUnread(exchange) && !this.goesOn(exchange, before.get(exchange))) connection.giveWay()
    }
  }

  private goesOn(exchange: Exchange, before: Look | undefined): boolean {
    const { bytes, asker: { mark } } = exchange
    const look = before?.mark === mark && before.bytes === bytes ? before : { mark, bytes, since: this.clock.now }
    this.looks.set(exchange, look)
    return this.clock.now - look.since < this.patience
  }
}

/** Whether its visitor has to read some of the response before more of it comes. */
function isUnread({ state, answered, asker }: Exchange): boolean { return state === 'open' && answered === 'head' && asker.stuck }
