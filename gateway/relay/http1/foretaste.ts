// How much of a request's body must have come before the request is served: all of it, or enough to believe in the rest. Made and called by visitor.ts.
// A site has few upstream connections; a visitor who sends a head and then nothing must not occupy one.
import { bodyOf, type Body } from '../message/body.ts'
import { CHUNKED } from '../message/request.ts'
import type { Settings } from '../settings.ts'

/** more must come; the body is whole; it isn't, but its visitor means it; it is malformed. */
type Verdict = 'more' | 'whole' | 'enough' | 'bad'

export class Foretaste {
  private seen = 0
  private readonly length: number
  private readonly reader: Body | null
  private readonly settings: Settings

  /** `length` as in a request's head. */
  constructor(length: number, settings: Settings) {
    this.length = length
    this.settings = settings
    this.reader = length === CHUNKED ? bodyOf(length, settings) : null
  }

  /** To be called with all of the body so far every time. */
  look(bytes: Buffer, at: number, end: number): Verdict {
    this.reader?.feed(bytes, at + this.seen, end, () => {})
    this.seen = end - at
    return this.judge()
  }

  private judge(): Verdict {
    if (this.reader?.state === 'bad') return 'bad'
    const isWhole = this.reader === null ? this.seen >= this.length : this.reader.state === 'done'
    return isWhole ? 'whole' : this.seen >= this.settings.ahead ? 'enough' : 'more'
  }
}
