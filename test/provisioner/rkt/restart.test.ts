// Pods of a real rkt outlive the provisioner.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Host } from '../../../provisioner/host.ts'
import { netnsName } from '../../../provisioner/instance.ts'
import { run } from '../../../provisioner/run.ts'
import { house, page, spec } from '../house.ts'
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
