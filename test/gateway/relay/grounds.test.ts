// Sites with addresses of their own: what a relay answers on a connection that came to one of them.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { RelayOptions } from '../../../gateway/relay/relay.ts'
import { answering, at, exchange, relayWith, siteRoute, staticRoute, type Running } from './house.ts'

const PREFIX = '2001:db8:1:2::/64'
const ALICE = '2001:db8:1:2:a0be:1:2:3'
const BOB = '2001:db8:1:2:a0be:1:2:4'

/** A relay whose connections all come to `local`. */
async function relayAt(t: TestContext, local: () => string, options: RelayOptions = {}): Promise<Running> {
  const { port } = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  const site = (name: string, ipv6: string) => ({ ...siteRoute('running', at(port), `${name}.example.test`), ipv6 })
  const running = await relayWith(t, [site('alice', ALICE), site('bob', BOB), { ...site('alice', ALICE), host: 'alice.example' }, staticRoute(port)], { ipv6Prefix: PREFIX, ...options })
  const { relay } = running
  const welcome = relay.welcome.bind(relay)
  relay.welcome = (accepted, scheme) => welcome({ ...accepted, local: local() }, scheme)
  return running
}

async function status(t: TestContext, port: number, host: string): Promise<string> {
  return (await exchange(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).slice(9, 12)
}

test('a site\'s address answers for all of its hosts and nobody else\'s', async t => {
  let local = ALICE
  const { port } = await relayAt(t, () => local)
  const all = async () => [await status(t, port, 'alice.example.test'), await status(t, port, 'alice.example'), await status(t, port, 'bob.example.test'), await status(t, port, 'a.test'), await status(t, port, 'x.test')]
  assert.deepEqual(await all(), ['200', '200', '421', '421', '404'])
  local = BOB
  assert.deepEqual(await all(), ['421', '421', '200', '421', '404'])
  local = '2001:db8:1:2:a0be::9'
  assert.deepEqual(await all(), ['421', '421', '421', '421', '404'])
  for (local of ['2001:db8:1:2::1', '203.0.113.1', '::ffff:203.0.113.1']) assert.deepEqual(await all(), ['200', '200', '200', '200', '404'], local)
})

test('an address ends with its site, and goes on with the last of its hosts', async t => {
  const { relay, port } = await relayAt(t, () => ALICE)
  relay.obey({ type: 'gone', version: 2, host: 'alice.example.test' })
  assert.equal(await status(t, port, 'alice.example'), '200')
  relay.obey({ type: 'gone', version: 3, host: 'alice.example' })
  relay.obey({ type: 'route', version: 4, route: { ...siteRoute('running', at(1), 'carol.example.test'), ipv6: '2001:db8:1:2:a0be:1:2:5' } })
  assert.equal(await status(t, port, 'carol.example.test'), '421')
  assert.equal(relay.table.at(ALICE), undefined)
})

test('a trusted proxy chooses by itself what it asks where', async t => {
  const { port } = await relayAt(t, () => ALICE, { trustedProxies: ['127.0.0.1'] })
  assert.equal(await status(t, port, 'bob.example.test'), '200')
})
