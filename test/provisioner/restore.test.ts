// Backups and restores of sites with real pods, and provisioners that are killed half way.
import assert from 'node:assert/strict'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { podPlaces, snapshotsPlace } from '../../provisioner/places.ts'
import { run, succeeds } from '../../provisioner/run.ts'
import { until } from '../helpers/patience.ts'
import { dataDirectory, house, page, spec, traces } from './house.ts'
import { rawTar, tarOf } from './workshop/house.ts'

const untarred = (archive: Buffer) => Readable.from([gunzipSync(archive)], { objectMode: false })
const deployed = (text: string) => tarOf({ 'index.php': `<?php echo "${text} ", getenv("COLOR");` })

test('a site that runs is backed up without ending, and restored with other settings it answers with both', async t => {
  const { client, host } = await house(t)
  await client.create('alice', spec({}, { COLOR: 'green' }))
  await client.deploy('alice', deployed('one'))
  const { pod } = await client.wake('alice')
  assert.equal((await page(pod.ipv4)).text, 'one green')
  const { pid } = host.states.life('alice')
  const archive = await buffer(await client.backup('alice', '{}'))
  assert.deepEqual([host.states.life('alice').pid, host.states.life('alice').tier, (await page(pod.ipv4)).text], [pid, 'running', 'one green'])
  await client.deploy('alice', deployed('two'))
  const { id } = await client.stage('alice', untarred(archive), 96 * 2 ** 20)
  assert.equal((await page(pod.ipv4)).text, 'two green', 'it goes on meanwhile')
  const blue = spec({ disk: 96 * 2 ** 20 }, { COLOR: 'blue' })
  const adopted = await client.adopt('alice', id, blue)
  assert.deepEqual([adopted.tier, adopted.spec, adopted.ipv4], ['cold', blue, pod.ipv4])
  await client.wake('alice')
  assert.equal((await page(pod.ipv4)).text, 'one blue')
  assert.ok((await client.usage('alice')).disk < 96 * 2 ** 20)
  assert.equal((await client.rollback('alice', 'initial')).release, 'initial', 'its releases are those of the backup')
})

test('what was staged and never adopted is gone with the site, when it is given up, and at the next start', async t => {
  const data = await dataDirectory(t)
  const first = await house(t, 'crun', data)
  for (const name of ['alice', 'bob', 'carol']) {
    await first.client.create(name, spec())
    const { id } = await first.client.stage(name, rawTar([[{ name: 'files/a' }, 'a']]), 64 * 2 ** 20)
    await first.client.unstage(name, `${id}x`)
    if (name === 'alice') await first.client.unstage(name, id)
  }
  await first.client.destroy('bob', { purge: true })
  assert.deepEqual(['alice', 'bob', 'carol'].map(name => existsSync(podPlaces(data, name).stagedImage)), [false, false, true])
  await first.close()
  const { client, host } = await house(t, 'crun', data)
  assert.equal(existsSync(podPlaces(data, 'carol').stagedImage), false)
  for (const name of ['alice', 'carol']) await client.destroy(name, { purge: true })
  assert.deepEqual(await traces(host.instance.id, data), [])
})

for (const swapped of [false, true]) {
  test(`an adoption that a kill interrupted ${swapped ? 'after' : 'before'} the swap is finished at the next start`, async t => {
    const data = await dataDirectory(t)
    const first = await house(t, 'crun', data)
    await first.client.create('alice', spec())
    const { id } = await first.client.stage('alice', rawTar([[{ name: 'files/html/', type: 'directory' }, ''], [{ name: 'files/html/index.php' }, 'restored']]), 80 * 2 ** 20)
    const { stagedImage, volumeImage, volume } = podPlaces(data, 'alice')
    // As adopt leaves it where it dies: written down what is meant, the pod gone, the volume swapped or not.
    await first.client.sleep('alice', 'asleep')
    await first.host.states.save({ ...first.host.states.site('alice'), spec: spec({ disk: 80 * 2 ** 20 }), release: null, releases: [], adopted: id, intent: 'adopt' })
    if (swapped) renameSync(stagedImage, volumeImage)
    await first.close()
    const { client } = await house(t, 'crun', data)
    const [pod] = await client.list()
    assert.deepEqual([pod?.spec.limits.disk, pod?.releases, existsSync(stagedImage)], [80 * 2 ** 20, [], false])
    assert.equal((await client.adopt('alice', id, spec({ disk: 80 * 2 ** 20 }))).name, 'alice', 'asked again')
    await client.wake('alice')
    assert.match(await run(['ls', `${volume}/html`]), /^index\.php$/m)
    assert.equal((await page(pod!.ipv4)).text, 'restored')
  })
}

