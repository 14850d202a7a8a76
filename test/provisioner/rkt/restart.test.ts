// Pods of a real rkt outlive the provisioner.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import type { Host } from '../../../provisioner/host.ts'
import { netnsName } from '../../../provisioner/instance.ts'
import { run } from '../../../provisioner/run.ts'
import { places } from '../../../wire/house.ts'
import { house, page, spec, traces } from '../house.ts'
import { options } from './look.ts'

test('pods of rkt are adopted by the next provisioner, running and prepared', options, async t => {
  const first = await house(t, 'rkt')
  await first.client.create('alice', spec())
  await first.client.create('bob', spec())
  const { pod } = await first.client.wake('alice')
  const pids = ['alice', 'bob'].map(name => first.host.states.life(name).pid)
  await first.close()

  const second = await house(t, 'rkt', first.data)
  assert.deepEqual((await second.client.list()).map(each => each.tier), ['running', 'prepared'])
  assert.deepEqual(['alice', 'bob'].map(name => second.host.states.life(name).pid), pids)
  assert.equal((await page(pod.ipv4, '/', pod.port)).status, 200)

  const { pod: other } = await second.client.wake('bob')
  assert.equal((await page(other.ipv4, '/', other.port)).status, 200)
  for (const address of [other.ipv4, other.ipv6]) assert.equal(await reached(second.host, address, other.port), false, 'and their ports are isolated')
})

/** Whether alice's network gets a connection to an address. */
async function reached(host: Host, address: string, port: number): Promise<boolean> {
  const attempt = `timeout 1 bash -c 'exec 3<>/dev/tcp/${address}/${port}' && echo reached; true`
  return (await run(['ip', 'netns', 'exec', netnsName(host.instance, 'alice'), 'bash', '-c', attempt])).includes('reached')
}

test('a house goes from crun to rkt and back, and its sites with it', options, async t => {
  const before = await house(t, 'crun')
  await before.client.create('alice', spec())
  await before.client.wake('alice')
  await before.close()

  const meanwhile = await house(t, 'rkt', before.data)
  assert.equal((await meanwhile.client.list())[0]!.tier, 'running', 'an awake pod is left alone')
  await meanwhile.client.sleep('alice', 'asleep')
  assert.equal((await meanwhile.client.wake('alice')).pod.port, 8080)
  await meanwhile.close()

  const after = await house(t, 'crun', before.data)
  const { pod } = await after.client.wake('alice')
  assert.equal(pod.port, 80)
  assert.equal((await page(pod.ipv4)).status, 200)
  await after.client.destroy('alice', { purge: true })
  assert.deepEqual(await traces(after.host.instance.id, before.data), [])
  assert.equal(existsSync(places(before.data).rkt), false)
})
