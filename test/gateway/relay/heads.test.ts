import test from 'node:test'
import assert from 'node:assert/strict'
import { Wire, backend, bodyOf, exchange, relayWith, staticRoute } from './house.ts'

const OK = 'Host: a.test\r\n'

const refused: [string, string, number][] = [
  ['two different Content-Length fields', `POST / HTTP/1.1\r\n${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400],
  ['two equal Content-Length fields', `POST / HTTP/1.1\r\n${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 400],
  ['a list of lengths', `POST / HTTP/1.1\r\n${OK}Content-Length: 3, 3\r\n\r\nabc`, 400],
  ['a signed length', `POST / HTTP/1.1\r\n${OK}Content-Length: +3\r\n\r\nabc`, 400],
  ['a hexadecimal length', `POST / HTTP/1.1\r\n${OK}Content-Length: 0x3\r\n\r\nabc`, 400],
  ['an empty length', `POST / HTTP/1.1\r\n${OK}Content-Length:\r\n\r\n`, 400],
  ['Transfer-Encoding with Content-Length', `POST / HTTP/1.1\r\n${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['Content-Length with Transfer-Encoding', `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`, 400],
  ['two Transfer-Encoding fields', `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['an unknown transfer coding', `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  ['a coding hidden by a vertical tab', `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400],
  ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['the method of HTTP/2\'s preface', `PRI / HTTP/1.1\r\n${OK}\r\n`, 405],
  ['a folded field', `GET / HTTP/1.1\r\n${OK}X: a\r\n b\r\n\r\n`, 400],
  ['a fold right after the request line', `GET / HTTP/1.1\r\n ${OK}\r\n`, 400],
  ['a bare LF between fields', `GET / HTTP/1.1\r\n${OK}X: a\nY: b\r\n\r\n`, 400],
  ['only bare LFs', 'GET / HTTP/1.1\nHost: a.test\n\n', 400],
  ['a bare CR in a value', `GET / HTTP/1.1\r\n${OK}X: a\rY: b\r\n\r\n`, 400],
  ['a NUL in a value', `GET / HTTP/1.1\r\n${OK}X: a\0b\r\n\r\n`, 400],
  ['white space before the colon', `GET / HTTP/1.1\r\n${OK}Content-Length : 3\r\n\r\n`, 400],
  ['an empty field name', `GET / HTTP/1.1\r\n${OK}: x\r\n\r\n`, 400],
  ['a field without a colon', `GET / HTTP/1.1\r\n${OK}nonsense\r\n\r\n`, 400],
  ['an underscore twin of a framing field', `POST / HTTP/1.1\r\n${OK}Content_Length: 3\r\n\r\n`, 400],
  ['no Host in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', `GET / HTTP/1.1\r\n${OK}${OK}\r\n`, 400],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  ['a Host with user info', 'GET / HTTP/1.1\r\nHost: me@a.test\r\n\r\n', 400],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n', 400],
  ['a Host with a list', 'GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n', 400],
  ['a Host with a port out of range', 'GET / HTTP/1.1\r\nHost: a.test:99999\r\n\r\n', 400],
  ['an absolute target against its Host', `GET http://b.test/ HTTP/1.1\r\n${OK}\r\n`, 400],
  ['an absolute target with user info', `GET http://x@a.test/ HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a target of another scheme', `GET ftp://a.test/ HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a target without a slash', `GET x HTTP/1.1\r\n${OK}\r\n`, 400],
  ['an asterisk for GET', `GET * HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a fragment in the target', `GET /#x HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a raw octet in the target', `GET /\xe9 HTTP/1.1\r\n${OK}\r\n`, 400],
  ['two spaces in the request line', `GET  / HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a space in the target', `GET /a b HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a tab in the request line', `GET\t/ HTTP/1.1\r\n${OK}\r\n`, 400],
  ['a method that is no token', `G(T / HTTP/1.1\r\n${OK}\r\n`, 400],
  ['CONNECT', `CONNECT a.test:443 HTTP/1.1\r\n${OK}\r\n`, 405],
  ['HTTP/2.0', `GET / HTTP/2.0\r\n${OK}\r\n`, 505],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${OK}\r\n`, 505],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['lower-case http', `GET / http/1.1\r\n${OK}\r\n`, 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['another expectation', `GET / HTTP/1.1\r\n${OK}Expect: fame\r\n\r\n`, 417],
  ['a head too large', `GET / HTTP/1.1\r\n${OK}X: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ['a target too long', `GET /${'x'.repeat(9_000)} HTTP/1.1\r\n${OK}\r\n`, 414],
  ['a target longer than any head', `GET /${'x'.repeat(60_000)} HTTP/1.1\r\n${OK}\r\n`, 414],
  ['framing nominated in Connection', `POST / HTTP/1.1\r\n${OK}Connection: content-length\r\nContent-Length: 3\r\n\r\nabc`, 400],
  ['a request that has been here too often', `GET / HTTP/1.1\r\n${OK}${'Via: 1.1 auberge\r\n'.repeat(9)}\r\n`, 508],
]

test('a head that can be read in two ways is refused, the connection closed, and nothing reaches the upstream', async t => {
  let reached = 0
  const { port: up } = await backend(t, (_request, response) => { reached++; response.end() })
  const { port } = await relayWith(t, [staticRoute(up)])
  for (const [what, text, status] of refused) {
    const answer = await exchange(t, port, `${text}GET /smuggled HTTP/1.1\r\n${OK}\r\n`)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), what)
    assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, `one answer to ${what}`)
    assert.match(answer, /\r\nConnection: close\r\n/i, what)
  }
  assert.equal(reached, 0)
})

const brokenChunks: [string, string][] = [
  ['a size that is no number', 'x\r\n'], ['a negative size', '-1\r\nx\r\n'], ['a prefixed size', '0x1\r\na\r\n'], ['white space before a size', ' 1\r\na\r\n'],
  ['white space after a size', '1 \r\na\r\n'], ['a size over 48 bits', '1000000000000\r\n'], ['a bare LF after a size', '1\na\r\n'], ['data longer than its size', '1\r\nab\r\n'],
  ['a bare LF after data', '1\r\na\n0\r\n\r\n'], ['an endless extension', `1;${'x'.repeat(400)}\r\n`], ['a control character in an extension', '1;a\x01\r\na\r\n'],
  ['a CR in an extension', '1;a\rb\r\na\r\n'], ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'], ['a trailer without a colon', '0\r\nnonsense\r\n\r\n'], ['endless trailers', `0\r\n${'A: bbbbbbbbbbbbbbbbbb\r\n'.repeat(500)}`],
]

test('broken chunked framing is answered with 400 and never makes a whole request upstream', async t => {
  const finished: string[] = []
  const { port: up } = await backend(t, (request, response) => {
    request.on('error', () => {})
    bodyOf(request).then(body => { finished.push(body); response.end() }, () => {})
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  for (const [what, chunks] of brokenChunks) {
    const answer = await exchange(t, port, `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 400 /, what)
  }
  assert.deepEqual(finished, [])
})

test('a visitor who half-closes with the next head unfinished gets the answer to the last one, and an end at once', async t => {
  const { port: up } = await backend(t, (_request, response) => response.end('first'))
  const { port } = await relayWith(t, [staticRoute(up)], { settings: { headTimeout: 60_000 } })
  const wire = new Wire(t, port)
  wire.socket.end('GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost')
  assert.match(await wire.end(), /first$/)
})

test('a field that Connection names ends here, in the trailers too', async t => {
  const { port: up } = await backend(t, async (request, response) => {
    await bodyOf(request)
    response.writeHead(200, { Connection: 'close, x-back', Trailer: 'X-Back', 'Transfer-Encoding': 'chunked' })
    response.addTrailers({ 'X-Back': '1', 'X-Both': JSON.stringify(request.trailers) })
    response.end('ok')
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  const answer = await exchange(t, port, 'POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close, x-mine\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Mine: 1\r\nX-Sum: 2\r\n\r\n')
  assert.match(answer, /\r\n0\r\nX-Both: {"x-sum":"2"}\r\n\r\n$/)
})

test('a length, a coding or a say in the connection among the trailers is refused', async t => {
  const { port: up } = await backend(t, (request, response) => { request.resume().on('end', () => response.end()).on('error', () => {}) })
  const { port } = await relayWith(t, [staticRoute(up)])
  for (const field of ['Content-Length: 3', 'transfer-encoding: chunked', 'Connection: close', 'Upgrade: x', 'Proxy-Connection: close']) {
    assert.match(await exchange(t, port, `POST / HTTP/1.1\r\n${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${field}\r\n\r\n`), /^HTTP\/1\.1 400 /, field)
  }
})

test('chunk extensions are dropped, and refused where they are not well-formed', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(await bodyOf(request).catch(() => '')) })
  const { port } = await relayWith(t, [staticRoute(up)])
  const ask = (extension: string): Promise<string> => exchange(t, port, `POST / HTTP/1.1\r\n${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2${extension}\r\nhi\r\n0\r\n\r\n`)
  for (const extension of ['', ';a', ';a=b;c', ';a="b;\\"c\xff"']) assert.match(await ask(extension), /^HTTP\/1\.1 200 [^]*hi/, extension)
  for (const extension of [';', ';a:b', ';a=', ';a="b', ';a;', ' ;a', '; a', ';a=b c', ';a="\\', ';"a"']) assert.match(await ask(extension), /^HTTP\/1\.1 400 /, extension)
})

test('the upstream gets every request canonically', async t => {
  const { port: up } = await backend(t, async (request, response) => {
    const body = await bodyOf(request)
    response.end(JSON.stringify([request.method, request.url, request.headers, request.trailers, body]))
  })
  const { port } = await relayWith(t, [staticRoute(up)])
  const ask = async (text: string): Promise<[string, string, Record<string, string>, Record<string, string>, string]> => {
    const answer = await exchange(t, port, text)
    assert.match(answer, /^HTTP\/1\.1 200 /)
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')) as ReturnType<typeof ask> extends Promise<infer T> ? T : never
  }
  const absolute = await ask('GET http://A.test?q=1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  assert.deepEqual([absolute[0], absolute[1], absolute[2].host], ['GET', '/?q=1', 'A.test'])
  assert.equal((await ask('OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'))[1], '*')
  assert.equal((await ask('OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'))[1], '*')
  assert.equal((await ask('\r\n\r\nGET / HTTP/1.1\r\nHost: A.TEST.:8080\r\nConnection: close\r\n\r\n'))[2].host, 'A.TEST.:8080')
  const hop = await ask('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close, X-Mine, Keep-Alive\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy: http://evil\r\nTE: trailers, gzip\r\nX_Forwarded_For: 6.6.6.6\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nX-Kept:   spaced\t \r\nVia: 1.1 before\r\n\r\n')
  for (const name of ['x-mine', 'keep-alive', 'proxy-connection', 'proxy', 'x_forwarded_for', 'upgrade', 'http2-settings']) assert.equal(hop[2][name], undefined, name)
  assert.deepEqual([hop[2].te, hop[2]['x-kept'], hop[2].via], ['trailers', 'spaced', '1.1 before, 1.1 auberge'])
  const chunked = await ask('DELETE / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 7\r\nContent_Length: 9\r\nHost: evil\r\n\r\n')
  assert.deepEqual([chunked[0], chunked[4], chunked[3]], ['DELETE', 'abc0123456789', { 'x-sum': '7' }])
  const old = await ask('POST / HTTP/1.0\r\nHost: a.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi')
  assert.deepEqual([old[4], old[2].expect, old[2].via], ['hi', undefined, '1.0 auberge'])
  const hops = await ask('OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 3\r\nConnection: close\r\n\r\n')
  assert.equal(hops[2]['max-forwards'], '2')
})

test('Max-Forwards: 0 ends here', async t => {
  const { port: up } = await backend(t, (_request, response) => { response.end('reached') })
  const { port } = await relayWith(t, [staticRoute(up)])
  const options = await exchange(t, port, `OPTIONS / HTTP/1.1\r\n${OK}Max-Forwards: 0\r\nConnection: close\r\n\r\n`)
  assert.match(options, /^HTTP\/1\.1 200 [^]*\r\nAllow: GET/)
  assert.match(await exchange(t, port, `TRACE / HTTP/1.1\r\n${OK}Max-Forwards: 0\r\n\r\n`), /^HTTP\/1\.1 405 /)
})

test('a head that comes an octet at a time is read like any other', async t => {
  const { port: up } = await backend(t, async (request, response) => { response.end(`got ${await bodyOf(request)}`) })
  const { port } = await relayWith(t, [staticRoute(up)])
  const { Wire } = await import('./house.ts')
  const wire = new Wire(t, port)
  wire.socket.setNoDelay(true)
  for (const octet of `\r\nPOST / HTTP/1.1\r\n${OK}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nslow\r\n0\r\nX: y\r\n\r\n`) {
    wire.send(octet)
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.match(await wire.end(), /got slow$|got slow\r\n0/)
})
