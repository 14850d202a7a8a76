// What a pod of a real rkt is and has, and what it hasn't.
import assert from 'node:assert/strict'
import { readFileSync, readlinkSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import type { Host } from '../../../provisioner/host.ts'
import { firstId } from '../../../provisioner/instance.ts'
import { networked, pods } from '../../../provisioner/rkt/pods.ts'
import { run } from '../../../provisioner/run.ts'
import { places } from '../../../wire/house.ts'
import { house, page, spec } from '../house.ts'
import { apache, options, processes, put } from './look.ts'

test('a pod of rkt has the ids, privileges, limits and network of its site alone', options, async t => {
  const odd = 'he said "hi" \\ $HOME `x` # \'1\' %n'
  const { host, client } = await house(t, 'rkt')
  await client.create('alice', spec({}, { ODD: odd }))
  await put(client, 'odd.php', '<?php echo getenv("ODD");')
  await put(client, 'write.php', '<?php foreach (["/etc/x", "/usr/x", "/x", "/tmp/x"] as $file) echo (int) @file_put_contents($file, "1");')
  const { pod } = await client.wake('alice')
  const first = firstId(host.instance, host.states.site('alice').slot)

  const { pid, status } = await apache(host)
  assert.match(readFileSync(`/proc/${pid}/uid_map`, 'utf8'), new RegExp(`^\\s*0\\s+${first}\\s+65536\\s*$`))
  assert.match(status, new RegExp(`^Uid:\\t${first}\\t`, 'm'))
  assert.match(status, /^CapBnd:\t00000000000000fb\nCapAmb:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2$/m)
  assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '300')
  assert.notEqual(readlinkSync(`/proc/${pid}/ns/net`), readlinkSync('/proc/self/ns/net'))
  for (const each of await processes(host)) if (each.pid !== host.states.life('alice').pid) assert.match(each.status, new RegExp(`^Uid:\\t${String(first).slice(0, 5)}`, 'm'), each.name)

  assert.equal((await page(pod.ipv4, '/odd.php', pod.port)).text, odd)
  assert.equal((await page(pod.ipv4, '/write.php', pod.port)).text, '0001', 'the image is read-only')
  await put(client, 'late.txt', 'of a command beside it')
  assert.equal((await page(pod.ipv4, '/late.txt', pod.port)).text, 'of a command beside it')
  assert.match(await run(['bridge', '-details', 'link', 'show', 'dev', host.states.life('alice').veth!]), /isolated on/)
})

test('a pod of rkt whose network nobody guards does not run', options, async t => {
  const { host, client, data, close } = await house(t, 'rkt')
  const { ipv4 } = await client.create('alice', spec())
  await close()
  await startUnguarded(t, host, data)
  assert.deepEqual((await processes(host)).map(each => each.name), ['systemd-nspawn'], 'it waits')
  await assert.rejects(page(ipv4, '/', 8080))
  const again = await house(t, 'rkt', data)
  assert.equal((await again.client.list())[0]!.tier, 'cold', 'the next provisioner ends it')
  assert.deepEqual(await processes(again.host), [])
})

/** As a provisioner that was killed in the middle of a wake leaves a pod. */
async function startUnguarded(t: TestContext, host: Host, data: string): Promise<void> {
  const [pod] = await pods({ dir: places(data).rkt })
  await run(['sh', '-c', 'echo >"$0"', `${host.instance.run}/bundles/${host.instance.id}-alice/start`])
  while (!(await networked({ dir: places(data).rkt }, pod!.name))) assert.ok(!t.signal.aborted)
  while ((await processes(host)).map(each => each.name).join() !== 'systemd-nspawn') assert.ok(!t.signal.aborted)
}
