import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { instance } from '../../provisioner/instance.ts'
import { collectDead } from '../../provisioner/reconcile.ts'
import { keepFew } from '../../provisioner/recipes/sleep.ts'
import { house, spec, traces } from './house.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave']

test('after a restart of the machine sites are cold and nothing is done about each until it is asked for', async t => {
  const before = await house(t)
  for (const name of NAMES) await before.client.create(name, spec())
  const { number, ula } = before.host.instance
  await before.close()
  await collectDead(instance(number, ula), before.data)
  const { client, host } = await house(t, 'crun', before.data)
  assert.deepEqual((await client.list()).map(pod => pod.tier), NAMES.map(() => 'cold'))
  assert.deepEqual(readdirSync(`${host.instance.run}/lives`), [], 'a site that was made cold has its life written down')
  assert.equal((await client.wake('bob')).pod.tier, 'running')
})

test('beyond the limit the sites that were used longest ago go cold, and nothing of them is left but their files', async t => {
  const { client, host, data } = await house(t)
  for (const name of NAMES) await client.create(name, spec())
  await client.wake('alice')
  await client.sleep('alice', 'asleep')
  keepFew(host, 2)
  await host.queue.settled(60_000)
  assert.deepEqual((await client.list()).map(pod => [pod.name, pod.tier]), [['alice', 'prepared'], ['bob', 'cold'], ['carol', 'cold'], ['dave', 'prepared']])
  const left = await traces(host.instance.id, data)
  const files = /\/pods\/(bob|carol)($|\/(state\.json|volume\.img|volume|log|older\.log)$)|\/lives\//
  assert.deepEqual(left.filter(line => /bob|carol/.test(line) && !files.test(line)), [])
  assert.equal(left.filter(line => line.includes(' master ')).length, 2, 'the warm ones have their ports')
  assert.equal((await client.wake('carol')).pod.tier, 'running')
})
