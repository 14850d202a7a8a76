// One process kept running: restarted with growing pauses, told its briefing, stopped for good.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../../bin/parse.mjs'
import { thisHost } from '../../bin/host.mjs'
import { Child, type Witness } from '../../supervisor/child.ts'
import { crew, type Post } from '../../supervisor/crew.ts'
import { text } from 'node:stream/consumers'
import { openSync, closeSync } from 'node:fs'

function control(): Post {
  const request = parse(['up'], {}, thisHost())
  assert.ok(request.kind === 'up')
  const post = crew(request.house, { http: [], https: [], dnsUdp: [], dnsTcp: [] }).find(each => each.role === 'control')
  return post ?? assert.fail('no control')
}

type Seen = { deaths: { how: string; pause: number }[]; said: Promise<string>[] }

/** A child that runs `program`; `onReady` and `onDeath` are called as things happen. */
function childOf(program: string, { onReady = () => {}, onDeath = (_: Seen) => {} } = {}) {
  const seen: Seen = { deaths: [], said: [] }
  const lock = openSync('/dev/null', 'r')
  const witness: Witness = {
    ready: onReady,
    said: (_name, stderr) => { seen.said.push(text(stderr)) },
    died: (_name, how, pause) => { seen.deaths.push({ how, pause }); onDeath(seen) },
  }
  const child = new Child({ post: control(), argv: [process.execPath, '-e', program], env: {}, umask: 0o007, lock }, witness)
  return { child, seen, close: () => closeSync(lock) }
}

test('a process is ready when it says so, reads its briefing, and is gone after stop', async () => {
  const program = `require('readline').createInterface({ input: process.stdin }).once('line', line => {
    process.stderr.write(JSON.stringify({ zone: JSON.parse(line).house.zone, umask: process.umask() }))
    console.log('{"type":"ready"}')
    process.on('SIGTERM', () => process.exit(0))
  })`
  const { promise, resolve } = Promise.withResolvers<void>()
  const { child, seen, close } = childOf(program, { onReady: resolve })
  child.start()
  await promise
  assert.equal(child.state, 'ready')
  await child.stop()
  assert.equal(child.state, 'stopped')
  assert.deepEqual(JSON.parse((await seen.said[0]) ?? ''), { zone: 'localhost', umask: 7 })
  assert.deepEqual(seen.deaths, [])
  close()
})

test('a process that dies at once is started again with doubling pauses', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { child, seen, close } = childOf('process.exit(3)', { onDeath: ({ deaths }) => { if (deaths.length === 4) resolve() } })
  child.start()
  await promise
  await child.stop()
  assert.deepEqual(seen.deaths.map(death => death.pause), [100, 200, 400, 800])
  assert.equal(seen.deaths[0]?.how, 'exit code 3')
  close()
})

test('a program that is not there is a death, not a crash', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const lock = openSync('/dev/null', 'r')
  const child = new Child({ post: control(), argv: ['/nonexistent/program'], env: {}, umask: 0, lock }, { ready() {}, said() {}, died: (_name, how) => { assert.match(how, /ENOENT/); resolve() } })
  child.start()
  await promise
  await child.stop()
  closeSync(lock)
})
