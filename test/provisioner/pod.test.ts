import assert from 'node:assert/strict'
import { readFileSync, statfsSync, statSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import type { Host } from '../../provisioner/host.ts'
import { firstId, siteCgroup } from '../../provisioner/instance.ts'
import { house, page, RUNTIMES, spec, traces } from './house.ts'

/** Bytes the kernel lets alice's processes have. */
function memoryLimit(host: Host): number {
  const path = siteCgroup(host.instance, 'alice')
  const file = host.cgroups.version === 1 ? `/memory${path}/memory.limit_in_bytes` : `${path}/memory.max`
  return Number(readFileSync(`/sys/fs/cgroup${file}`, 'utf8'))
}

for (const runtime of RUNTIMES) {
  test(`a pod of ${runtime} is created, wakes, answers, freezes, thaws, sleeps, wakes again and is destroyed without a trace`, async t => {
    const { host, client, data } = await house(t, runtime)
    const created = await client.create('alice', spec({}, { GREETING: 'hello there' }))
    assert.equal(created.tier, 'prepared')
    assert.deepEqual(await client.create('alice', spec({}, { GREETING: 'hello there' })), created, 'creating again changes nothing')

    const { pod, phases } = await client.wake('alice')
    assert.equal(pod.tier, 'running')
    assert.ok(phases.start > 0 && phases.probe > 0)
    for (const address of [pod.ipv4, pod.ipv6]) {
      const { status, text: body } = await page(address)
      assert.equal(status, 200)
      assert.match(body, /<!doctype html>/)
    }
    assert.deepEqual((await client.wake('alice')).pod, pod, 'waking again changes nothing')

    const { pid } = host.states.life('alice')
    assert.equal(statSync(`/proc/${pid}`).uid, firstId(host.instance, host.states.site('alice').slot), 'root in the pod is the first of its own ids')
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m)

    assert.equal((await client.sleep('alice', 'frozen')).tier, 'frozen')
    assert.equal((await client.wake('alice')).pod.tier, 'running')
    assert.equal(host.states.life('alice').pid, pid, 'a thawed pod is the same process')

    assert.equal((await client.sleep('alice', 'asleep')).tier, 'prepared')
    assert.equal((await client.sleep('alice', 'frozen')).tier, 'prepared', 'who is asleep stays asleep')
    const again = await client.wake('alice')
    assert.equal(again.pod.ipv4, created.ipv4)
    assert.equal((await page(again.pod.ipv4)).status, 200)
    assert.match(await text(await client.logs('alice', { follow: false })), /resuming normal operations[^]*resuming normal operations/)

    await client.sleep('alice', 'frozen')
    const { backup } = await client.destroy('alice', { description: '{}' })
    const { size, mode } = statSync(`${data}/backups/${backup?.id}.tar.gz`)
    assert.deepEqual([size, mode & 0o777], [backup?.bytes, 0o600])
    assert.deepEqual(await traces(host.instance.id, data), [])
    assert.deepEqual(await client.destroy('alice', { description: '{}' }), { backup: null }, 'destroying again changes nothing')
    assert.deepEqual(await client.list(), [])
  })
}

test('an update gives the cgroup its limits at once; the environment and at the latest the disk follow when the site next wakes', async t => {
  const { client, host, data } = await house(t)
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  const before = await client.usage('alice')
  const larger = spec({ disk: 96 * 2 ** 20, memory: 300 * 2 ** 20 }, { COLOR: 'green' })
  assert.equal((await client.update('alice', larger)).tier, 'running')
  assert.equal(memoryLimit(host), larger.limits.memory)
  assert.equal((await page(pod.ipv4)).status, 200)
  assert.ok(before.disk > 0 && before.files > 0 && before.memory > 0)
  await assert.rejects(client.update('alice', spec()), { code: 'invalid' })
  await client.sleep('alice', 'asleep')
  const { pod: woken } = await client.wake('alice')
  assert.deepEqual(woken.spec, larger)
  assert.match(readFileSync(`/proc/${host.states.life('alice').pid}/environ`, 'latin1'), /\0COLOR=green\0/)
  const { blocks, bsize } = statfsSync(`${data}/pods/alice/volume`)
  assert.ok(blocks * bsize > 80 * 2 ** 20, `${blocks * bsize} bytes`)
})

test('an empty volume of a gigabyte takes less than five megabytes of the disk', async t => {
  const { client, data } = await house(t)
  await client.create('alice', spec({ disk: 2 ** 30 }))
  const { blocks, size } = statSync(`${data}/pods/alice/volume.img`)
  assert.equal(size, 2 ** 30)
  assert.ok(blocks * 512 < 5 * 2 ** 20, `${blocks * 512} bytes`)
})

test('a site nobody has created is not found, and what is out of bounds is invalid', async t => {
  const { client } = await house(t)
  for (const call of [client.wake('nobody'), client.sleep('nobody', 'asleep'), client.usage('nobody'), client.update('nobody', spec()), client.logs('nobody', { follow: false })]) {
    await assert.rejects(call, { code: 'not_found' })
  }
  for (const name of ['-a', 'a-', 'A', 'a_b', 'a.b', '..', 'a'.repeat(64), '%2e%2e']) await assert.rejects(client.create(name, spec()), { code: 'invalid' }, name)
  await assert.rejects(client.create('alice', { ...spec(), image: 'none' }), { code: 'not_found' })
  for (const bad of [spec({ memory: 1 }), spec({ cpu: 0 }), spec({ disk: 1.5 }), spec({ pids: 0 }), spec({}, { 'A B': '' }), spec({}, { A: 'x\ny' }), spec({}, { A: 'x\0y' }), spec({}, { A: 'x'.repeat(70_000) })]) {
    await assert.rejects(client.create('alice', bad), { code: 'invalid' })
  }
  assert.deepEqual(await client.list(), [])
})
