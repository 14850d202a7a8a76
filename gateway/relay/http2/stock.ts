// What the streams of one HTTP/2 connection hold in memory of answers that are not sent: a bound on all of them together. One for each session, called by stream.ts.
import type { Settings } from '../settings.ts'

/** What may still come: anything; nothing on streams that hold something already; nothing at all. */
export type Room = 'enough' | 'little' | 'none'

export class Stock {
  room: Room = 'enough'
  /** Bytes held, and how many were held and have left. */
  held = 0
  taken = 0
  private readonly most: number
  private readonly changed: () => void

  /** `changed`: there is more room, or less. */
  constructor(settings: Settings, changed: () => void) {
    this.most = settings.sessionBytes
    this.changed = changed
  }

  /** A stream holds so many bytes more, or less. */
  add(bytes: number): void {
    this.held += bytes
    if (bytes < 0) this.taken -= bytes
    const room = this.held < this.most ? 'enough' : this.held < 2 * this.most ? 'little' : 'none'
    if (room === this.room) return
    this.room = room
    this.changed()
  }
}
