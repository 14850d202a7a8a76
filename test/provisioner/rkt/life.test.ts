// The life of a pod of a real rkt.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import type { Provisioner } from '../../../provisioner/api.ts'
import { remove } from '../../../provisioner/commands/rkt.ts'
import { pods } from '../../../provisioner/rkt/pods.ts'
import { run } from '../../../provisioner/run.ts'
import { places } from '../../../wire/house.ts'
import { house, page, spec } from '../house.ts'
import { apache, left, options } from './look.ts'

test('a pod of rkt is created, wakes, answers, freezes, thaws, sleeps, wakes again and is destroyed without a trace', options, async t => {
  const { host, client, data } = await house(t, 'rkt')
  const created = await client.create('alice', spec())
  assert.deepEqual([created.tier, created.port], ['prepared', 8080])
  assert.equal((await pods({ dir: places(data).rkt }))[0]!.state, 'prepared')

  const { pod } = await client.wake('alice')
  assert.equal(pod.tier, 'running')
  for (const address of [pod.ipv4, pod.ipv6]) assert.match((await page(address, '/', pod.port)).text, /<!doctype html>/)
  const { pid } = host.states.life('alice')

  assert.equal((await client.sleep('alice', 'frozen')).tier, 'frozen')
  assert.equal((await client.wake('alice')).pod.tier, 'running')
  assert.equal(host.states.life('alice').pid, pid, 'a thawed pod is the same process')
  assert.equal((await page(pod.ipv4, '/', pod.port)).status, 200)

  assert.equal((await client.sleep('alice', 'asleep')).tier, 'prepared')
  const again = await client.wake('alice')
  assert.equal(again.pod.ipv4, pod.ipv4)
  await logged(client, t, /resuming normal operations[^]*resuming normal operations/)

  await client.sleep('alice', 'frozen')
  assert.ok((await client.destroy('alice', { description: '{}' })).backup)
  assert.deepEqual(await left(host, data), [])
})

test('a pod of rkt that somebody else removed fails to wake once, and is made anew', options, async t => {
  const { host, client, data } = await house(t, 'rkt')
  const rkt = { dir: places(data).rkt }
  await client.create('alice', spec())
  await run(remove(rkt, (await pods(rkt))[0]!.name))
  await assert.rejects(client.wake('alice'), /rkt ended before the pod began/)
  const { pod } = await client.wake('alice')
  assert.equal((await page(pod.ipv4, '/', pod.port)).status, 200)

  await client.sleep('alice', 'asleep')
  await run(remove(rkt, (await pods(rkt))[0]!.name))
  await client.destroy('alice', { purge: true })
  assert.deepEqual(await left(host, data), [])
})

test('a pod of rkt is destroyed as soon as it is made', options, async t => {
  const { host, client, data } = await house(t, 'rkt')
  for (const _ of Array(3)) {
    const { pid } = await client.create('alice', spec()).then(() => host.states.life('alice'))
    await client.destroy('alice', { purge: true })
    assert.equal(existsSync(`/proc/${pid}`), false)
  }
  assert.deepEqual(await left(host, data), [])
})

/** Apache says that it has begun a moment after it answers. */
async function logged(client: Provisioner, t: TestContext, expected: RegExp): Promise<void> {
  while (!expected.test(await text(await client.logs('alice', { follow: false })))) assert.ok(!t.signal.aborted)
}

test('when the process of a pod of rkt ends, its owner reads the status it ended with', options, async t => {
  const { host, client } = await house(t, 'rkt')
  await client.create('alice', spec())
  await client.wake('alice')
  const failure = new Promise<string>(resolve => client.watch(event => resolve(event.failure), t.signal))
  process.kill((await apache(host)).pid, 'SIGSEGV')
  assert.match(await failure, /ended with status 11\. Its log ends:/)
  assert.equal((await client.wake('alice')).pod.tier, 'running')
})
