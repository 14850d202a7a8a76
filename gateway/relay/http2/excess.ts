// Bytes of a connection that came for nothing: frames that cost a little each, and of which nghttp2 tells nobody. One for each session, looked at with every sweep.
import { Budget } from './budget.ts'
import type { Place } from '../place.ts'
import type { Socket } from 'node:net'

/** A request's head on the wire is not longer than its text by more than this, TLS records included. */
const AROUND = 256
/** For so many bytes of answers, one byte that makes room for them: a WINDOW_UPDATE has 13. */
const ANSWERED = 64

export class Excess {
  private read = 0
  private written = 0
  private explained = 0
  private readonly budget: Budget
  private readonly socket: Socket

  constructor(socket: Socket, { clock, settings }: Pick<Place, 'clock' | 'settings'>) {
    this.socket = socket
    this.budget = new Budget(clock, settings.idleBytes)
  }

  /** So many bytes came for a request or a body. */
  explain(bytes: number): void { this.explained += 2 * bytes + AROUND }

  /** False where too many came for nothing. */
  spend(): boolean {
    const { bytesRead, bytesWritten } = this.socket
    const idle = bytesRead - this.read - this.explained - (bytesWritten - this.written) / ANSWERED
    this.read = bytesRead
    this.written = bytesWritten
    this.explained = 0
    return this.budget.spend(Math.max(0, idle))
  }
}
