// Writes response heads and our own answers, canonically. Called by reply.ts.
import { CHUNKED, type RequestHead } from '../message/request.ts'
import type { Answer } from '../pages.ts'
import type { ResponseHead } from '../message/response.ts'

/** How a response's body is framed for this visitor. */
export type Framing = 'none' | 'counted' | 'chunked' | 'until-close'

/** A body whose length isn't known is chunked, for HTTP/1.0 it ends with the connection. */
export function framingOf(head: ResponseHead, request: RequestHead): Framing {
  if (head.length === -1) return 'none'
  if (head.length >= 0) return 'counted'
  return request.minor === 1 ? 'chunked' : 'until-close'
}

/** A response's head as the visitor gets it. `persist`: whether the connection goes on after it. */
export function responseText(head: ResponseHead, request: RequestHead, framing: Framing, persist: boolean): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}`
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  else if (head.declared >= 0) text += `Content-Length: ${head.declared}\r\n`
  text += head.major === 2 ? 'Via: 2.0 auberge\r\n' : head.minor === 1 ? 'Via: 1.1 auberge\r\n' : 'Via: 1.0 auberge\r\n'
  if (head.status === 426 && head.upgrade !== '') return `${text}Connection: ${persist ? 'Upgrade' : 'Upgrade, close'}\r\nUpgrade: ${head.upgrade}\r\n\r\n`
  if (!persist) return `${text}Connection: close\r\n\r\n`
  return request.minor === 0 ? `${text}Connection: keep-alive\r\n\r\n` : `${text}\r\n`
}

/** 1xx: no framing, no persistence. */
export function interimText(head: ResponseHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}${head.status === 100 ? '' : head.major === 2 ? 'Via: 2.0 auberge\r\n' : 'Via: 1.1 auberge\r\n'}\r\n`
}

export function switchingText(head: ResponseHead): string {
  return `HTTP/1.1 101 ${head.reason}\r\n${head.fields}Via: 1.1 auberge\r\nConnection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`
}

/** An answer of our own; `request` is null where none could be read. */
export function answerText(answer: Answer, request: RequestHead | null, persist: boolean): string {
  const connection = persist ? (request?.minor === 0 ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n'
  const head = `HTTP/1.1 ${answer.status} ${answer.reason}\r\nDate: ${new Date().toUTCString()}\r\n${answer.fields}Content-Length: ${answer.body.length}\r\n${connection}\r\n`
  return request?.method === 'HEAD' ? head : head + answer.body
}

/** Whether a request still has a body to come after its head. */
export function hasBody(request: RequestHead): boolean { return request.length > 0 || request.length === CHUNKED }
