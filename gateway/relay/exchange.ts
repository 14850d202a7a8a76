// One request and its response, across both sides: a visitor (Asker) and its upstream (UpstreamSide). Started by a visitor, routed by serve.ts.
import { CHUNKED, type RequestHead } from './message/request.ts'
import { HSTS } from './tls/secure.ts'
import { without } from './message/fields.ts'
import { idOf, type Origin } from './message/forwarded.ts'
import type { Asked, ResponseHead } from './message/response.ts'
import type { Begun } from './upstream/begun.ts'
import type { Channel } from './channel.ts'
import type { Detail } from './pages.ts'
import type { Entry, Site } from './table.ts'
import { PROBLEMS, type ProblemName } from './problems.ts'
import type { Timed } from './clock.ts'
import type { Upstream } from '../../registry/types.ts'
import type { Queue, UpstreamSide } from './upstream/side.ts'

/** The visitor's side of an exchange: what an HTTP/1.1 connection, or an HTTP/2 stream, can do. */
export interface Asker {
  readonly origin: Origin
  /** Lets the request's body come: `Exchange.body` and `Exchange.bodyEnd` follow. */
  wantBody(): void
  /** Asks for the body itself (100 Continue) and serves the exchange again once enough of it is here. */
  invite?(): void
  /** Stops the body for now, and lets it come again. */
  holdBody(): void
  resumeBody(): void
  interim(head: ResponseHead): void
  answer(head: ResponseHead): void
  piece(bytes: Buffer, start: number, end: number, source: Channel | null): void
  /** The response is whole. */
  finish(trailers: string): void
  /** An answer of our own in place of the upstream's, whose head has not been sent. */
  problem(name: ProblemName, detail: Detail): void
  /** The response can't be finished: what was sent must not be taken for a whole one. */
  breakOff(): void
  /** Hands the connection over to a tunnel to `upstream`. `early`: what the upstream sent after its head. */
  tunnel(head: ResponseHead, upstream: Channel, early: Buffer, over: () => void): void
  /** Whether the visitor reads slower than it is sent to. */
  readonly stuck: boolean
  /** A number that is another one whenever the visitor has read something. */
  readonly mark: number
  flush(): void
}

/** What the exchange asks of the relay. */
export interface Host {
  serve(exchange: Exchange): void
  /** A connection was refused: nothing of the request was sent. */
  refused(exchange: Exchange, upstream: Upstream): void
  /** The exchange is over, in whatever way. */
  over(exchange: Exchange): void
  readonly zone: string
  /** Whether a host is to be visited over HTTPS only. */
  isStrict(host: string): boolean
  /** Whether a request for a host takes one of few connections, so that its body has to show itself first. Not where the relay answers, nor for the panel. */
  isScarce(host: string): boolean
  /** Whether requests for a host share the connections to its upstream, so that a slow one occupies none. */
  isShared(host: string): boolean
}

/** Where the exchange is. held: waits for a wake. queued: waits for a connection. open: on an upstream connection. */
type State = 'new' | 'held' | 'queued' | 'connecting' | 'open' | 'tunnel' | 'over'

export class Exchange implements Timed {
  state: State = 'new'
  /** How much of the request has been handed to the upstream. */
  sent: 'nothing' | 'head' | 'whole' = 'nothing'
  answered: 'nothing' | 'head' = 'nothing'
  /** Of the response: its status, 0 before there is one, and how many bytes of its body were passed on. */
  status = 0
  bytes = 0
  /** Which of our own answers it got, if any. */
  problem: ProblemName | null = null
  /** Set once the request is routed and counted. */
  entry: Entry | null = null
  site: Site | null = null
  /** While held: what it waits for, and until when. */
  holdKey = ''
  heldUntil = 0
  deadline = Infinity
  /** A pooled connection was closed under this request: the next must be a new one. */
  needsNew = false
  /** All of the body has come before the request was served: its connection won't wait for the visitor. */
  bodyIsHere = false
  readonly request: RequestHead
  readonly asker: Asker
  private readonly host: Host
  private upstream: UpstreamSide | null = null
  private queue: Queue | null = null
  /** What of the body must be sent again, and how often the upstream said that it had not looked at the request. */
  private begun: Begun | null = null
  private spares = 0
  private id = ''

