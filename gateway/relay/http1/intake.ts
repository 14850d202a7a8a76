// What a visitor has sent: used at once where that is possible, and else kept or dropped, within bounds. One for each connection, made and called by visitor.ts.
import type { Channel } from '../channel.ts'
import type { Settings } from '../settings.ts'

/** Whether what arrives can be used: now, later (it must wait for an exchange), or never again. */
export type Appetite = 'now' | 'later' | 'never'

/** Whoever uses the bytes. */
export interface Eater {
  readonly appetite: Appetite
  /** Uses some of the bytes from `at` to `end`; returns where it stopped, or -1 where it can't go on without more, or not yet. */
  step(bytes: Buffer, at: number, end: number): number
}

export class Intake {
  private ahead: Buffer | null = null
  private dropped = 0
  private state: 'still' | 'eating' = 'still'
  private readonly eater: Eater
  private readonly channel: Channel
  private readonly settings: Settings

  constructor(eater: Eater, channel: Channel, settings: Settings) {
    this.eater = eater
    this.channel = channel
    this.settings = settings
  }

  /** Whether anything is kept. */
  get holds(): boolean { return this.ahead !== null }

  /** Bytes 0 to `end`, valid only during the call. */
  received(bytes: Buffer, end: number): void {
    if (this.eater.appetite === 'never') return this.drop(end)
    if (this.ahead === null && this.eater.appetite !== 'later') return this.eat(bytes, end)
    this.keep(bytes, 0, end)
    if (this.eater.appetite !== 'later') this.pump()
  }

  /** Goes on with what was kept. False where that is being done already. */
  pump(): boolean {
    if (this.state === 'eating') return false
    const ahead = this.take()
    this.channel.resume()
    if (ahead !== null) this.eat(ahead, ahead.length)
    return true
  }

  /** Hands out what was kept. */
  take(): Buffer | null {
    const { ahead } = this
    this.ahead = null
    return ahead
  }

  private eat(bytes: Buffer, end: number): void {
    let at = 0
    this.state = 'eating'
    while (at < end) {
      const next = this.eater.step(bytes, at, end)
      if (next < 0) break
      at = next
    }
    this.state = 'still'
    if (at < end && this.eater.appetite !== 'never') this.keep(bytes, at, end)
  }

  private drop(size: number): void {
    this.dropped += size
    if (this.dropped > this.settings.lingerBytes) this.channel.destroy()
  }

  /** Once enough waits, no more is read. */
  private keep(bytes: Buffer, at: number, end: number): void {
    const more = bytes.subarray(at, end)
    this.ahead = this.ahead === null ? Buffer.from(more) : Buffer.concat([this.ahead, more])
    if (this.ahead.length > this.settings.ahead && this.eater.appetite === 'later') this.channel.pause()
  }
}
