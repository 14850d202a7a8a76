// Tells HTTP/2 by prior knowledge (RFC 9113 section 3.3) from HTTP/1.1 on a plain connection, by its first bytes. Made by relay.ts where `h2c` is on.
import type { Guest, Place } from '../place.ts'
import type { Socket } from 'node:net'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** A connection that has not said yet which it is. */
export class Prior implements Guest {
  deadline: number
  private held: Buffer = Buffer.alloc(0)
  private state: 'open' | 'over' = 'open'
  private readonly socket: Socket
  private readonly place: Place
  private readonly known: (version: 1 | 2) => void
  private readonly more = (bytes: Buffer): void => this.received(bytes)
  private readonly lost = (): void => this.destroy()

  /** `known`: whose connection it is now; all that was read has been put back, and the socket is paused. */
  constructor(socket: Socket, place: Place, known: (version: 1 | 2) => void) {
    this.socket = socket
    this.place = place
    this.known = known
    this.deadline = place.clock.now + place.settings.headTimeout
    socket.on('data', this.more).on('end', this.lost).on('error', this.lost).on('close', this.lost)
  }

  private received(bytes: Buffer): void {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes])
    const compared = Math.min(this.held.length, PREFACE.length)
    const isAlike = PREFACE.compare(this.held, 0, compared, 0, compared) === 0
    if (isAlike && compared < PREFACE.length) return
    if (!this.leave()) return
    this.socket.unshift(this.held)
    this.known(isAlike ? 2 : 1)
  }

  /** Lets go of the socket; false where that has been done. */
  private leave(): boolean {
    if (this.state === 'over') return false
    this.state = 'over'
    this.socket.pause().off('data', this.more).off('end', this.lost).off('error', this.lost).off('close', this.lost)
    this.place.gone(this)
    return true
  }

  overdue(): void { this.destroy() }
  retire(): void { this.destroy() }

  destroy(): void {
    if (!this.leave()) return
    this.socket.on('error', () => {}).destroy()
  }
}
