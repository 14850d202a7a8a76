// Pods that don't stay: what their owner is told of the end, and that nothing of it is left behind.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { PodEvent } from '../../provisioner/api.ts'
import { children, hasEnded } from '../../provisioner/children.ts'
import { ensureImage } from '../../provisioner/images/build.ts'
import { until } from '../helpers/patience.ts'
import { house, RUNTIMES, spec } from './house.ts'

const MIB = 2 ** 20
const GREEDY = `node -e 'const all = []; setInterval(() => all.push(Buffer.alloc(8 * ${MIB}, 1)), 5)'`
const LATER = `node -e 'const all = []; require("http").createServer((request, response) => { response.end("yes"); setInterval(() => all.push(Buffer.alloc(8 * ${MIB}, 1)), 5) }).listen(8080)'`

for (const runtime of RUNTIMES) {
  test(`an application that exits at once is a wake that failed, with its exit code and the end of its log, and starts once it is mended (${runtime})`, async t => {
    await ensureImage('node', () => {})
    const { client, host } = await house(t, runtime)
    const node = { ...spec(), image: 'node' }
    await client.create('alice', { ...node, start: 'echo here is why; exit 3' })
    await assert.rejects(client.wake('alice'), { code: 'wake_failed', message: /ended before it answered \(exit code 3\)\.[^]*here is why/ })
    assert.deepEqual((await client.list()).map(({ tier, failure }) => [tier, /exit code 3/.test(failure ?? '')]), [['failed', true]])
    await client.update('alice', { ...node, start: 'kill -KILL $$' })
    await assert.rejects(client.wake('alice'), { message: /ended before it answered \(exit code 137: killed by SIGKILL\)/ })
    await client.update('alice', { ...node, start: null })
    assert.equal((await client.wake('alice')).pod.tier, 'running')
    const { pid } = host.states.life('alice')
    await client.destroy('alice', { purge: true })
    await until('nothing of it waits to be collected', () => !children().includes(pid))
  })
}

test('an application that wants more memory than it may have is told so, at its start and later', async t => {
  await ensureImage('node', () => {})
  const { client } = await house(t)
  const node = { ...spec({ memory: 96 * MIB }), image: 'node' }
  await client.create('alice', { ...node, start: GREEDY })
  await assert.rejects(client.wake('alice'), { code: 'wake_failed', message: /ended before it answered \(exit code 137: killed by SIGKILL\)\. It wanted more memory than its limit of 100663296 bytes\./ })
  await client.update('alice', { ...node, start: LATER })
  const events: PodEvent[] = []
  const leave = new AbortController()
  t.after(() => leave.abort())
  client.watch(event => { events.push(event) }, leave.signal)
  const { pod } = await client.wake('alice')
  assert.equal(pod.tier, 'running')
  await until('it is killed', () => events.length > 0)
  assert.match(events[0]?.failure ?? '', /^its process ended by itself \(exit code 137: killed by SIGKILL\)\. It wanted more memory than its limit/)
})

test('orphans that nobody waits for are collected', async t => {
  await house(t)
  const pid = Number(spawnSync('sh', ['-c', 'sleep 0.1 & echo $!'], { encoding: 'utf8' }).stdout)
  assert.equal(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^PPid:\t(\d+)$/m)?.[1], String(process.pid))
  await until('it has ended', () => hasEnded(pid))
  await until('it is gone', () => !children().includes(pid))
})
