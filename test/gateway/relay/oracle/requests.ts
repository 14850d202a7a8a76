// Generates what visitors may send: one to four requests on a connection, well-formed (`tidy`) or with anything HTTP/1.1 lets one get wrong.
import { from, mutate, type Pick } from './chance.ts'

export type Stream = {
  text: string
  /** How many requests must get through; 0 where nothing is promised. */
  promised: number
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'PROPFIND', 'TRACE']
const ODD_METHODS = ['get', 'G@T', 'QUERY', 'CONNECT', 'PRI', 'M-SEARCH', 'BREW', 'GET/', `${'X'.repeat(33)}`, '']
const HOSTS = ['a.test', 'b.test', 'A.Test', 'a.test.', 'a.test:80', 'b.test:', 'nowhere.test']
const ODD_HOSTS = ['', 'u@a.test', 'a.test b.test', 'a.test, b.test', 'a.test/x', 'a..test', '[::1]', 'a.test:99999', 'a.test:x', 'a.test\xa0', ' a.test ', 'b.test\t', 'a_b.test', 'a.test#', 'a%2etest', '127.0.0.1']
const PATHS = ['', '?q=1', '/', '//x', '/%2e%2e/', '/a;b', '/"<>\\^`{|}', '/~!$&\'()*+,;=:@']
const ODD_PATHS = ['/\x80', '/a b', '/#x', '/\t', '/\0', `/${'y'.repeat(9_000)}`]
const FIELDS = ['Accept: */*', 'X-A: 1', 'X-B:', 'X-C:  two  ', 'X-D:\ta\tb\t', 'X-E: \x80\xff', 'Cookie: a=b; c="d"', 'Authorization: Basic eDp5', 'User-Agent: fuzz', 'X-Long: ' + 'z'.repeat(300), "!#$%&'*+-.^_`|~9: odd", 'Via: 1.1 other', 'Referer: http://x/?\r\nAccept-Language: fr']
const HOPS = ['Connection: keep-alive', 'Connection: X-A', 'Connection: x-a, ,X-C,', 'Connection: TE', 'TE: trailers', 'TE: trailers, gzip;q=0.5', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'Trailer: X-T', 'Expect: 100-continue', 'Upgrade: websocket', 'Connection: Upgrade\r\nUpgrade: websocket', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x', 'Max-Forwards: 3', 'Max-Forwards: 0', 'Proxy: x', 'Connection: close', 'Connection: x-t']
const FORGED = ['X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test', 'X_Forwarded_For: 6.6.6.6', 'X-Forwarded_For: 6.6.6.6', 'X-Request-Id: forged', 'x-forwarded-anything: 6.6.6.6', 'X_REAL_IP: 6.6.6.6', 'Connection: X-Forwarded-For, X-Real-IP, Forwarded, Via, X-Request-Id']
const BROKEN = ['X : 1', ' X: 1', 'X', ': 1', 'X\0: 1', 'X: a\0b', 'X: a\x7fb', 'X: a\rb', 'X: a\nY: b', 'X: a\r\n b', 'X: a\r\n\tb', 'X\xe9: 1', 'X(: 1', '\tX: 1', 'X:: 1', 'Content_Length: 9', 'Transfer_Encoding: chunked', 'Connection: content-length', 'Connection: host', 'Connection: \xa0close', 'Expect: 200-maybe', 'Expect:', 'Host: b.test', 'Max-Forwards: -1', 'X: a\x0bb', 'Connection: transfer-encoding']
const LENGTHS = ['05', '+5', '-5', '0x5', '5 ', '5,5', '5, 5', '5\t', '', '5.0', '99999999999999999999', '1e1', '\xa05', '5;', '4', '6', '0', '00']
const CODINGS = ['xchunked', 'chunked, identity', 'identity', 'gzip, chunked', 'chunked ', '\tchunked', 'Chunked', 'CHUNKED', '', ',chunked', 'chunked,', '"chunked"', 'chunked;a=b', '\x0bchunked', 'chunked\xa0', 'chunked, chunked']

/** A connection's worth. `tag`: unlike any other's. */
export function requests(tag: string, pick: Pick): Stream {
  const tidy = pick(3) === 0
  const many = 1 + pick(4)
  let text = ''
  for (let i = 0; i < many; i++) text += (pick(12) === 0 ? '\r\n' : '') + request(`${tag}-${i}`, pick, tidy)
  if (tidy) return { text, promised: many }
  for (let i = from(pick, [0, 0, 1, 1, 2, 4]); i > 0; i--) text = mutate(text, pick)
  return { text: pick(10) === 0 ? text.slice(0, pick(text.length + 1)) : text, promised: 0 }
}

function request(tag: string, pick: Pick, tidy: boolean): string {
  const odd = (one: number): boolean => !tidy && pick(one) === 0
  const method = odd(12) ? from(pick, ODD_METHODS) : from(pick, tidy ? METHODS.slice(0, 10) : METHODS)
  const host = odd(8) ? from(pick, ODD_HOSTS) : from(pick, tidy ? HOSTS.slice(0, 6) : HOSTS)
  const path = `/${tag}${odd(14) ? from(pick, ODD_PATHS) : from(pick, PATHS)}`
  const target = pick(12) === 0 ? `http://${odd(3) ? from(pick, HOSTS) : host}${path}` : odd(40) ? from(pick, ['*', '', 'a.test:80', 'ftp://a.test/']) : path
  const version = odd(12) ? from(pick, ['HTTP/1.0', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/1.10', '']) : 'HTTP/1.1'
  const { framing, body } = content(tag, pick, tidy)
  const hosts = odd(20) ? '' : `${from(pick, ['Host', 'host', 'HOST'])}:${from(pick, ['', ' ', '\t', '  '])}${host}\r\n`
  const lines = [...fields(pick, tidy), ...framing.map(line => `${line}\r\n`)]
  return `${method} ${target} ${version}\r\n${pick(4) === 0 ? lines.join('') + hosts : hosts + lines.join('')}\r\n${body}`
}

function fields(pick: Pick, tidy: boolean): string[] {
  const kinds = tidy ? [FIELDS, FORGED.slice(0, -1), HOPS.slice(0, 9)] : [FIELDS, FIELDS, HOPS, FORGED, BROKEN]
  return Array.from({ length: pick(5) }, () => `${from(pick, from(pick, kinds))}\r\n`)
}

/** A body with what would be a request of its own in it, so that one read too long or too short shows. */
function content(tag: string, pick: Pick, tidy: boolean): { framing: string[]; body: string } {
  const inner = from(pick, ['hello', '', `GET /smuggled-${tag} HTTP/1.1\r\nHost: b.test\r\n\r\n`, '0\r\n\r\n', 'x'.repeat(pick(3_000)), '\r\n', '\0\xff\r'])
  const kind = pick(tidy ? 3 : 8)
  if (kind === 0 || kind === 7) return { framing: [], body: '' }
  if (kind === 1) return { framing: [`Content-Length: ${inner.length}`], body: inner }
  if (kind === 2) return { framing: ['Transfer-Encoding: chunked'], body: chunked(inner, pick, tidy) }
  if (kind === 3) return { framing: [`Content-Length: ${from(pick, LENGTHS)}`], body: inner.slice(0, 5).padEnd(5, '.') }
  if (kind === 4) return { framing: [`Transfer-Encoding: ${from(pick, CODINGS)}`], body: chunked(inner, pick, false) }
  const both = [`Content-Length: ${inner.length}`, `Transfer-Encoding: ${from(pick, ['chunked', ...CODINGS])}`]
  return { framing: kind === 5 ? both : [`Content-Length: ${inner.length}`, `${from(pick, ['content-length', 'Content-Length', 'CONTENT_LENGTH'])}: ${inner.length + pick(2)}`], body: pick(2) === 0 ? chunked(inner, pick, false) : inner }
}

/** Chunked coding, damaged here and there unless `tidy`. */
export function chunked(body: string, pick: Pick, tidy: boolean): string {
  const odd = (): boolean => !tidy && pick(12) === 0
  let text = ''
  for (let at = 0; at < body.length;) {
    const size = 1 + pick(Math.min(body.length - at, pick(3) === 0 ? 4_096 : 40))
    const digits = from(pick, [size.toString(16), size.toString(16).toUpperCase(), `000${size.toString(16)}`])
    const line = odd() ? from(pick, [`${digits} `, ` ${digits}`, `0x${digits}`, `-${digits}`, '', `${digits}g`, 'ffffffffffffffff', `${digits};\n`, `${digits};a\rb`, `${digits}\t`, `10000000000000${digits}`]) : digits + from(pick, ['', '', '', ';a', ';a=b', ';a="b;c"'])
    text += `${line}${odd() ? from(pick, ['\n', '\r', '\r\r\n', '']) : '\r\n'}${body.slice(at, at + size)}${odd() ? from(pick, ['\n', '', 'x\r\n', '\r']) : '\r\n'}`
    at += size
  }
  const last = odd() ? from(pick, ['', '00', '0;x', '0 ', '-0']) : '0'
  const trailers = from(pick, ['', '', '', 'X-T: 1\r\n', 'X-T:\t2 \r\nx-u: \xff\r\n', ...(tidy ? [] : ['Content-Length: 5\r\n', 'Host: b.test\r\n', 'X-Forwarded-For: 6.6.6.6\r\n', 'X: a\r\n b\r\n', 'X\r\n', 'X : 1\r\n', 'Transfer_Encoding: x\r\n', 'X: a\nb\r\n', 'X: \0\r\n', 'Connection: close\r\n', 'X-A: trailing\r\n'])])
  return `${text}${last}\r\n${trailers}\r\n`
}
