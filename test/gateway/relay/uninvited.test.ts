// Who does not wake a sleeping site, and what wakes nothing at all.
import test from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { at, backend, exchange, relayWith, siteRoute } from './house.ts'
import { PATHS, ROBOTS } from '../../../gateway/relay/uninvited.ts'
import type { Route } from '../../../registry/types.ts'

const GOOGLE = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'

const from = (path: string, agent = FIREFOX, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: alice.example.test\r\nUser-Agent: ${agent}\r\n${more}Connection: close\r\n\r\n`

test('scanners\' paths are 404 and robots get 503 with Retry-After while a site sleeps, in the visitor\'s language, and neither wakes it', async t => {
  for (const state of ['asleep', 'frozen', 'sleeping', 'failed', 'creating'] as const) {
    const { port, told, relay } = await relayWith(t, [siteRoute(state)])
    for (const path of ['/.git/config', '/.env', '/.env.local', '/.ENV?x', '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', '/cgi-bin/luci/;stok=/locale', '/boaform/admin/formLogin', '/HNAP1/']) {
      assert.match(await exchange(t, port, from(path)), /^HTTP\/1\.1 404 [^]*Cache-Control: no-store/, path)
    }
    const robot = await exchange(t, port, from('/', GOOGLE))
    assert.match(robot, /^HTTP\/1\.1 503 [^]*Cache-Control: no-store[^]*Retry-After: 3600\r\n[^]*robots do not wake it/)
    assert.match(await exchange(t, port, from('/', GOOGLE, 'Accept-Language: fr\r\n')), /les robots ne le r/)
    assert.deepEqual(told, [])
    assert.equal(relay.table.find('alice.example.test')?.inFlight, 0)
  }
})

test('what people and their programs ask for wakes it: WordPress, certificates\' challenges, similar names, previews and monitors', async t => {
  const visits: [string, string][] = [
    ['/wp-login.php', FIREFOX], ['/wp-content/plugins/x/y.php', FIREFOX], ['/xmlrpc.php', FIREFOX], ['/.well-known/acme-challenge/x', FIREFOX], ['/.environment', FIREFOX], ['/.git/info/refs', 'git/2.39'],
    ['/blog/.env', FIREFOX], ['/phpmyadmin/', FIREFOX], ['/?q=/cgi-bin/', FIREFOX], ['/', 'facebookexternalhit/1.1'], ['/', 'Mozilla/5.0 AppleWebKit/537.36; compatible; ChatGPT-User/1.0'],
    ['/', 'Mozilla/5.0+(compatible; UptimeRobot/2.0)'], ['/', 'curl/8.0'], ['/', FIREFOX],
  ]
  for (const [path, agent] of visits) {
    const { port, waitFor } = await relayWith(t, [siteRoute('asleep')])
    void exchange(t, port, from(path, agent))
    assert.equal((await waitFor('wake')).type, 'wake', `${path} ${agent}`)
  }
})

test('a site that is awake, that is being woken for somebody, or whose owner says so, answers them like anybody', async t => {
  const { port: up } = await backend(t, (_request, response) => response.end('served'))
  const cases: [Route, number][] = [[siteRoute('running', at(up)), 0], [siteRoute('waking'), 1], [{ ...siteRoute('asleep'), uninvited: 'wake' }, 1]]
  for (const [route, wakes] of cases) {
    const { port, relay, told, waitFor } = await relayWith(t, [route])
    const answers = [exchange(t, port, from('/.env')), exchange(t, port, from('/', GOOGLE))]
    if (wakes > 0) await waitFor('wake')
    relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(up)) })
    for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 200 [^]*served$/)
    assert.equal(told.filter(message => message.type === 'wake').length, wakes)
  }
})

test('a site that fell asleep while a visitor waits for it holds robots with that visitor', async t => {
  const { port: up } = await backend(t, (_request, response) => response.end('served'))
  const { port, relay, waitFor } = await relayWith(t, [siteRoute('asleep')])
  const first = exchange(t, port, from('/'))
  await waitFor('wake')
  const robot = exchange(t, port, from('/', GOOGLE))
  while (relay.hold.size < 2) await new Promise(resolve => setImmediate(resolve))
  relay.obey({ type: 'route', version: 2, route: siteRoute('running', at(up)) })
  for (const answer of await Promise.all([first, robot])) assert.match(answer, /served$/)
})

test('unknown hosts, suspended sites and the gateway\'s own /healthz wake nothing', async t => {
  const { port: up } = await backend(t, (_request, response) => response.end('healthy'))
  const routes: Route[] = [siteRoute('asleep'), { ...siteRoute('suspended', null, 'bob.example.test'), reason: 'x' }, { host: 'example.test', kind: 'panel', upstream: at(up) }]
  const { port, told } = await relayWith(t, routes)
  const get = (host: string, path: string): Promise<string> => exchange(t, port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  assert.match(await get('carol.example.test', '/'), /^HTTP\/1\.1 404 /)
  assert.match(await get('bob.example.test', '/'), /^HTTP\/1\.1 503 /)
  assert.match(await get('example.test', '/healthz'), /healthy$/)
  assert.deepEqual(told, [])
})

test('the documentation lists every path and every robot', () => {
  const text = readFileSync(new URL('../../../docs/waking.md', import.meta.url), 'utf8')
  for (const { path, why } of PATHS) assert.ok(text.includes(`\`${path}\``) && why !== '', path)
  for (const { agent, why } of ROBOTS) assert.ok(text.includes(`\`${agent}\``) && why !== '', agent)
})
