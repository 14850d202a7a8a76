// A hostile pod against its limits: memory, processor, disk, and what it can do to a neighbour with them.
import assert from 'node:assert/strict'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import test, { type TestContext } from 'node:test'
import type { SiteSpec } from '../../provisioner/api.ts'
import { execInPod } from '../../provisioner/container.ts'
import type { Host } from '../../provisioner/host.ts'
import { podCgroup, siteCgroup } from '../../provisioner/instance.ts'
import { podPlaces } from '../../provisioner/places.ts'
import { run } from '../../provisioner/run.ts'
import { until } from '../helpers/patience.ts'
import { dataDirectory, house, killed, page, provisioner, spec } from './house.ts'
import { places } from '../../wire/house.ts'
import { provisionerClient } from '../../provisioner/client.ts'

const MiB = 2 ** 20

const inside = (host: Host, name: string, script: string) => run(execInPod(host, name, { command: ['bash', '-c', `exec 2>&1; ${script}; true`] }))

async function awake(t: TestContext, limits: Record<string, Partial<SiteSpec['limits']>>) {
  const set = await house(t)
  for (const [name, change] of Object.entries(limits)) {
    await set.client.create(name, spec(change))
    await set.client.wake(name)
  }
  return { ...set, image: (name: string) => podPlaces(set.data, name).volumeImage }
}

const taken = (file: string) => statSync(file).blocks * 512

test('what a site deletes is given back to the host', async t => {
  const { host, image } = await awake(t, { alice: { disk: 128 * MiB } })
  const empty = taken(image('alice'))
  await inside(host, 'alice', 'head -c 60M /dev/urandom > /var/www/big; sync /var/www/big')
  assert.ok(taken(image('alice')) > empty + 50 * MiB)
  await inside(host, 'alice', 'rm /var/www/big; sync -f /var/www')
  await until('the blocks are free again', () => taken(image('alice')) < empty + 8 * MiB)
})

test("a full site answers, its neighbour notices nothing, and it can be given more room", async t => {
  const { host, client, image } = await awake(t, { alice: { disk: 32 * MiB }, bob: {} })
  const alice = host.states.site('alice')
  assert.match(await inside(host, 'alice', 'head -c 200M /dev/zero > /var/www/full'), /No space left/)
  assert.ok(taken(image('alice')) <= 33 * MiB)
  const pods = await client.list()
  for (const pod of pods) assert.equal((await page(pod.ipv4)).status, 200, pod.name)
  assert.match(await inside(host, 'bob', 'echo fine > /var/www/file && cat /var/www/file'), /^fine$/m)
  await client.update('alice', { ...alice.spec, limits: { ...alice.spec.limits, disk: 64 * MiB } })
  await client.sleep('alice', 'asleep')
  await client.wake('alice')
  assert.doesNotMatch(await inside(host, 'alice', 'head -c 20M /dev/zero > /var/www/more'), /No space/)
})

test('as many files as there may be are all there are, and the neighbour has its own', async t => {
  const { host, client } = await awake(t, { alice: { disk: 16 * MiB }, bob: { disk: 16 * MiB } })
  assert.match(await inside(host, 'alice', `perl -e 'mkdir "/var/www/many"; for (1..1e6) { open F, ">", "/var/www/many/$_" or do { print "$_: $!"; last } }'`), /No space left/)
  const { files } = await client.usage('alice')
  assert.ok(files < 20_000, `${files} files`)
  assert.match(await inside(host, 'bob', 'touch /var/www/file && echo made'), /made/)
  for (const place of ['/tmp', '/run', '/var/log', '/dev/shm', '/dev']) assert.match(await inside(host, 'alice', `perl -e 'mkdir "${place}/many"; for (1..1e6) { open F, ">", "${place}/many/$_" or do { print "$_: $!"; last } }'; rm -rf ${place}/many`), /No space left/, place)
})

