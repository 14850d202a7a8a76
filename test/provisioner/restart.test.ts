import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { provisionerClient } from '../../provisioner/client.ts'
import type { PodEvent } from '../../provisioner/api.ts'
import { run } from '../../provisioner/run.ts'
import { places } from '../../wire/house.ts'
import { dataDirectory, house, killed, page, provisioner, spec, traces } from './house.ts'

test('pods outlive a provisioner that is killed, calls wait for the next one, and it adopts them', async t => {
  const data = await dataDirectory(t)
  const first = await provisioner(t, data)
  const client = provisionerClient(places(data).provisionerSocket)
  t.after(() => client.close())
  await client.create('alice', spec())
  await client.create('bob', spec())
  await client.create('carol', spec())
  const { pod } = await client.wake('alice')
  await client.wake('bob')
  await client.sleep('bob', 'frozen')
  await killed(first)
  assert.equal((await page(pod.ipv4)).status, 200, 'nobody needs the provisioner for a site that is awake')
  const { number } = JSON.parse(readFileSync(`${places(data).pods}/instance.json`, 'utf8')) as { number: number }
  for (const family of ['inet', 'bridge']) await run(['nft', 'delete', 'table', family, `auberge${number}`])
  const listed = client.list()
  await provisioner(t, data)
  assert.deepEqual((await listed).map(each => [each.name, each.tier]).sort(), [['alice', 'running'], ['bob', 'frozen'], ['carol', 'prepared']])
  const [inet, bridge] = await Promise.all(['inet', 'bridge'].map(family => run(['nft', 'list', 'table', family, `auberge${number}`])))
  assert.ok(inet?.includes('chain from_pod') && [inet, bridge].every(rules => rules?.includes(pod.ipv4)), 'rules removed meanwhile are back before anybody is answered')
  assert.equal((await page(pod.ipv4)).status, 200)
  assert.equal((await client.wake('bob')).pod.tier, 'running')
  assert.equal((await client.wake('carol')).pod.tier, 'running')
})

test('a creation that a kill cut short is undone, a destruction is finished', async t => {
  const data = await dataDirectory(t)
  const first = await provisioner(t, data)
  const client = provisionerClient(places(data).provisionerSocket, 200)
  t.after(() => client.close())
  await client.create('alice', spec())
  await client.wake('alice')
  const half = [client.create('bob', spec()), client.create('carol', spec()), client.destroy('alice', { purge: true })]
  const ended = Promise.allSettled(half)
  await Promise.race(half)
  await killed(first)
  await ended
  const { host } = await house(t, 'crun', data)
  for (const name of host.states.names()) assert.equal(host.states.site(name).intent, null)
  for (const name of ['alice', 'bob', 'carol']) {
    if (host.states.has(name)) continue
    assert.deepEqual((await traces(host.instance.id, data)).filter(line => line.includes(name)), [], `${name} left something`)
  }
})

test('what nobody knows is collected at start', async t => {
  const one = await house(t)
  await one.client.create('alice', spec())
  const id = one.host.instance.id
  await one.close()
  await run(['ip', 'netns', 'add', `${id}-ghost`])
  await run(['mkdir', '-p', `/sys/fs/cgroup/pids/${id}/ghost/pod`, `${one.data}/pods/ghost`])
  const lives = `/run/auberge/${one.host.instance.number}/lives`
  rmSync(`${lives}/alice.json`)
  for (const file of ['ghost.json', 'alice.json.new']) writeFileSync(`${lives}/${file}`, '{}')
  const two = await house(t, 'crun', one.data)
  assert.deepEqual((await traces(id, one.data)).filter(line => line.includes('ghost')), [])
  assert.ok(!readdirSync(lives).some(file => /ghost|new/.test(file)))
  assert.deepEqual((await two.client.list()).map(pod => [pod.name, pod.tier]), [['alice', 'cold']])
  assert.equal((await two.client.wake('alice')).pod.tier, 'running')
})

