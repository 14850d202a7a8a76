// Writes header lists (RFC 9113 section 8.2): responses, interim ones, trailers and answers of our own, from lines. Called by stream.ts.
import type { Answer } from '../pages.ts'
import type { ResponseHead } from '../message/response.ts'

/** A flat list of names and values. */
export type List = string[]

/** Appends lines, with their names in lower case. What belongs to an HTTP/1.1 connection is not among them, but for the one field that only asks for HTTP/2. */
export function append(list: List, lines: string): List {
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(': ', at)
    const eol = lines.indexOf('\r\n', colon)
    const name = lines.slice(at, colon).toLowerCase()
    if (name !== 'http2-settings') list.push(name, lines.slice(colon + 2, eol))
    at = eol + 2
  }
  return list
}

export function responseList(head: ResponseHead, status = head.status): List {
  const list = append([':status', String(status)], head.fields)
  if (head.declared >= 0) list.push('content-length', String(head.declared))
  list.push('via', head.major === 2 ? '2.0 auberge' : head.minor === 1 ? '1.1 auberge' : '1.0 auberge')
  return list
}

/** 1xx, as an object, which is what `additionalHeaders` takes; a name that comes twice has its values in an array. */
export function interimFields(head: ResponseHead): Record<string, string | string[] | number> {
  return { ':status': head.status, ...objectOf(append([], head.fields)), ...head.status === 100 ? {} : { via: head.major === 2 ? '2.0 auberge' : '1.1 auberge' } }
}

export function trailerFields(lines: string): Record<string, string | string[]> { return objectOf(append([], lines)) }

function objectOf(list: List): Record<string, string | string[]> {
  const fields: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (let i = 0; i + 1 < list.length; i += 2) (fields[list[i] ?? ''] ??= []).push(list[i + 1] ?? '')
  return fields
}

export function answerList(answer: Answer): List {
  const list = append([':status', String(answer.status), 'date', new Date().toUTCString()], answer.fields)
  list.push('content-length', String(answer.body.length))
  return list
}
