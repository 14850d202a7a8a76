// Final backups: what is left of a deleted site, for whom and for how long.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { sweepBackups } from '../../provisioner/final.ts'
import { places } from '../../wire/house.ts'
import { house, spec, traces } from './house.ts'
import { listing } from './workshop/house.ts'

const idAt = (name: string, at: number) => `${name}-${new Date(at).toISOString().replace(/[-:.]/g, '')}`
const DAY = 24 * 3600 * 1000

test('a deleted site leaves one backup for root alone, with its description; purged it leaves nothing at all', async t => {
  const { client, host, data } = await house(t)
  for (const name of ['alice', 'bob']) await client.create(name, spec({}, { SECRET: 'env' }))
  await client.wake('alice')
  const { backup } = await client.destroy('alice', { description: '{"said":"by control"}' })
  assert.ok(backup)
  const { id, name, bytes, madeAt, keptUntil } = backup
  assert.deepEqual([name, keptUntil - madeAt, id], ['alice', 30 * DAY, idAt('alice', madeAt)])
  assert.deepEqual(await client.finalBackups(), [backup])
  const archive = await buffer(await client.finalBackup(id))
  assert.equal(archive.length, bytes)
  assert.match(await listing(archive), /^-rw-------.* 21 .* auberge\.json\n[^]* files\/html -> releases\/initial\n/)
  const { backups } = places(data)
  assert.deepEqual([statSync(`${backups}/${id}.tar.gz`).mode & 0o777, statSync(backups).mode & 0o777], [0o600, 0o700])
  assert.deepEqual(await client.destroy('bob', { purge: true }), { backup: null })
  assert.deepEqual(readdirSync(backups), [`${id}.tar.gz`])
  assert.deepEqual(await traces(host.instance.id, data), [])
  await client.dropFinalBackup(id)
  assert.deepEqual(await client.finalBackups(), [])
  await assert.rejects(client.finalBackup(id), { code: 'not_found' })
})

test('no other file is a backup, whatever its id says', async t => {
  const { client, data } = await house(t)
  const { backups } = places(data)
  mkdirSync(backups, { recursive: true })
  const id = idAt('alice', Date.now())
  symlinkSync('/etc', `${backups}/${id}.tar.gz`)
  writeFileSync(`${backups}/notes.tar.gz`, 'x')
  assert.deepEqual(await client.finalBackups(), [])
  for (const wrong of [id, 'notes', '../registry/auberge.db', `../backups/${id}`, '', 'x'.repeat(150)]) {
    await assert.rejects(client.finalBackup(wrong), { code: 'not_found' }, wrong)
    await assert.rejects(client.dropFinalBackup(wrong), { code: 'not_found' }, wrong)
  }
  assert.ok(existsSync(`${backups}/notes.tar.gz`))
})

test('those older than 30 days go, and of a name all but three', async t => {
  const { client, host, data } = await house(t)
  const { backups } = places(data)
  mkdirSync(backups, { recursive: true })
  const now = Date.now()
  const ages = { alice: [1, 2, 3, 4, 29], bob: [29, 31] }
  for (const [name, days] of Object.entries(ages)) for (const age of days) writeFileSync(`${backups}/${idAt(name, now - age * DAY)}.tar.gz`, 'x')
  await sweepBackups(host)
  assert.deepEqual((await client.finalBackups()).map(each => each.id), [...[1, 2, 3].map(age => idAt('alice', now - age * DAY)), idAt('bob', now - 29 * DAY)])
})