  constructor(request: RequestHead, asker: Asker, host: Host) {
    this.request = request
    this.asker = asker
    this.host = host
  }

  get hasBody(): boolean { return this.request.length > 0 || this.request.length === CHUNKED }
  get isUpload(): boolean { return !this.bodyIsHere && this.hasBody }
  /** May be sent again where an upstream closed before a byte of response (RFC 9110 section 9.2.2): idempotent and without a body. */
  get replayable(): boolean { return !this.hasBody && this.request.upgrade === '' && IDEMPOTENT.has(this.request.method) }
  /** Whether the response says that the host is for HTTPS only; over plain HTTP nobody may say so (RFC 6797 section 7.2). */
  private get isStrict(): boolean { return this.asker.origin.scheme === 'https' && this.host.isStrict(this.request.host) }
  get reference(): string { return this.id === '' ? this.id = idOf(this.request, this.asker.origin) : this.id }

  asked({ origin }: { readonly origin: string }): Asked {
    return { method: this.request.method, host: this.request.host, zone: this.entry?.route.kind === 'panel' ? '' : this.host.zone, site: this.site, origin }
  }

  // From serve.ts and the pool.

  queued(queue: Queue): void {
    this.state = 'queued'
    this.queue = queue
  }

  connecting(upstream: UpstreamSide): void {
    this.state = 'connecting'
    this.upstream = upstream
  }

  /** The hold lets it look at the routing table again. */
  released(): void {
    this.state = 'new'
    this.host.serve(this)
    this.settle()
  }

  opened(upstream: UpstreamSide): void {
    this.state = 'open'
    this.upstream = upstream
    upstream.sendHead(this.request, this.ownFields())
    this.sent = this.hasBody ? 'head' : 'whole'
    if (this.hasBody) this.asker.wantBody()
    if (this.begun !== null) this.resend(this.begun, upstream)
    if (this.asker.stuck) upstream.pause()
    upstream.flush()
  }

  private resend(begun: Begun, upstream: UpstreamSide): void {
    this.begun = null
    this.sent = begun.sendTo(upstream)
    if (!upstream.stuck) this.asker.resumeBody()
  }

  private ownFields(): string {
    const { request } = this
    const fields = this.asker.origin.fieldsOf(request, this.reference) + (request.major === 2 ? 'Via: 2.0 auberge\r\n' : request.minor === 1 ? 'Via: 1.1 auberge\r\n' : 'Via: 1.0 auberge\r\n')
    return request.maxForwards > 0 ? `${fields}Max-Forwards: ${request.maxForwards - 1}\r\n` : fields
  }

  // From the visitor.

  body(bytes: Buffer, start: number, end: number, source: Channel | null): void {
    const { upstream } = this
    if (upstream === null || this.state !== 'open') return this.begun?.add(Buffer.from(bytes.subarray(start, end)))
    upstream.sendBody(bytes, start, end, source)
    if (upstream.stuck) this.asker.holdBody()
  }

  bodyEnd(trailers: string): void {
    const { upstream, request: { nominated } } = this
    const kept = nominated === null ? trailers : without(trailers, nominated)
    if (upstream === null || this.state !== 'open') return this.begun?.end(kept)
    this.sent = 'whole'
    upstream.sendEnd(kept)
    upstream.expectProgress()
  }

  /** The visitor reads again. */
  readable(): void {
    if (this.state === 'open') this.upstream?.resume()
  }

  /** The visitor has left, or what it sends is of no use: whatever goes on for it ends now. `status`: what it was told, if anything. */
  abandon(status = LEFT): void {
    if (this.state === 'over' || this.state === 'tunnel') return
    this.status ||= status
    this.queue?.leaveQueue(this)
    this.upstream?.close()
    this.finish()
  }

