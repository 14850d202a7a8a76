// Pods of a real rkt, where this machine has one.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import type { Host } from '../../../provisioner/host.ts'
import { firstId, netnsName, podCgroup } from '../../../provisioner/instance.ts'
import { networked, pods } from '../../../provisioner/rkt/pods.ts'
import { run } from '../../../provisioner/run.ts'
import { places } from '../../../wire/house.ts'
import { findRkt, NO_RKT } from '../../../wire/rkt.ts'
import { house, page, spec, traces } from '../house.ts'

const options = { skip: findRkt() === null && NO_RKT }

type Process = { pid: number; parent: number; status: string; name: string }

/** The processes of alice's pod that are there to be looked at. */
async function processes(host: Host): Promise<Process[]> {
  const pids = await host.cgroups.tasks(podCgroup(host.instance, 'alice'))
  const statuses = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')))
  return statuses.filter(Boolean).map(status => ({
    status, name: /^Name:\t(.*)$/m.exec(status)![1]!, pid: Number(/^Pid:\t(\d+)$/m.exec(status)![1]), parent: Number(/^PPid:\t(\d+)$/m.exec(status)![1]),
  }))
}

/** Apache's first process. */
async function apache(host: Host): Promise<Process> {
  const all = await processes(host)
  const servers = all.filter(each => each.name === 'apache2')
  return servers.find(each => !servers.some(other => other.pid === each.parent))!
}

async function put(client: Awaited<ReturnType<typeof house>>['client'], file: string, content: string): Promise<void> {
  const stream = await client.exec('alice', { command: ['sh', '-c', 'printf %s "$1" >/var/www/html/"$0"', file, content], tty: false })
  stream.resume()
  await new Promise(resolve => stream.once('close', resolve))
}

/** What rkt has on the machine for a house besides its directory. */
async function left(host: Host, data: string): Promise<string[]> {
  const addresses = (() => { try { return readdirSync(`/var/lib/cni/networks/${host.instance.id}`).filter(file => file.startsWith('10.')) } catch { return [] } })()
  return [...addresses, ...(await pods({ dir: places(data).rkt })).map(pod => pod.name), ...(await traces(host.instance.id, data))]
}

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
  assert.match(await text(await client.logs('alice', { follow: false })), /resuming normal operations[^]*caught SIG[^]*resuming normal operations/)

  await client.sleep('alice', 'frozen')
  assert.ok((await client.destroy('alice')).backup)
  assert.deepEqual(await left(host, data), [])
})

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
  assert.match(await run(['bridge', '-details', 'link', 'show', 'dev', host.states.life('alice').veth!]), /isolated on/)
})

test('when the process of a pod of rkt ends, its owner reads the status it ended with', options, async t => {
  const { host, client } = await house(t, 'rkt')
  await client.create('alice', spec())
  await client.wake('alice')
  const failure = new Promise<string>(resolve => client.watch(event => resolve(event.failure), t.signal))
  process.kill((await apache(host)).pid, 'SIGSEGV')
  assert.match(await failure, /ended with status 11\. Its log ends:/)
  assert.equal((await client.wake('alice')).pod.tier, 'running')
})

test('pods of rkt are adopted by the next provisioner, running, frozen and prepared', options, async t => {
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
