// Asks a visitor who has half-closed whether it is still there: HTTP/1.1 can be asked, before a response and between the chunks of one. Made by reply.ts.
import type { Channel } from '../channel.ts'

/** Before a response: an interim one. Sent piecemeal: whether it was a half-close or a departure shows in that the second piece is refused. */
export const INTERIM = ['HTTP/1.1 100 Con', 'tinue\r\n', '\r\n']
/** Between two chunks: zeros that the next one's size, or the last's, may begin with (RFC 9112 section 7.1). */
export const ZEROS = ['0', '0']
/** Milliseconds in which a refusal of the first piece is back. */
const FIRST_GAP = 20

export class Probe {
  private sent = 0
  private timer: NodeJS.Timeout | null = null
  private readonly channel: Channel
  private readonly gap: number
  private readonly pieces: readonly string[]

  /** Sends the first piece at once, the last `gap` milliseconds after the second. */
  constructor(channel: Channel, gap: number, pieces: readonly string[]) {
    this.channel = channel
    this.gap = gap
    this.pieces = pieces
    this.next()
  }

  private next(): void {
    this.channel.put(this.pieces[this.sent++] ?? '')
    this.channel.flush()
    if (this.sent === this.pieces.length) return
    this.timer = setTimeout(() => this.next(), this.sent === 1 ? FIRST_GAP : this.gap)
    this.timer.unref()
  }

  /** Ends it; returns the rest, which must go out before anything else may, unless the pieces were zeros. */
  stop(): string {
    if (this.timer !== null) clearTimeout(this.timer)
    return this.pieces.slice(this.sent).join('')
  }
}