  // From the upstream connection.

  interim(head: ResponseHead): void { this.asker.interim(head) }

  answer(head: ResponseHead): void {
    this.answered = 'head'
    this.status = head.status
    if (this.isStrict && !OWN_HSTS.test(head.fields)) head.fields += HSTS
    this.asker.answer(head)
  }

  piece(bytes: Buffer, start: number, end: number, source: Channel | null): void {
    this.bytes += end - start
    this.asker.piece(bytes, start, end, source)
  }

  end(trailers: string): void {
    if (this.state === 'over') return
    this.finish()
    this.asker.finish(trailers)
  }

  /** Whether a 101 answers what was asked: an upgrade, to one of its protocols. */
  switches(head: ResponseHead): boolean {
    const wanted = names(this.request.upgrade)
    const given = names(head.upgrade)
    return given.length > 0 && given.every(name => wanted.includes(name))
  }

  tunnel(head: ResponseHead, channel: Channel, early: Buffer): void {
    const { upstream } = this
    if (upstream === null) return
    this.state = 'tunnel'
    this.status = head.status
    this.asker.tunnel(head, channel, early, () => {
      upstream.close()
      this.finish()
    })
  }

  /** The upstream takes the body again. */
  drained(): void { if (this.state === 'open') this.asker.resumeBody() }

  /** Connecting failed; the request is as it was. */
  refused(upstream: Upstream): void {
    this.upstream = null
    this.state = 'new'
    this.host.refused(this, upstream)
  }

  /** A pooled connection was closed before a byte of response came. */
  stale(): void {
    this.upstream = null
    if (!this.replayable || this.needsNew) return this.failed('unreachable')
    this.needsNew = true
    this.state = 'new'
    this.sent = 'nothing'
    this.host.serve(this)
  }

  /** The upstream has not looked at the request, and says so (RFC 9113 section 8.7): whatever the method, it may be sent again, if we still have its body as far as it came. */
  spared(begun: Begun | null): void {
    this.upstream = null
    if (begun === null || ++this.spares > SPARES) return this.failed('unreachable')
    this.begun = this.hasBody ? begun : null
    this.state = 'new'
    this.sent = 'nothing'
    if (this.hasBody) this.asker.holdBody()
    this.host.serve(this)
  }

  /** There will be no response, or no more of it. */
  failed(problem: ProblemName, detail: Detail = {}): void {
    if (this.state === 'over') return
    this.queue?.leaveQueue(this)
    const { answered } = this
    this.status ||= PROBLEMS[problem].status
    this.problem = problem
    this.finish()
    if (answered === 'head') this.asker.breakOff()
    else this.asker.problem(problem, { reference: this.reference, zone: this.host.zone, scheme: this.asker.origin.scheme, ...this.isStrict ? { fields: HSTS } : {}, ...detail })
  }

  /** What was put is written, and whoever is too fast is paused. Called when an event has been dealt with. */
  settle(): void {
    this.asker.flush()
    if (this.state === 'open' && this.asker.stuck) this.upstream?.pause()
    this.upstream?.flush()
  }

  /** While it waits: set by serve.ts. */
  onOverdue: (() => void) | null = null
  overdue(): void { this.onOverdue?.() }

  private finish(): void {
    this.host.over(this)
    this.state = 'over'
    this.upstream = null
    this.queue = null
    this.begun = null
  }
}

/** How often a request is sent again to an upstream that refuses to look at it. */
const SPARES = 3
/** A site may say it its own way. */
const OWN_HSTS = /^strict-transport-security:/im
/** What is written down where the visitor left before there was a response: nginx's number. */
const LEFT = 499

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

function names(protocols: string): string[] {
  return protocols.toLowerCase().split(',').map(protocol => protocol.trim()).filter(protocol => protocol !== '')
}
