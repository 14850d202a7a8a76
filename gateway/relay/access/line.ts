// One request as a line of an access log, in the combined format that every log reader knows. Called by journal.ts.
import type { RequestHead } from '../message/request.ts'

/** What a line tells. `address`: the visitor's. `bytes` of the response's body, `at` epoch milliseconds. */
export type Visit = { address: string; request: RequestHead; status: number; bytes: number; at: number }

/** Characters of what a visitor may make as long as it likes. */
const MOST = { address: 64, target: 2_048, referer: 1_024, agent: 512 }
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A line with its end. Cookies and credentials are in none. */
export function lineOf({ address, request, status, bytes, at }: Visit): string {
  const version = request.major === 2 ? '2.0' : `1.${request.minor}`
  const asked = `${request.method} ${cut(request.target, MOST.target)} HTTP/${version}`
  const referer = cut(request.referer, MOST.referer) || '-'
  const agent = cut(request.agent, MOST.agent) || '-'
  return `${cut(address, MOST.address)} - - [${stamp(at)}] "${asked}" ${status} ${bytes === 0 ? '-' : bytes} "${referer}" "${agent}"\n`
}

let second = -1
let stamped = ''

/** `24/Nov/2026:09:20:00 +0000`, made once a second. */
function stamp(at: number): string {
  const now = Math.floor(at / 1000)
  if (now === second) return stamped
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  second = now
  stamped = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
  return stamped
}

const ODD = /["\\\0-\x1f\x7f-\xff]/
const EACH_ODD = /["\\\0-\x1f\x7f-\xff]/g

/** As Apache writes it: no visitor can end a line or a quotation. */
function cut(text: string, most: number): string {
  const short = text.length > most ? text.slice(0, most) : text
  return ODD.test(short) ? short.replace(EACH_ODD, escaped) : short
}

function escaped(odd: string): string {
  return odd === '"' || odd === '\\' ? `\\${odd}` : `\\x${odd.charCodeAt(0).toString(16).padStart(2, '0')}`
}