test('a pod that ends by itself is noticed and told, with its log', async t => {
  const { host, client } = await house(t)
  const events: PodEvent[] = []
  const leave = new AbortController()
  t.after(() => leave.abort())
  await client.create('alice', spec())
  await client.wake('alice')
  await new Promise<void>(resolve => {
    client.watch(event => { events.push(event); resolve() }, leave.signal)
    setTimeout(() => process.kill(host.states.life('alice').pid, 'SIGKILL'), 100)
  })
  assert.equal(events[0]?.name, 'alice')
  assert.match(events[0]?.failure ?? '', /ended by itself \(killed by SIGKILL\)[^]*resuming normal operations/)
  assert.equal((await client.list())[0]?.tier, 'failed')
  assert.equal((await client.wake('alice')).pod.tier, 'running', 'and it can be woken again')
})

test('a step that fails undoes those before it', async t => {
  const { host, client, data } = await house(t)
  host.runtime.prepare = () => Promise.reject(new Error('no container today'))
  await assert.rejects(client.create('alice', spec()), { code: 'failed', message: /no container today/ })
  assert.deepEqual(await traces(host.instance.id, data), [])
  assert.deepEqual(await client.list(), [])
})

test('a site whose program fails is a wake that failed, with the end of its log, and at once', async t => {
  const { host, client } = await house(t)
  await client.create('alice', spec({}, { LD_PRELOAD: '/nowhere/at/all.so', PHPRC: '/var/www' }))
  const { prepare } = host.runtime
  host.runtime.prepare = async (id, bundle, output) => {
    await run(['sed', '-i', 's|"-DFOREGROUND"|"-Dfoo","-f","/nowhere.conf"|', `${bundle}/config.json`])
    return prepare(id, bundle, output)
  }
  await client.update('alice', spec({}, { OTHER: '1' }))
  await assert.rejects(client.wake('alice'), { code: 'wake_failed', message: /ended before it answered \(exit code 1\)[^]*nowhere\.conf/ })
  host.runtime.prepare = prepare
  assert.equal((await client.list())[0]?.tier, 'failed')
  assert.equal((await client.wake('alice')).pod.tier, 'running')
})

test('two houses on one machine share nothing', async t => {
  const one = await house(t)
  const two = await house(t, 'runc')
  await Promise.all([one.client.create('alice', spec()), two.client.create('alice', spec())])
  const [a, b] = await Promise.all([one.client.wake('alice'), two.client.wake('alice')])
  assert.notEqual(a.pod.ipv4, b.pod.ipv4)
  assert.notEqual(one.host.instance.id, two.host.instance.id)
  assert.equal((await page(a.pod.ipv4)).status, 200)
  assert.equal((await page(b.pod.ipv6)).status, 200)
  await one.client.destroy('alice', { purge: true })
  assert.equal((await page(b.pod.ipv4)).status, 200)
  assert.deepEqual(await traces(one.host.instance.id, one.data), [])
})

test('a wake that comes while a site is put to sleep is served', async t => {
  const { client } = await house(t)
  await client.create('alice', spec())
  await client.wake('alice')
  const [, woken] = await Promise.all([client.sleep('alice', 'asleep'), client.wake('alice'), client.wake('alice')])
  assert.equal(woken.pod.tier, 'running')
  assert.equal((await page(woken.pod.ipv4)).status, 200)
})

test('a final backup that a kill interrupted is gone after the next start, whole ones stay', async t => {
  const data = await dataDirectory(t)
  const { backups } = places(data)
  mkdirSync(backups, { recursive: true })
  const whole = 'alice-20990101T000000000Z.tar.gz'
  for (const name of [whole, 'bob-20990101T000000000Z.tar.gz.partial']) writeFileSync(`${backups}/${name}`, 'x')
  const { client } = await house(t, 'crun', data)
  await client.create('carol', spec())
  const { backup } = await client.destroy('carol', { description: '{}' })
  assert.deepEqual(readdirSync(backups).sort(), [whole, `${backup?.id}.tar.gz`].sort())
})
