// Compares what a visitor sent, as an oracle reads it, with what reached the backends. The rules are RFC 9110 section 7.6 and docs/relay-testing.md, written anew.
import type { Arrival } from './recorder.ts'
import type { Read, Reading } from './llhttp.ts'

/** The fields that end at a gateway or are set by it, and so differ between what was sent and what arrives. */
const OURS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'transfer-encoding', 'content-length', 'host', 'expect', 'http2-settings', 'proxy', 'forwarded', 'x-real-ip', 'x-request-id'])

export function pairs(flat: string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [(flat[2 * i] ?? '').toLowerCase(), (flat[2 * i + 1] ?? '').replace(/^[ \t]+|[ \t]+$/g, '')])
}

function isOurs(name: string, method: string): boolean {
  const twin = name.replaceAll('_', '-')
  return OURS.has(name) || twin.startsWith('x-forwarded-') || ((twin === 'forwarded' || twin === 'x-real-ip' || twin === 'x-request-id' || twin === 'via') && twin !== name) || (name === 'max-forwards' && (method === 'OPTIONS' || method === 'TRACE'))
}

export function nominated(fields: [string, string][]): Set<string> {
  const options = fields.filter(([name]) => name === 'connection').flatMap(([, value]) => value.toLowerCase().split(','))
  return new Set(options.map(option => option.replace(/^[ \t]+|[ \t]+$/g, '')))
}

/** The fields that go from end to end. */
function lasting(fields: [string, string][], method: string): string {
  const gone = nominated(fields)
  return JSON.stringify(fields.filter(([name]) => !isOurs(name, method) && !gone.has(name)))
}

function arrived({ sent }: Arrival): string {
  const via = sent.fields.findLastIndex(([name]) => name === 'via')
  return JSON.stringify(sent.fields.filter(([name], i) => i !== via && !isOurs(name, sent.method)))
}

/** Where a request goes, and by which path: an absolute target says both. */
function address(read: Read): { host: string; path: string } {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(read.target)
  const [, said = ''] = pairs(read.fields).find(([name]) => name === 'host') ?? []
  if (absolute === null) return { host: said, path: read.target }
  const path = absolute[2] ?? ''
  return { host: absolute[1] ?? '', path: path === '' && read.method === 'OPTIONS' ? '*' : path.startsWith('/') ? path : `/${path}` }
}

export function backendOf(host: string): string { return /^([ab])\.test\.?(:[0-9]*)?$/i.exec(host)?.[1]?.toLowerCase() ?? '' }

function same(read: Read, arrival: Arrival): boolean {
  const { path } = address(read)
  return read.method === arrival.sent.method && path === arrival.sent.target && read.body === arrival.sent.body
}

/** Why an arrival isn't what the oracle read, though method, target and body agree; or null. */
function difference(read: Read, arrival: Arrival): string | null {
  const { host } = address(read)
  const fields = pairs(read.fields)
  if (backendOf(host) !== arrival.backend) return `meant for ${host}, arrived at ${arrival.backend}`
  if (arrival.sent.fields.find(([name]) => name === 'host')?.[1] !== host) return 'another Host'
  if (lasting(fields, read.method) !== arrived(arrival)) return `fields ${lasting(fields, read.method)} arrived as ${arrived(arrival)}`
  const gone = nominated(fields)
  const sent = pairs(read.trailers).map(pair => JSON.stringify(pair))
  const stray = arrival.sent.trailers.find(([name, value]) => isOurs(name, read.method) || gone.has(name) || !sent.includes(JSON.stringify([name, value])))
  return stray === undefined ? null : `the trailer ${stray.join(': ')}`
}

/** Whether the relay answers such a request by itself and goes on. */
function isAnsweredHere(read: Read): boolean {
  return backendOf(address(read).host) === '' || pairs(read.fields).some(([name, value]) => name === 'max-forwards' && Number(value) === 0)
}

/** After an upgrade that is refused the relay goes on reading requests; llhttp has stopped. */
function endsReading(read: Read | undefined): boolean { return read !== undefined && nominated(pairs(read.fields)).has('upgrade') }

/** What is wrong with the arrivals of one visitor's connection, which sent `text`, or null. */
export function judge(text: string, reading: Reading, arrivals: Arrival[]): string | null {
  let at = 0
  for (const arrival of arrivals) {
    while (at < reading.requests.length && !same(reading.requests[at] as Read, arrival) && isAnsweredHere(reading.requests[at] as Read)) at++
    const read = reading.requests[at++]
    if (read === undefined && (stopsAtMethod(text, reading) || excused(reading, arrival) || endsReading(reading.requests.at(-1)))) return null
    if (read === undefined || !same(read, arrival)) return `the backend got ${JSON.stringify(arrival.sent)}; the oracle reads ${JSON.stringify(reading)}`
    const wrong = difference(read, arrival)
    if (wrong !== null) return wrong
  }
  return null
}

/** llhttp goes no further than a method it doesn't know, be it of a request that the relay answers itself. */
function stopsAtMethod(text: string, reading: Reading): boolean {
  return reading.fault === 'HPE_INVALID_METHOD' && [...text.matchAll(/([!#$%&'*+.^_`|~\w-]+) \S+ HTTP\/1\.[01]\r\n/g)].some(([, method = '']) => !KNOWN.test(method))
}

/** llhttp knows a list of methods; any token is one (RFC 9110 section 9.1). */
function excused(reading: Reading, arrival: Arrival): boolean { return reading.fault === 'HPE_INVALID_METHOD' && !KNOWN.test(arrival.sent.method) }
const KNOWN = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|PROPFIND|M-SEARCH|QUERY)$/

/** What is wrong with what one backend got, read once more by the oracle: it is that one request and nothing else, or null. */
export function reread(reading: Reading, arrival: Arrival): string | null {
  const [read, ...more] = reading.requests
  if (read === undefined && excused(reading, arrival)) return null
  const alike = read !== undefined && more.length === 0 && reading.fault === '' && same(read, arrival) && JSON.stringify(pairs(read.fields)) === JSON.stringify(arrival.sent.fields) && JSON.stringify(pairs(read.trailers)) === JSON.stringify(arrival.sent.trailers)
  return alike ? null : `the backend got ${JSON.stringify(arrival.octets)}, which the oracle reads as ${JSON.stringify(reading)}`
}
