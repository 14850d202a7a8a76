import test from 'node:test'
import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { backend, exchange, relayWith, staticRoute } from './house.ts'
import { keyOf } from '../../../gateway/relay/crowd.ts'
import { render } from '../../../gateway/relay/pages.ts'

const FORGED = 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Server: evil\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Request-Id: chosen\r\nX_Real_IP: 6.6.6.6\r\n'
const REQUEST = `GET / HTTP/1.1\r\nHost: a.test:80\r\nConnection: close\r\n${FORGED}\r\n`

async function seen(answer: string): Promise<Record<string, string>> {
  return JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? '{}') as Record<string, string>
}

test('what a visitor claims about itself is replaced', async t => {
  const { port: up } = await backend(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port } = await relayWith(t, [staticRoute(up)])
  const headers = await seen(await exchange(t, port, REQUEST))
  assert.doesNotMatch(JSON.stringify(headers), /6\.6\.6\.6|evil|chosen/)
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-port'], String(port))
  assert.equal(headers['x-forwarded-proto'], 'http')
  assert.equal(headers.forwarded, 'for=127.0.0.1;host="a.test:80";proto=http')
  assert.match(headers['x-request-id'] ?? '', /^[0-9a-f]{32}$/)
})

test('a visitor over IPv6 is told of as such, in brackets where RFC 7239 wants them', async t => {
  const { port: up } = await backend(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { relay } = await relayWith(t, [staticRoute(up, '[::1]')])
  const { port } = (await relay.listen({ port: 0, host: '::1' })).address() as AddressInfo
  const socket = connect(port, '::1').setEncoding('latin1').on('connect', () => socket.write(REQUEST.replace('a.test:80', '[::1]')))
  let answer = ''
  for await (const piece of socket) answer += String(piece)
  const headers = await seen(answer)
  assert.deepEqual([headers['x-forwarded-for'], headers['x-real-ip'], headers['x-forwarded-host']], ['::1', '::1', '[::1]'])
  assert.equal(headers.forwarded, 'for="[::1]";host="[::1]";proto=http')
})

test('a trusted proxy is believed, and its address added', async t => {
  const { port: up } = await backend(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port } = await relayWith(t, [staticRoute(up)], { trustedProxies: ['127.0.0.0/8', '::1'] })
  const headers = await seen(await exchange(t, port, REQUEST))
  assert.equal(headers['x-forwarded-for'], '6.6.6.6, 127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers['x-forwarded-host'], 'evil.test')
  assert.equal(headers['x-real-ip'], '6.6.6.6')
  assert.equal(headers['x-request-id'], 'chosen')
  assert.equal(headers.forwarded, 'for=6.6.6.6, for=127.0.0.1;host=evil.test;proto=https')
  assert.equal(headers['x_real_ip'], undefined)
})

test('addresses are counted one by one for IPv4, by /64 for IPv6', () => {
  assert.equal(keyOf('1.2.3.4'), '1.2.3.4')
  assert.equal(keyOf('::ffff:1.2.3.4'), keyOf('1.2.3.4') === '1.2.3.4' ? keyOf('::ffff:1.2.3.4') : '')
  assert.equal(keyOf('2001:db8::1'), keyOf('2001:db8::ffff:1'))
  assert.notEqual(keyOf('2001:db8::1'), keyOf('2001:db8:0:1::1'))
})

test('our own answers come as HTML, JSON or text, in English or French, and load nothing', () => {
  const head = (accept: string, language = ''): string => `GET / HTTP/1.1\r\nAccept: ${accept}\r\nAccept-Language: ${language}\r\n\r\n`
  const page = render('unknown', head('text/html,application/xml;q=0.9,*/*;q=0.8', 'de, fr;q=0.8, en;q=0.5'), {})
  assert.match(page.body, /^<!doctype html><html lang="fr">[^]*prefers-color-scheme:dark/)
  assert.doesNotMatch(page.body, /src=|href=|url\(/)
  assert.match(page.fields, /Content-Security-Policy: default-src 'none'; style-src 'sha256-/)
  const json = render('busy', head('application/json'), {})
  assert.deepEqual(Object.keys((JSON.parse(Buffer.from(json.body, 'latin1').toString()) as { error: object }).error), ['code', 'message'])
  assert.match(render('busy', head('*/*'), {}).fields, /^Content-Type: text\/plain/)
  assert.match(render('busy', head('text/html;q=0.1, application/json'), {}).fields, /^Content-Type: application\/json/)
  assert.match(render('busy', '', {}).fields, /^Content-Type: text\/plain[^]*Retry-After: 5/)
})
