// The one answer to each odd request: the rows of the table in docs/relay.md, one test each. `docs` is the row's second column, word for word.
import test, { after, before } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { Relay } from '../../../gateway/relay/relay.ts'

type Seen = { line: string; fields: Record<string, string>; body: string }
type Row = { what: string; docs: string; send: string[]; check?: (seen: Seen, answer: string) => void }

const OK = 'Host: a.test\r\n'
const BYE = 'Connection: close\r\n'
const get = (fields: string, line = 'GET / HTTP/1.1'): string => `${line}\r\n${fields}\r\n`
const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\n${OK}${fields}\r\n${body}`

/** Without `check` a row is a refusal: the status `docs` begins with, an end to the connection, and nothing for the site. */
const rows: Row[] = [
  { what: 'several `Host` fields, equal or not', docs: '400', send: [get(`${OK}${OK}`), get(`${OK}Host: b.test\r\n`)] },
  { what: 'HTTP/1.1 without `Host`, or with an empty one', docs: '400', send: [get(''), get('Host:\r\n'), get('', 'GET http://a.test/ HTTP/1.1')] },
  { what: '`Host` against an absolute-form target', docs: '400', send: [get(OK, 'GET http://b.test/ HTTP/1.1'), get(OK, 'GET http://a.test:81/ HTTP/1.1')] },
  {
    what: 'an absolute-form target that agrees with `Host`', docs: 'passed on in origin-form', send: [get(OK + BYE, 'GET http://a.test/x?y HTTP/1.1')],
    check: seen => assert.equal(seen.line, 'GET /x?y'),
  },
  { what: 'user info in `Host` or in the target', docs: '400', send: [get('Host: me@a.test\r\n'), get('Host: me:secret@a.test\r\n'), get(OK, 'GET http://me@a.test/ HTTP/1.1')] },
  {
    what: '`Host` with a port', docs: 'the port says nothing about the route, and is passed on', send: [get(`Host: a.test:8080\r\n${BYE}`)],
    check: seen => assert.equal(seen.fields.host, 'a.test:8080'),
  },
  { what: '`Host` with a port that is none', docs: '400', send: [get('Host: a.test:99999\r\n'), get('Host: a.test:80x\r\n'), get('Host: a.test:-1\r\n')] },
  {
    what: '`Host` in upper case or with a final dot', docs: 'the same site; passed on as it came', send: [get(`Host: A.Test.\r\n${BYE}`)],
    check: seen => assert.equal(seen.fields.host, 'A.Test.'),
  },
  {
    what: '`Host` that is neither a name nor an address: a path, a list, white space, garbage', docs: '400',
    send: ['a.test/x', 'a.test, b.test', 'a test', 'a.test\\x', '[::1', 'a.test#x', 'a.test?x', '<a.test>', 'a.test\t:80'].map(host => get(`Host: ${host}\r\n`)),
  },
  { what: 'HTTP/1.0 without `Host`', docs: '404, for no site is named so', send: [get('', 'GET / HTTP/1.0')] },
  { what: 'an underscore twin of a field that frames (`Content_Length`, `Transfer_Encoding`)', docs: '400', send: [post('Content_Length: 3\r\n', 'abc'), get(`${OK}Transfer_Encoding: chunked\r\n`), get(`${OK}Proxy_Connection: x\r\n`)] },
  {
    what: 'an underscore twin of a forwarding field (`X_Forwarded_For`, `X_Real_IP`)', docs: 'dropped', send: [get(`${OK}${BYE}X_Forwarded_For: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX-Forwarded_Proto: https\r\n`)],
    check: seen => assert.doesNotMatch(JSON.stringify(seen.fields), /6\.6\.6\.6|https/),
  },
  {
    what: '`X-Forwarded-For`, `-Proto`, `-Host`, `-Port`, `Forwarded`, `X-Real-IP`, `X-Request-Id` from nobody we trust', docs: 'replaced by ours',
    send: [get(`${OK}${BYE}X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: evil\r\n`)],
    check: forwarded,
  },
  {
    what: '`X-Forwarded-For` and the like nominated in `Connection`', docs: 'ours are sent all the same', send: [get(`${OK}Connection: close, X-Forwarded-For, X-Forwarded-Proto, Forwarded, X-Real-IP, Via\r\n`)],
    check: seen => { forwarded(seen); assert.equal(seen.fields.via, '1.1 auberge') },
  },
  {
    what: '`Host`, `Content-Length` or `Transfer-Encoding` nominated in `Connection`', docs: '400',
    send: [get(`${OK}Connection: host\r\n`), post('Connection: content-length\r\nContent-Length: 3\r\n', 'abc'), post('Connection: close, Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  },
  {
    what: 'any other field nominated in `Connection`, `Cookie` and `Authorization` included', docs: 'ends here, as RFC 9110 section 7.6.1 says', send: [get(`${OK}Connection: close, Cookie, authorization, X-Mine\r\nCookie: a=b\r\nAuthorization: Basic eA==\r\nX-Mine: 1\r\nX-Kept: 1\r\n`)],
    check: ({ fields }) => assert.deepEqual([fields.cookie, fields.authorization, fields['x-mine'], fields['x-kept']], [undefined, undefined, undefined, '1']),
  },
  {
    what: '`TE`', docs: '`trailers` is passed on, the rest ends here', send: [get(`${OK}${BYE}TE: gzip;q=0.5, trailers\r\n`)],
    check: ({ fields }) => assert.deepEqual([fields.te, fields.connection], ['trailers', 'TE']),
  },
  {
    what: '`Trailer`', docs: 'passed on, as the trailers are', send: [post(`${BYE}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n`, '2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n')],
    check: ({ fields, body }) => assert.deepEqual([fields.trailer, body], ['X-Sum', 'hi X-Sum: 7']),
  },
  {
    what: '`Upgrade` over HTTP/1.0, without `Connection: upgrade`, or with a body', docs: 'ignored: the request is passed on without it',
    send: [
      `GET / HTTP/1.0\r\n${OK}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, get(`${OK}${BYE}Upgrade: websocket\r\n`), post('Connection: upgrade, close\r\nUpgrade: websocket\r\nContent-Length: 2\r\n', 'hi'),
    ],
    check: ({ fields }) => assert.equal(fields.upgrade, undefined),
  },
  {
    what: '`Upgrade: h2c`', docs: 'ignored: the relay would no longer see where requests begin', send: [get(`${OK}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n`)],
    check: ({ fields }) => assert.deepEqual([fields.upgrade, fields['http2-settings']], [undefined, undefined]),
  },
  {
    what: '`Proxy`, `Proxy-Connection`, `Keep-Alive`', docs: 'dropped', send: [get(`${OK}${BYE}Proxy: http://evil\r\nProxy-Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n`)],
    check: ({ fields }) => assert.deepEqual([fields.proxy, fields['proxy-connection'], fields['keep-alive']], [undefined, undefined, undefined]),
  },
  {
    what: '`OPTIONS` with `Max-Forwards: 0`', docs: '200 with `Allow`, from the gateway', send: [get(`${OK}${BYE}Max-Forwards: 0\r\n`, 'OPTIONS / HTTP/1.1'), get(`${OK}${BYE}Max-Forwards: 0\r\n`, 'OPTIONS * HTTP/1.1')],
    check: ({ line }, answer) => { assert.equal(line, ''); assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\nAllow: GET/) },
  },
  { what: '`TRACE` with `Max-Forwards: 0`', docs: '405: nobody is shown its own cookies', send: [get(`${OK}Max-Forwards: 0\r\n`, 'TRACE / HTTP/1.1')] },
  {
    what: '`OPTIONS` and `TRACE` with `Max-Forwards: 1`', docs: 'passed on with 0', send: [get(`${OK}${BYE}Max-Forwards: 1\r\n`, 'OPTIONS / HTTP/1.1'), get(`${OK}${BYE}Max-Forwards: 1\r\n`, 'TRACE / HTTP/1.1')],
    check: ({ fields }) => assert.equal(fields['max-forwards'], '0'),
  },
  {
    what: '`Max-Forwards` with another method', docs: 'passed on as it is', send: [get(`${OK}${BYE}Max-Forwards: 0\r\n`)],
    check: ({ fields }) => assert.equal(fields['max-forwards'], '0'),
  },
  { what: '`Max-Forwards` that is no number', docs: '400', send: [get(`${OK}Max-Forwards: x\r\n`, 'OPTIONS / HTTP/1.1')] },
  { what: '`CONNECT`', docs: '405: this is no forward proxy', send: [get(OK, 'CONNECT a.test:443 HTTP/1.1'), get('Host: b.test:443\r\n', 'CONNECT b.test:443 HTTP/1.1')] },
  { what: '`PRI` as a method', docs: '405', send: [get(OK, 'PRI / HTTP/1.1'), get(OK, 'PRI * HTTP/1.1')] },
  { what: 'the HTTP/2 preface where only HTTP/1.1 is spoken', docs: '505', send: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'] },
  { what: 'another version of HTTP', docs: '505', send: [get(OK, 'GET / HTTP/1.2'), get(OK, 'GET / HTTP/2.0'), get(OK, 'GET / HTTP/0.9')] },
  { what: 'a request line without a version, or with something else there', docs: '400', send: ['GET /\r\n\r\n', get(OK, 'GET / http/1.1'), get(OK, 'GET / HTTP/1.10')] },
  { what: 'a folded field (obs-fold)', docs: '400', send: [get(`${OK}X: a\r\n b\r\n`), get(`${OK}X: a\r\n\tb\r\n`), get(`Host: a\r\n .test\r\n`)] },
  { what: 'a bare LF or CR', docs: '400', send: [`GET / HTTP/1.1\nHost: a.test\n\n`, get(`${OK}X: a\nY: b\r\n`), get(`${OK}X: a\rY: b\r\n`)] },
  { what: 'NUL or another control character in a value', docs: '400', send: [get(`${OK}X: a\0b\r\n`), get(`${OK}X: a\x01b\r\n`), get(`${OK}X: a\x7fb\r\n`)] },
  { what: 'white space before the colon, or in a name', docs: '400', send: [get(`${OK}X : a\r\n`), get(`${OK}Content-Length\t: 3\r\n`), get(`${OK}X y: a\r\n`)] },
  { what: 'a line without a colon, or without a name', docs: '400', send: [get(`${OK}nonsense\r\n`), get(`${OK}: x\r\n`)] },
  { what: '`Transfer-Encoding` with `Content-Length`', docs: '400', send: [post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'), post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')] },
  { what: 'several `Content-Length` fields or values, equal or not', docs: '400', send: [post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'), post('Content-Length: 3, 3\r\n', 'abc')] },
  { what: '`Content-Length` that is not digits alone', docs: '400', send: ['+3', '-3', '0x3', '3 ; x', '', '3.0', '99999999999999999999'].map(length => post(`Content-Length: ${length}\r\n`, 'abc')) },
  { what: 'two `Transfer-Encoding` fields', docs: '400', send: [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')] },
  { what: 'chunked twice, or another coding (`gzip, chunked`, `identity`)', docs: '501', send: ['chunked, chunked', 'gzip, chunked', 'gzip', 'identity', 'xchunked'].map(coding => post(`Transfer-Encoding: ${coding}\r\n`, '0\r\n\r\n')) },
  { what: '`Transfer-Encoding` over HTTP/1.0', docs: '400', send: [`POST / HTTP/1.0\r\n${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`] },
  { what: '`Expect` with anything but `100-continue`', docs: '417', send: [get(`${OK}Expect: fame\r\n`), post('Expect: 100-continue, fame\r\nContent-Length: 2\r\n', 'hi')] },
  {
    what: '`Expect: 100-continue` over HTTP/1.0', docs: 'ignored, as RFC 9110 section 10.1.1 says', send: [`POST / HTTP/1.0\r\n${OK}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`],
    check: ({ fields, body }, answer) => { assert.deepEqual([fields.expect, body], [undefined, 'hi']); assert.match(answer, /^HTTP\/1\.1 200 /) },
  },
  {
    what: '`Expect: 100-continue` without a body', docs: 'dropped: there is nothing to wait for', send: [get(`${OK}${BYE}Expect: 100-continue\r\n`), post(`${BYE}Expect: 100-continue\r\nContent-Length: 0\r\n`, '')],
    check: ({ fields }, answer) => { assert.equal(fields.expect, undefined); assert.match(answer, /^HTTP\/1\.1 200 /) },
  },
  { what: 'a head of more than 32 KiB', docs: '431', send: [get(`${OK}X: ${'x'.repeat(33_000)}\r\n`)] },
  { what: 'a head of more than 128 fields', docs: '400, as Apache says by default from 100 on', send: [get(OK + 'X: 1\r\n'.repeat(128))] },
  {
    what: 'a head of more than 32 KiB that is mostly `Cookie`', docs: '431 with `Clear-Site-Data: "cookies"`: a script may have set them for the whole zone',
    send: [get(`${OK}Accept-Language: fr\r\nAccept: text/html\r\nCookie: a=${'x'.repeat(33_000)}\r\n`), get(`${OK}Accept-Language: fr\r\nAccept: text/html\r\nCookie: a=${'x'.repeat(90_000)}\r\nX: y\r\n`)],
    check: ({ line }, answer) => {
      assert.equal(line, '')
      assert.match(answer, /^HTTP\/1\.1 431 [^]*\r\nClear-Site-Data: "cookies"\r\n[^]*Connection: close\r\n[^]*<html lang="fr">/)
    },
  },
  { what: 'a target of more than 8 KiB', docs: '414', send: [get(OK, `GET /${'x'.repeat(8_192)} HTTP/1.1`), get(OK, `GET /${'x'.repeat(60_000)} HTTP/1.1`)] },
  { what: 'a target that is none: no slash, a fragment, white space, raw octets, `*` with anything but OPTIONS', docs: '400', send: ['x', '/#x', '/a b', '/\xe9', '*', '/\x00', 'ftp://a.test/'].map(target => get(OK, `GET ${target} HTTP/1.1`)) },
  { what: 'a request that has been through here 9 times (`Via`)', docs: '508', send: [get(OK + 'Via: 1.1 auberge\r\n'.repeat(9))] },
  {
    what: 'empty lines before a request', docs: 'skipped, as RFC 9112 section 2.2 says', send: [`\r\n\r\n${get(OK + BYE)}`],
    check: ({ line }) => assert.equal(line, 'GET /'),
  },
]

function forwarded({ fields }: Seen): void {
  assert.deepEqual(
    [fields['x-forwarded-for'], fields['x-real-ip'], fields['x-forwarded-proto'], fields['x-forwarded-host'], fields.forwarded],
    ['127.0.0.1', '127.0.0.1', 'http', 'a.test', 'for=127.0.0.1;host=a.test;proto=http'])
  assert.notEqual(fields['x-request-id'], 'evil')
}

const relay = new Relay({ settings: { sweep: 20, leave: 0 } })
const seen: Seen[] = []
const site = createServer((request, response) => void record(request).then(() => response.end('ok'), () => {}))
let door: Server

async function record(request: IncomingMessage): Promise<void> {
  const at = seen.push({ line: `${request.method} ${request.url}`, fields: request.headers as Record<string, string>, body: '' }) - 1
  let body = ''
  for await (const piece of request) body += String(piece)
  const trailers = request.rawTrailers.length > 0 ? ` ${request.rawTrailers.join(': ')}` : ''
  Object.assign(seen[at] ?? {}, { body: body + trailers })
}

before(async () => {
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  relay.replace(1, 'example.test', [{ host: 'a.test', kind: 'static', upstream: { address: '127.0.0.1', port: (site.address() as AddressInfo).port } }])
  door = await relay.listen({ port: 0, host: '127.0.0.1' })
})
after(async () => {
  await relay.leave()
  site.closeAllConnections()
  site.close()
})

async function ask(text: string): Promise<string> {
  const socket = connect((door.address() as AddressInfo).port, '127.0.0.1')
  socket.setTimeout(10_000, () => void socket.destroy()).setEncoding('latin1').write(text, 'latin1')
  let answer = ''
  for await (const piece of socket) answer += String(piece)
  return answer
}

for (const { what, docs, send, check } of rows) {
  test(`${what}: ${docs}`, async () => {
    for (const text of send) {
      seen.length = 0
      const answer = await ask(text)
      if (check !== undefined) check(seen[0] ?? { line: '', fields: {}, body: '' }, answer)
      else {
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${docs.slice(0, 3)} `), text.slice(0, 200))
        assert.match(answer, /\r\nConnection: close\r\n/)
        assert.doesNotMatch(answer, /Clear-Site-Data/)
        assert.deepEqual(seen, [])
      }
    }
  })
}

test('the table in docs/relay.md has these rows and no others', () => {
  const text = readFileSync(new URL('../../../docs/relay.md', import.meta.url), 'utf8')
  const table = text.split('## Odd requests')[1]?.split('\n## ')[0] ?? ''
  const found = table.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| request |'))
  assert.deepEqual(found, rows.map(({ what, docs }) => `| ${what} | ${docs} |`))
})
