// An upgraded connection (RFC 9110 section 7.8): bytes both ways, whatever they are, until both sides have ended. Made by visitor.ts after a 101.
import type { Channel, Receiver } from './channel.ts'
import type { Clock, Timed } from './clock.ts'
import type { Settings } from './settings.ts'

export class Tunnel implements Timed {
  deadline: number
  private readonly sides: [Side, Side]
  private state: 'open' | 'closing' | 'over' = 'open'
  private readonly over: () => void
  private readonly clock: Clock
  private readonly settings: Settings

  /** `over` is called once, when both sides are gone. */
  constructor(visitor: Channel, upstream: Channel, parts: { clock: Clock; settings: Settings; over: () => void }) {
    this.clock = parts.clock
    this.settings = parts.settings
    this.over = parts.over
    this.deadline = this.clock.now + this.settings.tunnelIdle
    this.sides = [new Side(visitor, upstream, this), new Side(upstream, visitor, this)]
    this.clock.watch(this)
    for (const channel of [visitor, upstream]) channel.resume()
  }

  /** Sends what waits: what was put to the visitor, and what it sent `ahead` of the answer. `halfClosed`: it will send no more. */
  begin(ahead: Buffer | null, halfClosed: boolean): void {
    const [{ from: visitor }, { from: upstream }] = this.sides
    visitor.flush()
    if (ahead !== null) upstream.putBytes(ahead, 0, ahead.length, null)
    upstream.flush()
    if (halfClosed) upstream.end()
  }

  moved(): void { if (this.state === 'open') this.deadline = this.clock.now + this.settings.tunnelIdle }

  /** One side is gone: the other gets what is on its way, and a moment to take it. After a reset it is reset as well. */
  sideClosed(cause: Error | null): void {
    if (this.state === 'over') return
    this.state = 'closing'
    this.deadline = this.clock.now + this.settings.linger
    for (const side of this.sides) {
      if (cause === null) side.from.end()
      else side.from.reset()
    }
    if (this.sides.every(side => side.from.gone)) this.finish()
  }

  overdue(): void {
    for (const side of this.sides) side.from.reset()
    this.finish()
  }

  private finish(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.clock.forget(this)
    this.over()
  }
}

/** One direction. */
class Side implements Receiver {
  readonly from: Channel
  private readonly to: Channel
  private readonly tunnel: Tunnel

  constructor(from: Channel, to: Channel, tunnel: Tunnel) {
    this.from = from
    this.to = to
    this.tunnel = tunnel
    from.receiver = this
  }

  received(bytes: Buffer, end: number): void {
    this.tunnel.moved()
    this.to.putBytes(bytes, 0, end, this.from)
    this.to.flush()
    if (this.to.stuck) this.from.pause()
  }

  /** What this side could take again comes from the other. */
  drained(): void {
    this.tunnel.moved()
    this.to.resume()
  }

  ended(): void { this.to.end() }
  closed(cause: Error | null): void { this.tunnel.sideClosed(cause) }
}
