import test from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readRequest } from '../../../gateway/relay/message/request.ts'
import { SETTINGS } from '../../../gateway/relay/settings.ts'
import { Journal, type JournalOptions } from '../../../gateway/relay/access/journal.ts'
import { AccessLogs } from '../../../gateway/control/access.ts'
import { answering, at, exchange, rawBackend, relayWith, siteRoute, staticRoute, Wire } from './house.ts'
import { temporary } from '../../helpers/temporary.ts'
import type { TestContext } from 'node:test'

/** Reads a line as log readers do: Apache's combined format. */
const COMBINED = /^(\S+) (\S+) (\S+) \[(\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/

function journalIn(t: TestContext, directory: string, settings: JournalOptions['settings'] = {}, worker = 0) {
  const said: string[] = []
  const journal = new Journal({ directory, worker, settings: { floor: 0, ...settings }, warn: (dropped, why) => said.push(`${dropped} ${why}`) })
  t.after(() => journal.close())
  const lines = (site: string): string[] => readFileSync(`${directory}/${site}.${worker}.log`, 'latin1').split('\n').slice(0, -1)
  return { journal, said, lines }
}

const ask = (fields = '', target = '/'): string => `GET ${target} HTTP/1.1\r\nHost: alice.example.test\r\n${fields}Connection: close\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

test('every request to a site is a line of the combined format, with the status its visitor got', async t => {
  const { journal, lines } = journalIn(t, temporary(t))
  const { port: up } = await answering(t, OK)
  const { port, relay } = await relayWith(t, [siteRoute('running', at(up)), staticRoute(up)], { journal })
  await exchange(t, port, ask('Referer: http://from.test/x\r\nUser-Agent: Some "agent"\r\nCookie: secret=1\r\nAuthorization: Bearer secret\r\n', '/page?a="b"'))
  await exchange(t, port, 'HEAD / HTTP/1.0\r\nHost: alice.example.test\r\n\r\n')
  await exchange(t, port, 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  relay.obey({ type: 'route', version: 2, route: { ...siteRoute('suspended'), reason: 'x' } })
  await exchange(t, port, ask())
  relay.obey({ type: 'route', version: 3, route: { ...siteRoute('failed'), retryAt: Date.now() + 60_000 } })
  await exchange(t, port, ask())
  await journal.flush()
  const read = lines('alice').map(line => COMBINED.exec(line)?.slice(1) ?? line)
  assert.deepEqual(read.map(([host, , , , asked, status, bytes, referer, agent]) => [host, asked, status, bytes, referer, agent]), [
    ['127.0.0.1', 'GET /page?a=\\"b\\" HTTP/1.1', '200', '5', 'http://from.test/x', 'Some \\"agent\\"'],
    ['127.0.0.1', 'HEAD / HTTP/1.0', '200', '-', '-', '-'],
    ['127.0.0.1', 'GET / HTTP/1.1', '503', '-', '-', '-'],
    ['127.0.0.1', 'GET / HTTP/1.1', '503', '-', '-', '-'],
  ])
  assert.doesNotMatch(lines('alice').join(), /secret/)
  assert.deepEqual(readdirSync(journal['options'].directory), ['alice.0.log'])
})

test('a visitor who left is a 499, one behind a trusted proxy is known by its own address', async t => {
  const { journal, lines } = journalIn(t, temporary(t))
  const { port: up } = await rawBackend(t, () => {})
  const { port, relay } = await relayWith(t, [siteRoute('running', at(up))], { journal, trustedProxies: ['127.0.0.1'] })
  const wire = new Wire(t, port).send(ask('X-Forwarded-For: 192.0.2.7\r\n'))
  while ((relay.table.find('alice.example.test')?.inFlight ?? 0) === 0) await new Promise(setImmediate)
  wire.socket.resetAndDestroy()
  while (relay.table.find('alice.example.test')?.inFlight !== 0) await new Promise(setImmediate)
  await journal.flush()
  assert.match(lines('alice')[0] ?? '', /^192\.0\.2\.7 - - \[[^"]*"GET \/ HTTP\/1\.1" 499 - /)
})

test('nothing a visitor sends ends a line or a quotation, and what is long is cut', async t => {
  const { journal, lines } = journalIn(t, temporary(t))
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [siteRoute('running', at(up))], { journal })
  await exchange(t, port, ask('User-Agent: a" 200 1 "-" "\xe9\t\\\r\n', `/${'x'.repeat(5_000)}`))
  await journal.flush()
  const [line = ''] = lines('alice')
  const [, , , , , asked = '', , , , agent] = COMBINED.exec(line) ?? []
  assert.equal(agent, 'a\\" 200 1 \\"-\\" \\"\\xe9\\x09\\\\')
  assert.equal(asked.length, 'GET '.length + 2_048 + ' HTTP/1.1'.length)
})

test('a full file becomes the one before it, so that a site has two at most, and two workers never share one', async t => {
  const directory = temporary(t)
  const request = { method: 'GET', target: '/', major: 1, minor: 1, agent: '', referer: '' } as never
  for (const worker of [0, 1]) {
    const { journal } = journalIn(t, directory, { most: 1_000 }, worker)
    for (let i = 0; i < 50; i++) {
      journal.note('alice', { address: `192.0.2.${i}`, request, status: 200, bytes: 1, at: Date.now() + i * 1000 })
      await journal.flush()
    }
  }
  assert.deepEqual(readdirSync(directory).toSorted(), ['alice.0.log', 'alice.0.log.1', 'alice.1.log', 'alice.1.log.1'])
  for (const file of readdirSync(directory)) assert.ok(statSync(`${directory}/${file}`).size <= 1_000)
  const all = await (await new AccessLogs(directory).read('alice', { follow: false }).toArray()).join('').split('\n').slice(0, -1)
  const times = all.map(line => COMBINED.exec(line)?.[4])
  assert.ok(times.length > 10 && times.every(time => time !== undefined))
  assert.deepEqual(times, times.toSorted())
})

test('a log that cannot be written costs lines, which are counted, and nothing else', async t => {
  t.after(() => execFileSync('umount', [small]))
  const directory = temporary(t)
  const small = `${directory}/disk`
  mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
  const { journal, said } = journalIn(t, small)
  const { port: up } = await answering(t, OK)
  const { port } = await relayWith(t, [siteRoute('running', at(up))], { journal })
  for (let i = 0; i < 3; i++) {
    await Promise.all(Array.from({ length: 20 }, () => exchange(t, port, ask('', `/${'y'.repeat(2_000)}`))))
    await journal.flush()
  }
  assert.ok(journal.dropped > 0)
  assert.match(said[0] ?? '', /^\d+ ENOSPC$/)
  assert.match(await exchange(t, port, ask()), /200 OK/)
  const full = journalIn(t, directory, { floor: Number.MAX_SAFE_INTEGER })
  full.journal.note('alice', { address: 'x', request: { agent: '', referer: '', target: '/', method: 'GET' } as never, status: 200, bytes: 0, at: 0 })
  await full.journal.flush()
  assert.deepEqual(full.said, ['1 the disk is nearly full'])
})

test('a site with many visitors is written before its time', async t => {
  const { journal, lines } = journalIn(t, temporary(t), { every: 3_600_000, early: 10_000, perSite: 20_000 })
  const visit = { address: '192.0.2.1', request: { method: 'GET', target: '/', major: 1, minor: 1, agent: '', referer: '' } as never, status: 200, bytes: 1, at: 0 }
  for (let i = 0; i < 250; i++) journal.note('a', visit)
  await journal['round']
  assert.ok(lines('a').length > 100)
  assert.equal(journal.dropped, 0)
})

test('what waits in memory is bounded, and a site that is gone is forgotten', async t => {
  const directory = temporary(t)
  const { journal } = journalIn(t, directory, { perSite: 1_000, inAll: 3_000 })
  const visit = { address: '192.0.2.1', request: { method: 'GET', target: '/', major: 1, minor: 1, agent: '', referer: '' } as never, status: 200, bytes: 1, at: 0 }
  for (const site of ['a', 'b', 'c', 'd', 'e']) for (let i = 0; i < 100; i++) journal.note(site, visit)
  assert.ok(journal['waiting']['used'] <= 3_000)
  assert.ok(journal.dropped > 400)
  journal.forget('a')
  await journal.flush()
  assert.ok(!readdirSync(directory).includes('a.0.log'))
})

test('a reader follows its log over a rotation, and ends when it leaves', async t => {
  const directory = temporary(t)
  const { journal } = journalIn(t, directory, { most: 400 })
  const visit = (target: string) => ({ address: '192.0.2.1', request: { method: 'GET', target, major: 1, minor: 1, agent: '', referer: '' } as never, status: 200, bytes: 1, at: Date.now() })
  const reader = new AccessLogs(directory).read('alice', { follow: true })
  let text = ''
  reader.on('data', (chunk: Buffer | string) => { text += String(chunk) })
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 2; j++) journal.note('alice', visit(`/${i}-${j}`))
    await journal.flush()
    while (!text.includes(`/${i}-1`)) await once(reader, 'data')
  }
  assert.deepEqual([...text.matchAll(/GET \/(\S+)/g)].map(([, path]) => path), ['0-0', '0-1', '1-0', '1-1', '2-0', '2-1'])
  reader.destroy()
  await once(reader, 'close')
})

test('a sweep removes the logs of sites that are gone, and nothing planted in their place is followed', async t => {
  const directory = temporary(t)
  const { journal } = journalIn(t, directory)
  for (const site of ['alice', 'gone']) journal.note(site, { address: 'x', request: { agent: '', referer: '', target: '/', method: 'GET' } as never, status: 200, bytes: 0, at: 0 })
  await journal.flush()
  execFileSync('ln', ['-s', '/etc/passwd', `${directory}/alice.7.log`])
  execFileSync('mkfifo', [`${directory}/alice.8.log`])
  const logs = new AccessLogs(directory)
  assert.doesNotMatch((await logs.read('alice', { follow: false }).toArray()).join(''), /root:/)
  await logs.sweep(site => site === 'alice')
  assert.ok(!readdirSync(directory).includes('gone.0.log'))
  await logs.remove('alice')
  assert.deepEqual(readdirSync(directory), [])
  rmSync(directory, { recursive: true })
})

test('lines that wait, and hosts that are remembered, do not keep the heads they come from in memory', t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => { collect(); return process.memoryUsage().heapUsed }
  const { journal } = journalIn(t, temporary(t), { every: 3_600_000 })
  const before = used()
  for (let i = 0; i < 4_000; i++) {
    const text = Buffer.from(`GET /a/target/${i} HTTP/1.1\r\nHost: a-host-of-its-own-${i}.example.test\r\nReferer: https://example.test/somewhere\r\nUser-Agent: something of some length\r\nX: ${'x'.repeat(30_000)}\r\n\r\n`).toString('latin1')
    const request = readRequest(text, SETTINGS)
    assert.ok(typeof request === 'object')
    journal.note(`site-${i % 100}`, { address: '192.0.2.1', request, status: 200, bytes: 1, at: 0 })
  }
  assert.ok(used() - before < 20 * 2 ** 20, `${used() - before} bytes`)
  assert.equal(journal['waiting'].count, 4_000)
})
