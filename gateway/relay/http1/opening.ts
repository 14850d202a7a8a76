// How a request opens: the empty lines before it, and its head, however many reads it takes. One for each connection, made and called by visitor.ts.
import { hasBareLineFeed, takeHead } from '../message/head.ts'
import { readRequest, type Refusal, type RequestHead } from '../message/request.ts'
import { hasBody } from './writer.ts'
import type { Settings } from '../settings.ts'

export class Opening {
  /** The head of a request that was refused, as far as it was read. */
  text = ''
  private searched = 0
  private readonly settings: Settings

  constructor(settings: Settings) { this.settings = settings }

  /** Where the request begins: empty lines before it are skipped (RFC 9112 section 2.2). -1 where that can't be told yet. */
  begin(bytes: Buffer, at: number, end: number): number {
    while (at + 1 < end && bytes[at] === 13 && bytes[at + 1] === 10) at += 2
    this.searched = 0
    return at + 1 === end && bytes[at] === 13 ? -1 : at
  }

  /** The request whose head begins at `at`, why it is refused, or null while its head isn't whole. To be called with all of the head every time. */
  read(bytes: Buffer, at: number, end: number): RequestHead | Refusal | null {
    const { searched } = this
    const text = takeHead(bytes, at, end, searched)
    this.searched = end - at
    if ((text?.length ?? end - at) > this.settings.requestHead) return this.tooLong(bytes, at, end)
    if (text === null) return hasBareLineFeed(bytes, at, end, searched) ? 'malformed' : null
    const request = readRequest(text, this.settings, bytes, at)
    if (typeof request === 'string') this.text = text
    // Where nothing is to come, nothing is to be waited for (RFC 9110 section 10.1.1).
    else if (!hasBody(request)) request.expects = false
    return request
  }

  /** Which part was too long: the target, if not even the request line has ended in that many bytes. */
  private tooLong(bytes: Buffer, at: number, end: number): Refusal {
    const line = bytes.subarray(at, Math.min(end, at + this.settings.target + 64))
    this.text = bytes.toString('latin1', at, Math.min(end, at + this.settings.requestHead))
    return line.includes(13) ? 'head_too_large' : 'target_too_long'
  }
}
