// A pod's log without the lines that its web server writes for each visit: what is left is what went wrong, and what programs say. Called by content.ts.
import { StringDecoder } from 'node:string_decoder'
import { Transform, type TransformCallback } from 'node:stream'

/** The combined format: address, two names, time, request, status. */
const VISIT = /^\S+ \S+ \S+ \[[^\]]{20,40}\] ".*" \d{3} /
/** Characters of a line that are looked at; a longer one passes in pieces. */
const LONGEST = 64 * 2 ** 10

/** Passes lines on as they come. */
export class Errors extends Transform {
  readonly #text = new StringDecoder('utf8')
  #held = ''

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const lines = (this.#held + this.#text.write(chunk)).split(/(?<=\n)/)
    const last = lines.at(-1) ?? ''
    this.#held = last.endsWith('\n') || last.length > LONGEST ? '' : lines.pop() ?? ''
    done(null, kept(lines))
  }

  override _flush(done: TransformCallback): void {
    done(null, kept([this.#held + this.#text.end()]))
  }
}

const kept = (lines: string[]): string => lines.filter(line => !VISIT.test(line)).join('')