test('a provisioner that dies while a site stands still for a copy leaves nothing standing', async t => {
  const data = await dataDirectory(t)
  const first = await house(t, 'crun', data)
  await first.client.create('alice', spec())
  const { pod } = await first.client.wake('alice')
  const { volume } = podPlaces(data, 'alice')
  const held = `/${first.host.instance.id}/alice/pod`
  await first.host.runtime.freeze(held)
  await run(['fsfreeze', '--freeze', volume])
  await run(['mkdir', '-p', `${snapshotsPlace(data)}/alice.dead`])
  writeFileSync(`${snapshotsPlace(data)}/alice.dead.img`, 'half a copy')
  await first.close()
  const { client } = await house(t, 'crun', data)
  assert.equal(await succeeds(['fsfreeze', '--unfreeze', volume]), false, 'the volume is free')
  assert.equal(existsSync(`${snapshotsPlace(data)}/alice.dead.img`), false)
  await client.wake('alice')
  await until('it answers', async () => (await page(pod.ipv4)).status === 200)
  assert.ok((await buffer(await client.backup('alice', '{}'))).length > 100)
})

test('a backup for whose copy the host has no room is refused, and the site goes on', async t => {
  const { client, host, data } = await house(t)
  await client.create('alice', spec())
  const { pod } = await client.wake('alice')
  await run(['mkdir', '-p', snapshotsPlace(data)])
  await run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'small', snapshotsPlace(data)])
  try {
    await assert.rejects(client.backup('alice', '{}'), { code: 'unavailable', message: /no room for a copy of alice/ })
    assert.equal((await page(pod.ipv4)).status, 200)
    assert.equal(await run(['ls', '-A', snapshotsPlace(data)]), '')
    assert.equal(host.states.life('alice').tier, 'running')
  } finally {
    await run(['umount', snapshotsPlace(data)])
  }
})

test('a backup under way when its site is deleted fails, and leaves nothing', async t => {
  const { client, host, data } = await house(t)
  await client.create('alice', spec())
  await client.deploy('alice', tarOf({ 'big': 'x'.repeat(30 * 2 ** 20) }))
  const stream = await client.backup('alice', '{}')
  const read = buffer(stream).catch((error: unknown) => error)
  await client.destroy('alice', { purge: true })
  await read
  await until('nothing is left', async () => (await traces(host.instance.id, data)).length === 0)
})

test('what nobody may ask of a restore is refused', async t => {
  const { client } = await house(t)
  await client.create('alice', spec())
  const tar = () => rawTar([[{ name: 'files/a' }, 'a']])
  for (const disk of [0, -1, 1.5, 2 ** 50]) await assert.rejects(client.stage('alice', tar(), disk), { code: 'invalid' }, String(disk))
  await assert.rejects(client.stage('nobody', tar(), 2 ** 26), { code: 'not_found' })
  await assert.rejects(client.backup('alice', 'x'.repeat(300_000)), { code: 'invalid' })
  const { id } = await client.stage('alice', tar(), 2 ** 26)
  await assert.rejects(client.adopt('alice', id, { ...spec(), image: 'castle' }), { code: 'not_found' })
  await assert.rejects(client.adopt('alice', id, { ...spec(), env: { 'A B': 'x' } }), { code: 'invalid' })
  assert.equal((await client.adopt('alice', id, spec())).name, 'alice')
})