test("the processor is divided by quota and weight: a pod that burns all of it leaves its neighbour's share", async t => {
  const { host } = await awake(t, { alice: { cpu: 0.5 }, bob: { cpu: 1 } })
  const seconds = async (name: string) => Number(await readFile(`/sys/fs/cgroup/${host.cgroups.version === 1 ? 'cpuacct' : ''}${podCgroup(host.instance, name)}/${host.cgroups.version === 1 ? 'cpuacct.usage' : 'cpu.stat'}`, 'utf8').then(text => /\d+/.exec(text)![0])) / (host.cgroups.version === 1 ? 1e9 : 1e6)
  const before = await seconds('alice')
  const began = performance.now()
  await inside(host, 'alice', 'for i in 1 2 3 4 5 6; do timeout 2 sh -c "while :; do :; done" & done; wait')
  const elapsed = (performance.now() - began) / 1000
  const used = (await seconds('alice')) - before
  assert.ok(used <= 0.5 * elapsed + 0.2, `${used} s of the processor in ${elapsed} s`)
  const share = async (name: string) => Number(await readFile(host.cgroups.version === 1 ? `/sys/fs/cgroup/cpu${siteCgroup(host.instance, name)}/cpu.shares` : `/sys/fs/cgroup${siteCgroup(host.instance, name)}/cpu.weight`, 'utf8'))
  assert.equal((await share('bob')) / (await share('alice')), 2)
})

