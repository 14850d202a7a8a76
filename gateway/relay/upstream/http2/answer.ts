// Reads an HTTP/2 upstream's header list. It is written as HTTP/1.1 would have it and read by the one reader there is, so that both have one rulebook. Called by stream.ts.
import { STATUS_CODES } from 'node:http'
import { CHUNKED, UNTIL_CLOSE } from '../../message/request.ts'
import { readResponse, type Asked, type ResponseHead } from '../../message/response.ts'
import type { Settings } from '../../settings.ts'

/** A response's head, interim or final; null where it is malformed. nghttp2 has seen to the pseudo-header fields and to those HTTP/2 forbids. */
export function readAnswer(list: readonly string[], asked: Asked, settings: Settings): ResponseHead | null {
  const text = textOf(list)
  if (text === null || text.length > settings.responseHead) return null
  const head = readResponse(text, asked, settings)
  if (head === null || head.length === CHUNKED) return null
  head.major = 2
  if (head.length === UNTIL_CLOSE) head.length = CHUNKED
  return head
}

function textOf(list: readonly string[]): string | null {
  let lines = ''
  for (let i = 2; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (name.includes(':') || value.includes('\n')) return null
    lines += `${name}: ${value}\r\n`
  }
  const status = list[1] ?? ''
  return list[0] === ':status' ? `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n` : null
}
