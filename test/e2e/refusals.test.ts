// Bad input through the front door of a whole house: the contract's errors, and nothing changed.
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { pack } from 'tar-stream'
import { gzipSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import { startHouse, type Answer } from '../helpers/house.ts'
import { newOwner } from './owner.ts'

const launcher = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))
const code = (answer: Answer) => [answer.status, (JSON.parse(answer.text) as { error: { code: string } }).error.code]

test('names that nobody may have, archives that lie, bodies too large and JSON that is none are refused and change nothing', async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  for (const name of ['-a', 'a-', 'a_b', 'xn--', 'xn--a', 'a'.repeat(64), 'Alice', 'a.b', '', 'a b', 'é']) {
    assert.deepEqual(code(await alice.api('POST', '/api/sites', { name })), [422, 'name_invalid'], name)
  }
  for (const name of ['www', 'admin', 'ns', 'x--tools']) assert.deepEqual(code(await alice.api('POST', '/api/sites', { name })), [422, 'name_reserved'], name)
  const json = { headers: { 'content-type': 'application/json' }, body: '{"name":' }
  assert.deepEqual(code(await alice.raw('POST', '/api/sites', json)), [400, 'bad_request'])
  assert.equal(JSON.parse((await alice.api('GET', '/api/sites')).text).length, 0)

  assert.equal((await alice.api('POST', '/api/sites', { name: 'alice' })).status, 201)
  assert.deepEqual(code(await alice.api('POST', '/api/sites', { name: 'alice' })), [409, 'name_taken'])
  const before = (await house.visit('alice.localhost')).text
  for (const entry of [{ name: '../x.php' }, { name: '/x.php' }, { name: 'x', type: 'symlink' as const, linkname: '/etc/passwd' }]) {
    assert.deepEqual(code(await alice.raw('PUT', '/api/sites/alice/content', { body: await targz(entry) })), [422, 'bad_archive'], entry.name)
  }
  const bomb = await targz({ name: 'bomb', size: 2 * 2 ** 30 })
  assert.deepEqual(code(await alice.raw('PUT', '/api/sites/alice/content', { body: bomb })), [413, 'too_large'])
  assert.deepEqual(code(await alice.raw('PUT', '/api/sites/alice/content', { body: 'neither' })), [415, 'unsupported_type'])
  assert.match(await tenGigabytes(house.http, new URL(house.ready.panel).host), /^HTTP\/1\.1 4(13|01) /)
  assert.equal((await house.visit('alice.localhost')).text, before)
})

test('an option typo is exit 2, a port in use exit 1, each with one line', async t => {
  const up = (...args: string[]) => execa(process.execPath, [launcher, 'up', ...args], { reject: false })
  const typo = await up('--zonne', 'x')
  assert.equal(typo.exitCode, 2)
  assert.match(String(typo.stderr), /^[^\n]*--zone[^\n]*$/)
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const taken = await up('--http', `127.0.0.1:${port}`, '--https', 'off', '--dns', 'off')
  assert.equal(taken.exitCode, 1)
  assert.match(String(taken.stderr), new RegExp(`^[^\\n]*${port}[^\\n]*$`))
})

/** A tar.gz of one entry; `size` bytes of zeros where given, sent as a sparse promise that gzip shrinks to little. */
async function targz({ name, type = 'file', linkname, size }: { name: string; type?: 'file' | 'symlink'; linkname?: string; size?: number }): Promise<Buffer> {
  if (size !== undefined) return sizedBomb(name, size)
  const tar = pack()
  tar.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, type === 'file' ? 'x' : '')
  tar.finalize()
  return gzipSync(await buffer(tar))
}

/** Zeros compress a thousandfold; gzip members follow each other, so one compressed piece is repeated. */
async function sizedBomb(name: string, size: number): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name, size })
  const [header] = (await once(tar, 'data')) as [Buffer]
  tar.destroy()
  const piece = 16 * 2 ** 20
  const zeros = gzipSync(Buffer.alloc(piece), { level: 9 })
  return Buffer.concat([gzipSync(header), ...Array.from({ length: size / piece }, () => zeros), gzipSync(Buffer.alloc(1024))])
}

/** The answer to a head that announces ten gigabytes, of which none are sent. */
async function tenGigabytes(port: number, host: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`PUT /api/sites/alice/content HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10737418240\r\n\r\n`)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return chunk.toString('latin1')
}
