// What an exchange asks of its upstream, whichever HTTP that speaks. Implemented by connection.ts and http2/stream.ts, called by exchange.ts.
import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import type { RequestHead } from '../message/request.ts'

/** The upstream's side of an exchange: an HTTP/1.1 connection, or an HTTP/2 stream. */
export interface UpstreamSide {
  /** How a redirect to the upstream itself would begin. */
  readonly origin: string
  /** Whether it takes less than it is given; `Exchange.drained` follows. */
  readonly stuck: boolean
  /** Sends the head. `own`: field lines of ours besides the request's. */
  sendHead(request: RequestHead, own: string): void
  /** A piece of the body; `source` as for `Channel.putBytes`. */
  sendBody(bytes: Buffer, start: number, end: number, source: Channel | null): void
  sendEnd(trailers: string): void
  /** The request has moved on: the time for its response counts from here. */
  expectProgress(): void
  /** Stops the response for now, and lets it come again. */
  pause(): void
  resume(): void
  /** Writes what was given. */
  flush(): void
  /** Ends it, whatever it does; the exchange is not told. */
  close(): void
}

/** Where an exchange may wait for its upstream. */
export interface Queue { leaveQueue(exchange: Exchange): void }
