// Writes a request's head as upstreams get it: as text for HTTP/1.1 (connection.ts), as a header list for HTTP/2 (http2/stream.ts).
import { append, type List } from '../http2/response.ts'
import { CHUNKED, NONE, type RequestHead } from '../message/request.ts'

/** `own`: field lines of ours besides the request's. */
export function requestText(request: RequestHead, own: string): string {
  let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.authority}\r\n${request.fields}${own}`
  if (request.length === CHUNKED) text += 'Transfer-Encoding: chunked\r\n'
  else if (request.length !== NONE) text += `Content-Length: ${request.length}\r\n`
  if (request.expects) text += 'Expect: 100-continue\r\n'
  if (request.upgrade !== '') return `${text}Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n\r\n`
  return request.trailers ? `${text}Connection: TE\r\nTE: trailers\r\n\r\n` : `${text}\r\n`
}

/** RFC 9113 section 8.3.1. The scheme is that of the connection; X-Forwarded-Proto says how the visitor came. */
export function requestList(request: RequestHead, own: string): List {
  const list = [':method', request.method, ':scheme', 'http', ':authority', request.authority, ':path', request.target]
  append(append(list, request.fields), own)
  if (request.length >= 0) list.push('content-length', String(request.length))
  if (request.expects) list.push('expect', '100-continue')
  if (request.trailers) list.push('te', 'trailers')
  return list
}
