// The beginning of a request's body, kept until its response begins, so that it may be sent again where an upstream says that it has not looked at the request.
// Nobody else can do that: the visitor has sent it once. Filled by http2/stream.ts, sent again by exchange.ts.
import type { UpstreamSide } from './side.ts'

export class Begun {
  size = 0
  private readonly pieces: Buffer[] = []
  /** Set once the body is whole. */
  private trailers: string | null = null

  /** `piece` must not be reused. */
  add(piece: Buffer): void {
    this.pieces.push(piece)
    this.size += piece.length
  }

  end(trailers: string): void { this.trailers = trailers }

  /** Returns how much of the request that was. */
  sendTo(upstream: UpstreamSide): 'head' | 'whole' {
    for (const piece of this.pieces) upstream.sendBody(piece, 0, piece.length, null)
    if (this.trailers === null) return 'head'
    upstream.sendEnd(this.trailers)
    return 'whole'
  }
}
