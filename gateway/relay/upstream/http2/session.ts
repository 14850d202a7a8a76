// One HTTP/2 connection to an upstream: as many streams as it allows, until it goes away, is idle for long, or stops answering. Made by pool.ts.
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type ClientSessionOptions } from 'node:http2'
import { connect as dial } from 'node:net'
import { UpstreamStream } from './stream.ts'
import type { Clock, Timed } from '../../clock.ts'
import type { Exchange } from '../../exchange.ts'
import type { List } from '../../http2/response.ts'
import type { SessionPool } from './pool.ts'
import type { Settings } from '../../settings.ts'

/** connecting: until the upstream has said what it allows. open. doubted: a request had no answer, does the connection have a life? leaving: no new streams. gone. */
type Phase = 'connecting' | 'open' | 'doubted' | 'leaving' | 'gone'

export class UpstreamSession implements Timed {
  phase: Phase = 'connecting'
  deadline: number
  /** The last stream the upstream has looked at, once it has said so. */
  last = Infinity
  /** Streams that were begun, ever. */
  begun = 0
  private readonly streams = new Set<UpstreamStream>()
  private most = 0
  private readonly node: ClientHttp2Session
  private readonly pool: SessionPool
  private readonly settings: Settings
  private readonly clock: Clock

  constructor(pool: SessionPool, settings: Settings, clock: Clock) {
    this.pool = pool
    this.settings = settings
    this.clock = clock
    this.deadline = performance.now() + settings.connectTimeout
    const { address, port } = pool.upstream
    this.node = connect('http://upstream.invalid', { ...optionsOf(settings), createConnection: () => dial({ host: address, port, noDelay: true }) })
    // Node calls these while nghttp2 reads. A stream opened or closed meanwhile may end in a failed assertion of node, if what follows is malformed: so all that acts does so after.
    this.node.on('connect', () => this.node.setLocalWindowSize(settings.upstreamWindow))
    this.node.on('remoteSettings', ({ maxConcurrentStreams = Infinity }) => setImmediate(() => this.allowed(maxConcurrentStreams)))
    this.node.on('goaway', (_code: number, last: number) => {
      this.last = Math.min(this.last, last)
      setImmediate(() => this.leave())
    })
    this.node.on('error', () => {}).on('close', () => this.gone())
    clock.watch(this)
  }

  get origin(): string { return this.pool.origin }
  /** Whether another request may go here now. */
  get hasRoom(): boolean { return this.phase === 'open' && this.streams.size < this.most && !this.node.closed && !this.node.destroyed }
  /** The connection has ended, and was of use before: it may have been closed while this request was on its way, as an idle one is. */
  get isLost(): boolean { return this.node.destroyed && this.begun > 1 }

  private allowed(streams: number): void {
    if (this.phase === 'gone') return
    this.most = Math.min(streams, this.settings.upstreamStreams)
    if (this.phase === 'connecting') {
      this.phase = 'open'
      this.rest()
    }
    this.pool.ready(this)
  }

  private rest(): void { this.deadline = this.streams.size > 0 ? Infinity : this.clock.now + this.settings.poolIdle }

  /** Begins an exchange on a stream of its own; it sends its request at once. */
  assign(exchange: Exchange): void {
    const stream = new UpstreamStream(exchange, this, this.settings, this.clock)
    this.streams.add(stream)
    this.begun++
    this.rest()
    exchange.opened(stream)
  }

  /** Opens a stream; null where the connection has just ended. */
  request(list: List, hasBody: boolean): ClientHttp2Stream | null {
    if (this.node.closed || this.node.destroyed) return null
    return this.node.request(list, { endStream: !hasBody, waitForTrailers: hasBody })
  }

  ended(stream: UpstreamStream): void {
    if (!this.streams.delete(stream) || this.phase === 'gone') return
    if (this.phase === 'open') this.rest()
    this.pool.ready(this)
  }

  /** A request had no answer in time. The upstream may be slow, or the connection dead without a word: a ping tells. */
  doubt(): void {
    if (this.phase !== 'open' || this.node.destroyed) return
    this.phase = 'doubted'
    this.deadline = this.clock.now + this.settings.connectTimeout
    this.node.ping(error => { if (error === null) setImmediate(() => this.trust()) })
  }

  private trust(): void {
    if (this.phase !== 'doubted') return
    this.phase = 'open'
    this.rest()
    this.pool.ready(this)
  }

  /** GOAWAY: streams after `last` are not looked at, the others finish. */
  private leave(): void {
    if (this.phase === 'gone') return
    if (this.phase === 'connecting') return this.node.destroy()
    this.phase = 'leaving'
    this.deadline = Infinity
    this.pool.grow()
  }

  /** Ends it once what is under way has finished. */
  retire(): void {
    if (this.phase === 'connecting') return this.node.destroy()
    if (this.phase === 'gone' || this.phase === 'leaving') return
    this.phase = 'leaving'
    this.deadline = Infinity
    this.node.close()
  }

  overdue(): void {
    this.deadline = Infinity
    if (this.phase === 'open') this.retire()
    else this.node.destroy()
  }

  private gone(): void {
    if (this.phase === 'gone') return
    this.phase = 'gone'
    this.clock.forget(this)
    this.pool.gone(this)
  }
}

/** What nghttp2 bounds for us; fields are counted again by the reader. */
function optionsOf(settings: Settings): ClientSessionOptions {
  const options: ClientSessionOptions & { strictSingleValueFields: boolean; maxSessionInvalidFrames: number } = {
    settings: { enablePush: false, maxHeaderListSize: 2 * settings.responseHead },
    maxHeaderListPairs: 2 * settings.fields,
    maxSendHeaderBlockLength: 4 * settings.requestHead,
    maxReservedRemoteStreams: 0,
    // In megabytes. The windows and buffers of all streams are bounds enough; beyond this node resets streams that did nothing wrong.
    maxSessionMemory: 128,
    maxSessionInvalidFrames: settings.invalidFrames,
    // A visitor's fields are passed on as they are, also where one comes twice.
    strictSingleValueFields: false,
  }
  return options
}
