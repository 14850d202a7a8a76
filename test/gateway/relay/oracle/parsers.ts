// What must hold of the relay's parsers for any input at all: no exception, the same reading however the input is split, and a canonical form that is read as what it was made of.
// Used by bench/fuzz.ts and fuzz-parsers.test.ts.
import { Opening } from '../../../../gateway/relay/http1/opening.ts'
import { bodyOf } from '../../../../gateway/relay/message/body.ts'
import { takeHead } from '../../../../gateway/relay/message/head.ts'
import { CHUNKED, NONE, UNTIL_CLOSE, readRequest } from '../../../../gateway/relay/message/request.ts'
import { readResponse } from '../../../../gateway/relay/message/response.ts'
import { SETTINGS } from '../../../../gateway/relay/settings.ts'
import type { Pick } from './chance.ts'

export type Kind = 'request' | 'response' | 'chunks'

const ASKED = { method: 'GET', host: 'a.test', zone: 'example.test', site: null, origin: 'http://127.0.0.1:81' }

/** What is wrong with how `text` is read, or null. */
export function fault(kind: Kind, text: string, pick: Pick): string | null {
  try {
    const whole = reading(kind, text, [])
    for (const cuts of splits(text.length, pick)) {
      const split = reading(kind, text, cuts)
      if (split !== whole) return `split at ${cuts.slice(0, 5).join()} it is read as ${split}, else as ${whole}`
    }
    return kind === 'chunks' ? null : kind === 'request' ? requestAgain(text) : responseAgain(text)
  } catch (error) {
    return `thrown: ${String(error instanceof Error ? error.stack : error)}`
  }
}

/** Every single place of a short input, some of a long one, and one octet at a time. */
function splits(size: number, pick: Pick): number[][] {
  const places = size <= 64 ? Array.from({ length: size }, (_, i) => [i]) : Array.from({ length: 12 }, () => [pick(size)])
  return size > 600 ? places : [...places, Array.from({ length: size }, (_, i) => i)]
}

function reading(kind: Kind, text: string, cuts: number[]): string {
  const bytes = Buffer.from(text, 'latin1')
  const ends = [...cuts, bytes.length]
  if (kind === 'chunks') return body(CHUNKED, bytes, 0, ends)
  return kind === 'request' ? requestIn(bytes, ends) : responseIn(bytes, ends)
}

function requestIn(bytes: Buffer, ends: number[]): string {
  const opening = new Opening(SETTINGS)
  let start = -1
  for (const end of ends) {
    if (start < 0) start = opening.begin(bytes, 0, end)
    if (start < 0 || start === end) {
      start = -1
      continue
    }
    const head = opening.read(bytes, start, end)
    // Which of several reasons is given depends on what has come so far.
    if (typeof head === 'string') return 'refused'
    if (head === null) continue
    const { text, claims, nominated, ...rest } = head
    const at = start + text.length
    const content = head.length === NONE ? '' : body(head.length, bytes, at, ends.filter(later => later > at))
    return JSON.stringify([rest, [...claims ?? []], [...nominated ?? []], content])
  }
  return 'more'
}

function responseIn(bytes: Buffer, ends: number[]): string {
  let searched = 0
  for (const end of ends) {
    const text = takeHead(bytes, 0, end, searched)
    searched = end
    if (text === null) continue
    const head = readResponse(text, ASKED, SETTINGS)
    if (head === null || head.length === NONE) return JSON.stringify(head)
    return JSON.stringify([head, [...head.nominated ?? []], body(head.length, bytes, text.length, ends.filter(later => later > text.length))])
  }
  return 'more'
}

function body(length: number, bytes: Buffer, start: number, ends: number[]): string {
  const reader = bodyOf(length, SETTINGS)
  let content = ''
  let at = start
  for (const end of ends) {
    while (at < end && reader.state === 'more') at = reader.feed(bytes, at, end, (piece, from, to) => { content += piece.toString('latin1', from, to) })
  }
  return reader.state === 'bad' ? 'bad' : JSON.stringify([reader.state, reader.state === 'more' ? '' : at, content, reader.trailers])
}

/** The first head of a text, canonically written, is read as the same request again. */
function requestAgain(text: string): string | null {
  const over = text.indexOf('\r\n\r\n')
  const head = over < 0 ? 'malformed' : readRequest(text.slice(0, over + 4), SETTINGS)
  if (typeof head === 'string') return null
  if (head.host === '') return null
  const framing = head.length === CHUNKED ? 'Transfer-Encoding: chunked\r\n' : head.length === NONE ? '' : `Content-Length: ${head.length}\r\n`
  const again = readRequest(`${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.authority}\r\n${head.fields}${framing}\r\n`, { ...SETTINGS, fields: SETTINGS.fields + 2 })
  if (typeof again === 'string') return `its canonical form is ${again}: ${JSON.stringify(head.fields)}`
  const same = again.method === head.method && again.target === head.target && again.host === head.host && again.length === head.length && again.fields === head.fields && again.claims === null
  return same ? null : `its canonical form is another: ${JSON.stringify(head)} and ${JSON.stringify(again)}`
}

function responseAgain(text: string): string | null {
  const over = text.indexOf('\r\n\r\n')
  const head = over < 0 ? null : readResponse(text.slice(0, over + 4), ASKED, SETTINGS)
  if (head === null) return null
  const framing = head.length === CHUNKED ? 'Transfer-Encoding: chunked\r\n' : head.declared >= 0 ? `Content-Length: ${head.declared}\r\n` : ''
  const again = readResponse(`HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}${framing}\r\n`, ASKED, { ...SETTINGS, fields: SETTINGS.fields + 1 })
  if (again === null) return `its canonical form is refused: ${JSON.stringify(head)}`
  const same = again.status === head.status && again.reason === head.reason && again.length === head.length && again.fields === head.fields && (head.length !== UNTIL_CLOSE || again.declared === -1)
  return same ? null : `its canonical form is another: ${JSON.stringify(head)} and ${JSON.stringify(again)}`
}
