// Generates what upstreams may send for one request: interim responses and a final one, well-formed (`tidy`) or with anything wrong that one may find.
import { from, mutate, type Pick } from './chance.ts'
import { chunked } from './requests.ts'

/** `tidy`: must reach the visitor whole. `stays`: the upstream keeps the connection. */
export type Script = { text: string; tidy: boolean; stays: boolean }

const STATUS = ['200 OK', '200 OK', '404 Not Found', '500 ', '206 Partial', '302 Found', '418 I\'m \xe9t\xe9', '599 x']
const ODD_STATUS = ['204 No Content', '304 Not Modified', '205 Reset', '101 Switching Protocols', '200', '099 x', '600 x', '1000 x', '20 x', ' 200 OK', '2OO OK', '200\tOK', '200 a\tb', '200 a\0b', '199 x']
const FIELDS = ['Server: x', 'Date: today', 'X-A: 1', 'X-B:', 'X-C:  two ', 'Set-Cookie: a=b', 'ETag: "\xff"', 'Cache-Control: no-store', 'Keep-Alive: timeout=5', 'Connection: keep-alive', 'Connection: X-A', 'Trailer: X-T', 'Vary: *', 'Via: 1.0 inner', 'Content-Type: text/plain']
const BROKEN = ['X : 1', 'X: a\r\n b', 'X: a\rb', 'X: a\nY: b', 'X: \0', 'X', ': 1', ' X: 1', 'X\xe9: 1', 'Content_Length: 4', 'Transfer_Encoding: chunked', 'Connection: content-length', 'Connection: close', 'Connection: transfer-encoding', 'Upgrade: websocket', 'Connection: Upgrade\r\nUpgrade: x', 'Proxy-Connection: close', 'TE: trailers']
const INTERIM = ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n']
const ODD_INTERIM = ['HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n', 'HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.0 100 x\r\n\r\n', 'HTTP/1.1 199 \r\nX : 1\r\n\r\n', '\r\n']
const LENGTHS = ['+5', '05', '5,5', '-1', '', '0x5', '99999999999999999999', '4', '6', '5 ', '5\t', '1e1', '\xa05']
const CODINGS = ['gzip', 'gzip, chunked', 'identity', 'Chunked', 'chunked, chunked', '', 'xchunked', '\x0bchunked', 'chunked;q=1']

/** `tag` is in every body. */
export function script(tag: string, method: string, pick: Pick): Script {
  const tidy = pick(3) === 0
  const odd = (one: number): boolean => !tidy && pick(one) === 0
  const version = odd(10) ? from(pick, ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2', 'ICY', 'http/1.1', '']) : 'HTTP/1.1'
  const status = odd(4) ? from(pick, ODD_STATUS) : from(pick, STATUS)
  const { framing, body, ends } = content(tag, pick, tidy)
  const fields = Array.from({ length: pick(4) }, () => odd(3) ? from(pick, BROKEN) : from(pick, FIELDS))
  const interims = pick(5) === 0 ? Array.from({ length: 1 + pick(2) }, () => odd(2) ? from(pick, ODD_INTERIM) : from(pick, INTERIM)).join('') : ''
  let text = `${interims}${version} ${status}\r\n${[...fields, ...framing].map(line => `${line}\r\n`).join('')}\r\n${method === 'HEAD' && !odd(4) ? '' : body}`
  if (odd(8)) text += from(pick, ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', '\r\n', 'x', '\0'])
  if (!tidy) for (let i = from(pick, [0, 0, 1, 1, 2]); i > 0; i--) text = mutate(text, pick)
  if (odd(8)) text = text.slice(0, pick(text.length + 1))
  return { text, tidy, stays: tidy && (!ends || method === 'HEAD') }
}

function content(tag: string, pick: Pick, tidy: boolean): { framing: string[]; body: string; ends: boolean } {
  const inner = from(pick, [`${tag} short`, `${tag} ${'y'.repeat(pick(20_000))}`, `${tag}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`])
  const kind = pick(tidy ? 3 : 7)
  if (kind === 0) return { framing: [`Content-Length: ${inner.length}`], body: inner, ends: false }
  if (kind === 1) return { framing: ['Transfer-Encoding: chunked'], body: chunked(inner, pick, tidy), ends: false }
  if (kind === 2) return { framing: [], body: inner, ends: true }
  if (kind === 3) return { framing: [`Content-Length: ${from(pick, LENGTHS)}`], body: 'hello', ends: true }
  if (kind === 4) return { framing: [`Transfer-Encoding: ${from(pick, CODINGS)}`], body: chunked(inner, pick, false), ends: true }
  if (kind === 5) return { framing: ['Transfer-Encoding: chunked'], body: chunked(inner, pick, false), ends: true }
  return { framing: [`Content-Length: ${inner.length}`, from(pick, ['Transfer-Encoding: chunked', `Content-Length: ${inner.length}`, 'Content-Length: 1'])], body: inner, ends: true }
}
