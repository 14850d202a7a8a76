import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { readResponse } from '../../../gateway/relay/message/response.ts'
import { SETTINGS } from '../../../gateway/relay/settings.ts'
import { answering, exchange, rawBackend, relayWith, siteRoute, staticRoute, Wire } from './house.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'

const malformed: [string, string][] = [
  ['no status line', 'hello\r\n\r\n'], ['another protocol', 'ICY 200 OK\r\n\r\n'], ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'], ['two digits', 'HTTP/1.1 20 OK\r\n\r\n'], ['status 600', 'HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n'],
  ['different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'], ['length with chunked', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx'], ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'], ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'], ['a bare CR', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'], ['a bare LF', 'HTTP/1.1 200 OK\r\nX: a\nY: b\r\nContent-Length: 0\r\n\r\n'],
  ['an interim response of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], ['an interim response that ends the connection', 'HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'], ['a head too large', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`], ['too many fields', `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(129)}Content-Length: 0\r\n\r\n`], ['an unasked upgrade', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
]

test('a malformed response is a 502 and nothing of it is passed on', async t => {
  for (const [what, response] of malformed) {
    const { port: up } = await answering(t, response)
    const { port } = await relayWith(t, [staticRoute(up)])
    const answer = await exchange(t, port, GET)
    assert.match(answer, /^HTTP\/1\.1 502 /, what)
    assert.doesNotMatch(answer, /127\.0\.0\.1|X: |ICY/, what)
  }
})

test('an upstream that ends before its response has begun is a 502 without a word about it', async t => {
  const { port: up } = await rawBackend(t, socket => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nCont')))
  const { port } = await relayWith(t, [staticRoute(up)])
  const answer = await exchange(t, port, GET)
  assert.match(answer, /^HTTP\/1\.1 502 /)
  assert.doesNotMatch(answer, new RegExp(`${up}|127\\.0|ECONN`))
})

test('an upstream that can not be reached is a 502', async t => {
  const { port } = await relayWith(t, [staticRoute(1)])
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 502 /)
})

