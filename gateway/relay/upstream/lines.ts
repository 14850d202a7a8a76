// Who waits for a connection to an upstream, and who is next. One for each pool, made and called by pool.ts.
import type { Exchange } from '../exchange.ts'

export class Lines {
  /** In turn; uploads apart, for only so many may have a connection at a time. */
  private readonly plain = new Map<Exchange, number>()
  private readonly uploads = new Map<Exchange, number>()
  private turns = 0

  get size(): number { return this.plain.size + this.uploads.size }

  add(exchange: Exchange): void { (exchange.isUpload ? this.uploads : this.plain).set(exchange, this.turns++) }

  remove(exchange: Exchange): void {
    this.plain.delete(exchange)
    this.uploads.delete(exchange)
  }

  /** Takes out the first, uploads only where `takesUploads`; who comes from `greedy` is passed over. */
  next(takesUploads: () => boolean, greedy: string): Exchange | undefined {
    const plain = firstOf(this.plain, greedy)
    const upload = this.uploads.size > 0 && takesUploads() ? firstOf(this.uploads, greedy) : undefined
    const first = upload !== undefined && (plain === undefined || upload[1] < plain[1]) ? upload[0] : plain?.[0]
    if (first !== undefined) this.remove(first)
    return first
  }
}

/** Whose it is, as far as sharing goes. */
export function fromOf({ asker, request }: Exchange): string { return asker.origin.shareOf(request) }

function firstOf(line: Map<Exchange, number>, greedy: string): [Exchange, number] | undefined {
  for (const entry of line) if (greedy === '' || fromOf(entry[0]) !== greedy) return entry
  return undefined
}