test('what two sites write past their page caches reaches the disk in the name of each, and with the weight of each', async t => {
  const data = await dataDirectory(t)
  const disk = await diskOfItsOwn(t, data)
  const { host, client } = await house(t, 'crun', data)
  const cpus = { alice: 2, bob: 0.5 }
  for (const [name, cpu] of Object.entries(cpus)) await client.create(name, spec({ cpu })).then(() => client.wake(name))
  const blkio = host.cgroups.version === 1 ? '/sys/fs/cgroup/blkio' : '/sys/fs/cgroup'
  const cgroup = (name: string) => `${blkio}${siteCgroup(host.instance, name)}`
  const written = async (name: string) => {
    const text = host.cgroups.version === 1 ? await readFile(`${cgroup(name)}/blkio.bfq.io_service_bytes_recursive`, 'utf8') : await readFile(`${cgroup(name)}/io.stat`, 'utf8')
    return Number(new RegExp(`^${disk} .*?(?:Write |wbytes=)(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  }
  const file = host.cgroups.version === 1 ? 'blkio.bfq.weight' : 'io.weight'
  for (const [name, cpu] of Object.entries(cpus)) {
    await inside(host, name, 'dd if=/dev/zero of=/var/www/direct bs=1M count=16 oflag=direct')
    assert.ok((await written(name)) >= 16 * MiB, `${name}: ${await written(name)} bytes`)
    assert.match(await readFile(`${cgroup(name)}/${file}`, 'utf8'), new RegExp(`\\b${cpu * 100}$`, 'm'))
  }
})

test('pods that want more memory than theirs are killed inside, as often as they try; host, house and neighbour go on', async t => {
  const { host, client } = await awake(t, { alice: { memory: 64 * MiB }, bob: {} })
  const bob = (await client.list()).find(pod => pod.name === 'bob')!
  const ways = [
    'perl -e \'$x = "x" x (200 << 20)\'', 'head -c 200M /dev/zero > /dev/shm/x; head -c 200M /dev/zero > /tmp/x; rm -f /tmp/x /dev/shm/x',
    'perl -e \'for (1..400) { socketpair($s[$_], $t[$_], 1, 1, 0); fcntl($s[$_], 4, 2048); 1 while syswrite($s[$_], "x" x 60000) }\'', 'perl -e \'for (1..2000) { pipe($r[$_], $w[$_]) or last; fcntl($w[$_], 1031, 1 << 20); fcntl($w[$_], 4, 2048); syswrite($w[$_], "x" x (1 << 20)) }\'',
    'head -c 300M /dev/zero > /var/www/tmp/x; cat /var/www/tmp/x > /dev/null; rm /var/www/tmp/x',
  ]
  for (const way of ways) {
    await inside(host, 'alice', way).catch(() => '')
    assert.ok((await host.cgroups.memory(siteCgroup(host.instance, 'alice'))) <= 64 * MiB, way)
    assert.equal((await page(bob.ipv4)).status, 200, way)
  }
  await client.wake('alice').then(({ pod }) => assert.equal(pod.tier, 'running'))
})

test('what a pod says with nobody there to keep it is bounded all the same', async t => {
  const data = await dataDirectory(t)
  const first = await provisioner(t, data)
  const client = provisionerClient(places(data).provisionerSocket)
  t.after(() => client.close())
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  const { instance } = await import('../../provisioner/instance.ts')
  const { number, ula } = JSON.parse(await readFile(`${places(data).pods}/instance.json`, 'utf8')) as { number: number; ula: string }
  await killed(first)
  await run(['crun', '--root', `/run/auberge/${number}/crun`, 'exec', `${instance(number, ula).id}-alice`, 'bash', '-c', 'head -c 50M /dev/zero > /proc/1/fd/1; head -c 50M /dev/zero > /proc/1/fd/2; true'])
  const size = Number((await run(['du', '--block-size=1', '--summarize', podPlaces(data, 'alice').log])).split('\t')[0])
  assert.ok(size <= 2 * MiB + 8192, `${size} bytes`)
  assert.equal((await page(pod.ipv4)).status, 200)
})

test('on a disk that is nearly full no new promise is made, and those made are kept', async t => {
  const data = await dataDirectory(t)
  await run(['mount', '-t', 'tmpfs', '-o', 'size=1200m,mode=0755', 'auberge-test', data])
  const { host, client } = await house(t, 'crun', data)
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  writeFileSync(`${data}/filler`, Buffer.alloc(300 * MiB))
  await assert.rejects(client.create('bob', spec()), { code: 'unavailable', message: /disk has \d+ MiB left/ })
  await assert.rejects(client.update('alice', spec({ disk: 128 * MiB })), { code: 'unavailable' })
  assert.deepEqual((await client.list()).map(each => each.name), ['alice'])
  const { promised, taken: occupied, free } = await client.space()
  assert.ok(promised === 64 * MiB && occupied < promised && free < 1024 * MiB, `${promised} ${occupied} ${free}`)
  assert.match(await inside(host, 'alice', 'echo still > /var/www/file && cat /var/www/file'), /still/)
  assert.equal((await page(pod.ipv4)).status, 200)
})

/** Puts a disk with the scheduler BFQ under a data directory, and says its number. */
async function diskOfItsOwn(t: TestContext, data: string): Promise<string> {
  const file = `${data}.disk`
  await run(['truncate', '--size', '1500M', file])
  t.after(() => rmSync(file))
  await run(['mkfs.ext4', '-q', '-F', file])
  await run(['mount', '-o', 'loop', file, data])
  const [{ source, number }] = (JSON.parse(await run(['findmnt', '--json', '--output', 'SOURCE,MAJ:MIN', data])) as { filesystems: { source: string; 'maj:min': string }[] }).filesystems.map(each => ({ source: each.source, number: each['maj:min'] })) as [{ source: string; number: string }]
  writeFileSync(`/sys/block/${source.slice('/dev/'.length)}/queue/scheduler`, 'bfq')
  return number
}

test('commands in sites', async t => {
  const { client } = await awake(t, { alice: {}, bob: {} })

  await t.test('a site has so many commands and readers of its log at once, and no more: the house pays for each', async () => {
    const command = { command: ['sleep', '60'], tty: false }
    const running = await Promise.all(Array.from({ length: 16 }, () => client.exec('alice', command)))
    await assert.rejects(client.exec('alice', command), { code: 'rate_limited', message: /16 commands of alice/ })
    const other = await client.exec('bob', command)
    for (const stream of [...running, other]) stream.destroy()
    await until('a command has ended', () => client.exec('alice', command).then(stream => { stream.destroy(); return true }, () => false))
    const readers = await Promise.all(Array.from({ length: 16 }, () => client.logs('alice', { follow: true })))
    await assert.rejects(client.logs('alice', { follow: true }), { code: 'rate_limited' })
    for (const reader of readers) reader.destroy()
    await until('a reader has gone', () => client.logs('alice', { follow: true }).then(reader => { reader.destroy(); return true }, () => false))
  })

  await t.test('what a command holds in a site that sleeps counts as held by the site, for as long as it runs', async () => {
    await client.sleep('alice', 'asleep')
    assert.deepEqual((await client.memory()).working, {})
    const command = await client.exec('alice', { command: ['perl', '-e', '$x = "x" x (50 << 20); sleep 60'], tty: false })
    await until('it is counted', async () => ((await client.memory()).working.alice ?? 0) > 50 * MiB)
    assert.deepEqual(Object.keys((await client.memory()).sites), ['bob'])
    command.destroy()
    await until('it is gone', async () => Object.keys((await client.memory()).working).length === 0)
  })
})