test('a response cut short breaks the connection, so that nobody takes it for a whole one', async t => {
  for (const head of ['Content-Length: 10\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n', 'Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n']) {
    const { port: up } = await rawBackend(t, socket => socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}`)))
    const { port } = await relayWith(t, [staticRoute(up)])
    const wire = new Wire(t, port).send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const text = await wire.close()
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/)
    assert.doesNotMatch(text, /HTTP\/1\.1 502[^]*HTTP/)
  }
})

test('1xx responses are passed on before the final one', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await relayWith(t, [staticRoute(up)])
  assert.match(await exchange(t, port, GET), /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n[^]*\r\n\r\nHTTP\/1\.1 200 OK[^]*ok$/)
  assert.match(await exchange(t, port, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n'), /^HTTP\/1\.1 200 OK/, 'HTTP/1.0 knows none')
})

test('100-continue goes end to end', async t => {
  const seen: string[] = []
  const { port: up } = await rawBackend(t, socket => socket.on('data', chunk => {
    seen.push(chunk.toString())
    if (seen.length === 1) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  }))
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port).send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n')
  await wire.until('HTTP/1.1 100 Continue\r\n\r\n')
  assert.match(seen[0] ?? '', /Expect: 100-continue/)
  wire.send('body')
  assert.match(await wire.end(), /200 OK[^]*ok$/)
  assert.equal(seen[1], 'body')
})

test('HEAD, 204 and 304 have no body, whatever their fields say', async t => {
  const cases = [['HEAD', '200 OK\r\nContent-Length: 7'], ['HEAD', '200 OK\r\nTransfer-Encoding: chunked'], ['GET', '204 No Content\r\nContent-Length: 7'], ['GET', '304 Not Modified\r\nContent-Length: 7']]
  for (const [method, head] of cases) {
    const { port: up } = await answering(t, `HTTP/1.1 ${head}\r\n\r\n`)
    const { port } = await relayWith(t, [staticRoute(up)])
    const request = `${method} / HTTP/1.1\r\nHost: a.test\r\n`
    const answer = await exchange(t, port, `${request}\r\n${request}Connection: close\r\n\r\n`)
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 2, head)
    assert.match(answer, /\r\n\r\n$/)
  }
})

test('a response that ends with its connection is chunked for HTTP/1.1 and ends the connection for HTTP/1.0', async t => {
  const { port: up } = await rawBackend(t, socket => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end')))
  const { port } = await relayWith(t, [staticRoute(up)])
  assert.match(await exchange(t, port, GET), /Transfer-Encoding: chunked[^]*\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n$/)
  const old = await exchange(t, port, 'GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n')
  assert.match(old, /Connection: close[^]*\r\n\r\nuntil the end$/)
  assert.doesNotMatch(old, /chunked/)
})

test('HTTP/1.0 goes on with keep-alive where a response has a length, and ends without it', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port)
  for (let i = 0; i < 3; i++) {
    const from = wire.text.length
    assert.match(await wire.send('GET / HTTP/1.0\r\nHost: a.test\r\nConnection: Keep-Alive\r\n\r\n').until(/ok$/, from), /^HTTP\/1\.1 200 [^]*\r\nConnection: keep-alive\r\n\r\nok$/)
  }
  assert.match(await wire.send('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n').end(), /\r\nConnection: close\r\n\r\nok$/)
})

test('chunked responses are framed anew, extensions dropped, trailers kept', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2;evil="x"\r\nab\r\n0003\r\ncde\r\n0\r\nX-Sum: 5\r\nTransfer_Encoding: x\r\n\r\n')
  const { port } = await relayWith(t, [staticRoute(up)])
  const answer = await exchange(t, port, GET)
  assert.match(answer, /\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-Sum: 5\r\n\r\n$/)
  assert.match(await exchange(t, port, 'GET / HTTP/1.0\r\nHost: a.test\r\n\r\n'), /\r\n\r\nabcde$/)
})

test('hop-by-hop and nominated fields end here; Date and Server are the upstream\'s own', async t => {
  const { port: up } = await answering(t, 'HTTP/1.1 200 Fine\r\nServer: apache\r\nDate: today\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nVia: 1.1 inner\r\nContent-Length: 0\r\n\r\n')
  const { port } = await relayWith(t, [staticRoute(up)])
  const answer = await exchange(t, port, GET)
  assert.doesNotMatch(answer, /Secret|Keep-Alive|Proxy-/i)
  assert.match(answer, /^HTTP\/1\.1 200 Fine\r\nServer: apache\r\nDate: today\r\nVia: 1\.1 inner\r\nContent-Length: 0\r\nVia: 1\.1 auberge\r\nConnection: close/)
})

test('a cookie for the zone or a parent of it is dropped, a site\'s own is kept', async t => {
  const dropped = ['a=1; Domain=example.test', 'a=2; path=/; DOMAIN = .Example.Test ', 'a=3; Domain=test', 'a=4; domain=alice.example.test; domain=example.test.',
    'a=5; Domain=%65xample.test', 'a=6; Domain=\xef\xbd\x85xample.test', 'a=7; Domain="example.test"', 'a=8;Domain\t=\texample.test', 'a=9; Domain=..example.test', 'a=10; Domain=exam\xc2\xadple.test']
  const kept = ['b=1', 'b=2; Domain=alice.example.test', 'b=3; Domain=other.org', 'domain=example.test; Path=/', 'b=4; Domain=', 'b=5; Path=/%65xample.test']
  const { port: up } = await answering(t, `HTTP/1.1 200 OK\r\n${[...dropped, ...kept].map(cookie => `Set-Cookie: ${cookie}\r\n`).join('')}Content-Length: 0\r\n\r\n`)
  const { port } = await relayWith(t, [staticRoute(up)])
  const cookies = (await exchange(t, port, GET)).match(/(?<=Set-Cookie: ).*(?=\r)/g)
  assert.deepEqual(cookies, kept)
})

test('on a domain of its own a site sets cookies for its own hosts alone', async t => {
  const cookies = async (hosts: string[]): Promise<string[] | null> => {
    const set = ['a=1; Domain=example.org', 'b=2; Domain=.www.example.org', 'c=3; Domain=shop.example.org', 'd=4; Domain=org', 'e=5']
    const { port: up } = await answering(t, `HTTP/1.1 200 OK\r\n${set.map(cookie => `Set-Cookie: ${cookie}\r\n`).join('')}Content-Length: 0\r\n\r\n`)
    const { port } = await relayWith(t, hosts.map(host => ({ ...siteRoute('running', { address: '127.0.0.1', port: up }, host), site: 'club' })))
    return (await exchange(t, port, 'GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n')).match(/(?<=Set-Cookie: ).(?==)/g)
  }
  assert.deepEqual(await cookies(['www.example.org']), ['b', 'e'])
  assert.deepEqual(await cookies(['www.example.org', 'example.org']), ['a', 'b', 'e'])
})

/** What a visitor reads of a field that the upstream's answer has; `HERE` is the upstream's address and port. */
async function relocated(t: TestContext, field: string, value: string): Promise<string> {
  const server = await rawBackend(t, socket => socket.on('data', () => socket.end(`HTTP/1.1 302 Found\r\n${field}: ${value.replace('HERE', `127.0.0.1:${server.port}`)}\r\nContent-Length: 0\r\n\r\n`)))
  const { port } = await relayWith(t, [staticRoute(server.port)])
  return new RegExp(`${field}: (.*)\r\n`).exec(await exchange(t, port, GET))?.[1]?.replace(`127.0.0.1:${server.port}`, 'HERE') ?? ''
}

test('a redirect to the upstream\'s own address leads to the same path here', async t => {
  const same: [string, string][] = [['http://HERE/x?y', '/x?y'], ['HTTP://HERE', '/'], ['http://HERE?y', '/?y'], ['http://HERE#z', '/#z'], ['https://HERE/x', '/x'], ['//HERE/x', '/x']]
  for (const [value, wanted] of same) assert.equal(await relocated(t, 'Location', value), wanted, value)
  assert.equal(await relocated(t, 'Content-Location', 'http://HERE/x.en'), '/x.en')
})

test('a redirect to the upstream\'s own address never becomes one to another host, and others are left as they are', async t => {
  for (const value of ['http://HERE//evil.test/', 'http://HERE/\\evil.test/']) {
    const location = await relocated(t, 'Location', value)
    assert.equal(new URL(location, 'http://a.test/b').host, 'a.test', value)
    assert.match(location, /evil\.test\/$/)
  }
  for (const value of ['http://HERE.evil.test/', 'http://HERE@evil.test/', 'http://HERE1/', '/x', 'http://a.test/?u=http://HERE/']) assert.equal(await relocated(t, 'Location', value), value)
})

test('a redirect of a pod that listens on port 80 is one to itself with or without the port', () => {
  const read = (value: string): string | undefined => readResponse(`HTTP/1.1 302 Found\r\nLocation: ${value}\r\n\r\n`, { method: 'GET', host: 'a.test', zone: '', site: null, origin: 'http://[fd00::2]' }, SETTINGS)?.fields
  for (const value of ['http://[fd00::2]/x', 'http://[FD00::2]:80/x', 'http://[fd00::2]:0080/x']) assert.equal(read(value), 'Location: /x\r\n')
  for (const value of ['http://[fd00::2]:8080/x', 'http://[fd00::2]80/x', 'http://[fd00::22]/x']) assert.equal(read(value), `Location: ${value}\r\n`)
})

test('a response may come while the request\'s body is still coming', async t => {
  const { port: up } = await rawBackend(t, socket => socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig')))
  const { port } = await relayWith(t, [staticRoute(up)])
  const wire = new Wire(t, port).send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n' + 'x'.repeat(40_000))
  assert.match(await wire.end(), /^HTTP\/1\.1 413 Too Large[^]*Connection: close[^]*big$/)
})

test('pipelined requests are answered in order, to whichever host each goes', async t => {
  const slow = await rawBackend(t, socket => socket.on('data', () => setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'), 30)))
  const fast = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast')
  const { port } = await relayWith(t, [staticRoute(slow.port), staticRoute(fast.port, 'b.test')])
  const answer = await exchange(t, port, 'GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.test\r\n\r\nGET /3 HTTP/1.1\r\nHost: nowhere.test\r\n\r\nPOST /4 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabcGET /5 HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n')
  assert.match(answer, /slow[^]*fast[^]*404[^]*slow[^]*fast$/)
})

test('an idle upstream connection that says something unasked is thrown away, and what it said reaches nobody', async t => {
  let connections = 0
  const up = await rawBackend(t, socket => {
    connections++
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'))
  })
  const { port } = await relayWith(t, [staticRoute(up.port)])
  for (let i = 0; i < 3; i++) assert.doesNotMatch(await exchange(t, port, GET), /evil/)
  assert.equal(connections, 3)
})
