// How fast a visitor must send a body and read what it is sent, for its connection to go on. One for each connection, made and called by visitor.ts.
import type { Channel } from '../channel.ts'
import type { Clock } from '../clock.ts'
import type { Settings } from '../settings.ts'

type Reader = Pick<Channel, 'stuck' | 'unsent'>

export class Pace {
  private sent = 0
  private unread = 0
  private readonly channel: Reader
  private readonly settings: Settings
  private readonly clock: Pick<Clock, 'now'>

  constructor(channel: Reader, { settings, clock }: { settings: Settings; clock: Pick<Clock, 'now'> }) {
    this.channel = channel
    this.settings = settings
    this.clock = clock
  }

  /** The time for a piece of a body, or of an answer, begins; returns when it ends. */
  begin(milliseconds: number): number {
    this.sent = 0
    this.unread = this.channel.stuck ? this.channel.unsent : 0
    return this.clock.now + milliseconds
  }

  /** Bytes of a body came: whether that makes a piece, and earns the next one its time. */
  came(bytes: number): boolean {
    this.sent += bytes
    return this.sent >= this.settings.bodyPiece
  }

  /** Whether a piece has been read since the beginning. */
  get isRead(): boolean { return this.unread - this.channel.unsent >= this.settings.readPiece }
}
