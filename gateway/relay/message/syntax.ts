// The characters of HTTP (RFC 9110 section 5.6, RFC 9112): what a token, a field value, a number may hold. Used by the parsers.

/** 1 for each character a token (method, field name) may hold. */
const TOKEN = new Uint8Array(65_536)
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") TOKEN[c.charCodeAt(0)] = 1

/** 1 for each character a field value or a reason may hold: no control character but the tab, for nobody reads those alike (RFC 9110 section 5.5). */
const VALUE = new Uint8Array(256).fill(1, 32).fill(1, 9, 10).fill(0, 127, 128)

/** Where the token that begins at `start` ends; at `start` where there is none. */
export function tokenEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (TOKEN[bytes[at] as number] === 1) at++
  return at
}

/** Where the line that goes on at `start` ends, before its CRLF; -1 where it holds a character that may not be there, a bare CR or a bare LF included. */
export function valueEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (VALUE[bytes[at] as number] === 1) at++
  return bytes[at] === 13 && bytes[at + 1] === 10 ? at : -1
}

/** A request target: visible ASCII without a fragment (RFC 9112 section 3.2). */
export const TARGET = /^[!-"$-~]+$/

const DIGITS = /^[0-9]{1,15}$/

/** A Content-Length's value, or -1 where it isn't one plain decimal number. */
export function decimal(text: string): number {
  return DIGITS.test(text) ? Number(text) : -1
}

/** The members of a comma-separated list, lower case, empty ones left out. */
export function list(value: string): string[] {
  return value.toLowerCase().split(',').map(member => member.trim()).filter(member => member !== '')
}

export function isToken(text: string): boolean {
  if (text === '') return false
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false
  return true
}

/** Where the value that starts at `start` begins and ends without the white space around it. */
export function skipSpace(bytes: Uint8Array, start: number, stop: number): number {
  let at = start
  while (at < stop && isSpace(bytes[at] as number)) at++
  return at
}

export function trimSpace(bytes: Uint8Array, start: number, stop: number): number {
  let at = stop
  while (at > start && isSpace(bytes[at - 1] as number)) at--
  return at
}

function isSpace(code: number): boolean { return code === 32 || code === 9 }

/** The same text in memory of its own. A part of a string keeps the whole in memory, which for what is remembered for long may be a head of 32 KiB. */
export function apart(text: string): string { return Buffer.from(text, 'latin1').toString('latin1') }
