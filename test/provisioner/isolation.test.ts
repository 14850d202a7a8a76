import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'node:test'
import { execInPod } from '../../provisioner/container.ts'
import type { Host } from '../../provisioner/host.ts'
import { addresses, gateway, linkLocal } from '../../provisioner/instance.ts'
import { run } from '../../provisioner/run.ts'
import { house, page, spec } from './house.ts'

/** What a shell command in a running pod says; its failure too. */
const inside = (host: Host, name: string, script: string) =>
  run(execInPod(host, name, { command: ['bash', '-c', `exec 2>&1; ${script}; true`] }))

/** Whether a TCP connection from inside a pod succeeds within two seconds. */
async function reaches(host: Host, name: string, address: string, port: number): Promise<boolean> {
  return (await inside(host, name, `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' && echo connected`)).includes('connected')
}

test('a pod sees no other site: no address answers, no process, no file, no host', async t => {
  const { host, client, data } = await house(t)
  await client.create('alice', spec())
  await client.create('bob', spec())
  const { pod: alice } = await client.wake('alice')
  const { pod: bob } = await client.wake('bob')
  const listener = createServer().listen(0, '::')
  await once(listener, 'listening')
  t.after(() => listener.close())
  const { port } = listener.address() as { port: number }
  const { ipv4, ipv6 } = gateway(host.instance)

  assert.equal(await reaches(host, 'alice', '127.0.0.1', 80), true, 'its own server answers')
  for (const address of [bob.ipv4, bob.ipv6]) assert.equal(await reaches(host, 'alice', address, 80), false, `${address} answers`)
  for (const address of [ipv4, ipv6]) assert.equal(await reaches(host, 'alice', address, port), false, `the host's ${address} answers`)
  assert.equal((await page(bob.ipv4)).status, 200)

  assert.equal((await inside(host, 'alice', 'id -u')).trim(), '0')
  assert.doesNotMatch(await inside(host, 'alice', 'cat /proc/self/mountinfo; ls -R /var/www; ls /proc'), new RegExp(`bob|${data}/pods/bob`))
  const pids = (await inside(host, 'alice', 'ls -d /proc/[0-9]*')).trim().split('\n')
  assert.ok(pids.length < 20, `${pids.length} processes`)
  assert.notEqual(host.states.life('alice').pid, host.states.life('bob').pid)
  const ids = (await run(['cat', `/proc/${host.states.life('alice').pid}/uid_map`, `/proc/${host.states.life('bob').pid}/uid_map`])).split('\n').map(line => line.trim().split(/\s+/)[1])
  assert.notEqual(ids[0], ids[1])
  assert.equal(alice.port, 80)
})

test('root in a pod can change nothing but the site: image, kernel settings, devices and mounts are out of reach', async t => {
  const { host, client } = await house(t)
  await client.create('alice', spec())
  await client.wake('alice')
  for (const [script, refused] of [
    ['touch /etc/x', /Read-only|denied/], ['echo 1 > /proc/sys/kernel/panic', /Read-only|denied/], ['mknod /tmp/x b 8 0', /not permitted/i],
    ['mount -t tmpfs x /mnt', /denied|not permitted|superuser/i], ['unshare -U true', /not permitted|failed/i], ['cat /proc/kcore', /denied|No such|^$/], ['dd if=/dev/vda of=/dev/null count=1', /No such file/],
  ] as const) assert.match(await inside(host, 'alice', script), refused, script)
  assert.match(await inside(host, 'alice', 'grep CapBnd /proc/self/status'), /00000000000004fb/)
  assert.equal((await inside(host, 'alice', 'for d in /var/www /tmp /run /var/log /dev/shm; do touch $d/x && rm $d/x || echo $d; done')).trim(), '')
  assert.deepEqual((await inside(host, 'alice', 'for f in /dev/*; do if [ -c $f ] && [ ! -L $f ]; then echo $f; fi; done')).trim().split('\n'), ['/dev/full', '/dev/null', '/dev/random', '/dev/tty', '/dev/urandom', '/dev/zero'])
})

test("the host knows each pod's addresses for good, the link-local one too: no neighbour can claim them", async t => {
  const { host, client } = await house(t)
  const { ipv4, ipv6 } = await client.create('alice', spec())
  const known = await run(['ip', 'neighbour', 'show', 'dev', host.instance.id])
  for (const address of [ipv4, ipv6, linkLocal(addresses(host.instance, 0).mac)]) {
    assert.ok(known.split('\n').some(line => line.startsWith(`${address} lladdr ${addresses(host.instance, 0).mac} PERMANENT`)), `${address} in:\n${known}`)
  }
})

test('a pod over its memory limit loses a process, not the host and not its neighbour', async t => {
  const { host, client } = await house(t)
  await client.create('alice', spec({ memory: 96 * 2 ** 20 }))
  await client.create('bob', spec())
  await client.wake('alice')
  const { pod: bob } = await client.wake('bob')
  const said = await inside(host, 'alice', `php -d memory_limit=-1 -r '$a = str_repeat("x", 300 << 20); echo strlen($a);'`)
  assert.match(said, /Killed/)
  assert.doesNotMatch(said, /314572800/)
  assert.equal((await page(bob.ipv4)).status, 200)
  assert.equal((await client.wake('alice')).pod.tier, 'running')
})

test('a flood of output neither blocks the pod nor grows beyond its bound', async t => {
  const { host, client, data } = await house(t)
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  await inside(host, 'alice', 'timeout 5 head -c 20000000 /dev/zero >> /proc/1/fd/1')
  assert.equal((await page(pod.ipv4)).status, 200)
  const size = Number((await run(['du', '--bytes', '--summarize', `${data}/pods/alice/log`])).split('\t')[0])
  assert.ok(size <= 2 * 2 ** 20 + 4096, `${size} bytes`)
})
