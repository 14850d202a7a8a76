// What a visitor is sent: heads, bodies in their framing, answers of our own. One for each connection, made and called by visitor.ts.
import { INTERIM, Probe, ZEROS } from './probe.ts'
import { render, type Detail } from '../pages.ts'
import { answerText, framingOf, interimText, responseText, switchingText, type Framing } from './writer.ts'
import type { Channel } from '../channel.ts'
import type { ProblemName } from '../problems.ts'
import type { Refusal, RequestHead } from '../message/request.ts'
import type { ResponseHead } from '../message/response.ts'

export class Reply {
  private framing: Framing = 'none'
  private probe: Probe | null = null
  private readonly channel: Channel

  constructor(channel: Channel) { this.channel = channel }

  interim(head: ResponseHead): void { this.send(interimText(head)) }

  /** 100, from us: the upstream need not say it again. */
  proceed(request: RequestHead): void {
    request.expects = false
    this.send('HTTP/1.1 100 Continue\r\n\r\n')
  }

  /** A response's head. `persist`: whether the connection may go on after it; returns whether it will, for the body may have to end with it. */
  head(head: ResponseHead, request: RequestHead, persist: boolean): boolean {
    this.framing = framingOf(head, request)
    const persists = persist && this.framing !== 'until-close'
    this.send(responseText(head, request, this.framing, persists))
    return persists
  }

  /** Bytes of the body; `source` as for `Channel.putBytes`. */
  piece(bytes: Buffer, start: number, end: number, source: Channel | null): void {
    const chunked = this.framing === 'chunked'
    if (chunked) this.channel.put(`${(end - start).toString(16)}\r\n`)
    this.channel.putBytes(bytes, start, end, source)
    if (chunked) this.channel.put('\r\n')
  }

  /** The body is whole. */
  finish(trailers: string): void {
    this.stop()
    if (this.framing === 'chunked') this.channel.put(`0\r\n${trailers}\r\n`)
  }

  /** An answer of our own. Returns whether the connection goes on after it: not after every problem. */
  problem(name: ProblemName, request: RequestHead | null, detail: Detail, persist: boolean): boolean {
    const answer = render(name, request?.text ?? '', detail)
    const persists = persist && !answer.close
    this.send(answerText(answer, request, persists))
    return persists
  }

  /** The last answer, to a request that can't be read whole. `text`: its head as far as it was. */
  refusal(name: Refusal | ProblemName, text: string): void {
    this.send(answerText(render(name, text, {}), null, false))
  }

  /** A 101, and what the upstream sent after it. */
  switching(head: ResponseHead, early: Buffer): void {
    this.send(switchingText(head))
    if (early.length > 0) this.channel.putBytes(early, 0, early.length, null)
  }

  /** Finds out whether a visitor who has half-closed is still there, until a head is sent. `gap`: see `Probe`. */
  doubt(gap: number): void { this.probe ??= new Probe(this.channel, gap, INTERIM) }

  /** The same within a response, until it ends. Only a chunked one has a place for that; others show it when more is sent. */
  doubtWithin(gap: number): void { if (this.framing === 'chunked') this.probe ??= new Probe(this.channel, gap, ZEROS) }

  /** Nothing more will be sent. */
  stop(): void {
    this.probe?.stop()
    this.probe = null
  }

  /** Adds to what goes out, after the rest of a probe under way. */
  private send(text: string): void {
    if (this.probe !== null) this.channel.put(this.probe.stop())
    this.probe = null
    this.channel.put(text)
  }
}
