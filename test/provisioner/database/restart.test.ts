import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { provisionerClient } from '../../../provisioner/client.ts'
import { ensureImage } from '../../../provisioner/images/build.ts'
import { retireHouse } from '../../../provisioner/provision.ts'
import { run } from '../../../provisioner/run.ts'
import { places } from '../../../wire/house.ts'
import { until } from '../../helpers/patience.ts'
import { dataDirectory, house, killed, provisioner } from '../house.ts'
import { databaseHouse, houseOn, php, up, withDatabase } from './house.ts'

/** The pid of the server, by what the provisioner writes down. */
const pidOf = (run: string) => (JSON.parse(readFileSync(`${run}/database.json`, 'utf8')) as { pid: number }).pid

const COUNT = "echo $db->query('SELECT COUNT(*) FROM t')->fetch_row()[0];"

test('a server that is killed is started again, and has every row that was acknowledged', async t => {
  const { host } = await databaseHouse(t, 'alice')
  assert.equal(await php(host, 'alice', "$db->query('CREATE TABLE t (i INT)'); for ($i = 0; $i < 200; $i++) $db->query('INSERT INTO t VALUES (1)'); echo 'done';"), 'done')
  const pid = pidOf(host.instance.run)
  process.kill(pid, 'SIGKILL')
  await until('another server runs', () => pidOf(host.instance.run) !== pid)
  await up(host)
  assert.equal(await php(host, 'alice', COUNT), '200')
})

test('the server outlives a provisioner that is killed, serves meanwhile, and is adopted by the next', async t => {
  await ensureImage('mariadb', () => {})
  const data = await dataDirectory(t)
  const first = await provisioner(t, data)
  const client = provisionerClient(places(data).provisionerSocket)
  t.after(() => client.close())
  await client.create('alice', withDatabase('alice'))
  await client.wake('alice')
  await until('the database is there', async () => (await client.usage('alice')).database !== null, 60_000)
  await killed(first)
  const { host } = await house(t, 'crun', data)
  const pid = pidOf(host.instance.run)
  assert.equal(await php(host, 'alice', `$db->query('CREATE TABLE t (i INT)'); ${COUNT}`), '0')
  await up(host)
  assert.equal(pidOf(host.instance.run), pid)
})

test('a provisioner that finds the server dead starts it, and what was destroyed meanwhile is dropped', async t => {
  const one = await databaseHouse(t, 'alice', 'bob')
  assert.equal(await php(one.host, 'bob', "$db->query('CREATE TABLE t (i INT)'); echo 'done';"), 'done')
  process.kill(pidOf(one.host.instance.run), 'SIGKILL')
  await one.client.destroy('bob', { purge: true })
  await one.close()
  const two = await house(t, 'crun', one.data)
  await up(two.host)
  await two.client.create('bob', withDatabase('bob'))
  await two.client.wake('bob')
  assert.equal(await php(two.host, 'bob', "echo count($db->query('SHOW TABLES')->fetch_all());"), '0', 'a new site finds an empty database')
})

test('when the last site with a database is gone, the server ends with the provisioner, and its files stay', async t => {
  const one = await databaseHouse(t, 'alice')
  const pid = pidOf(one.host.instance.run)
  await one.client.destroy('alice', { purge: true })
  await one.close()
  await until('it has ended', () => !existsSync(`/proc/${pid}`))
  assert.doesNotMatch(await run(['findmnt', '--list', '--noheadings', '--output', 'TARGET']), new RegExp(one.data))
  const two = await house(t, 'crun', one.data)
  await two.client.create('bob', withDatabase('bob'))
  await up(two.host)
})

test('the server runs on runc as well, and of a house that is gone nothing is left', async t => {
  const one = await houseOn(t, 'runc', 'alice')
  const { id } = one.host.instance
  await one.close()

  await retireHouse(one.data)
  assert.doesNotMatch(await run(['ip', '-oneline', 'link']), new RegExp(`${id}db`))
  assert.doesNotMatch(await run(['ip', 'netns', 'list']), new RegExp(`${id}-`))
  assert.doesNotMatch(await run(['findmnt', '--list', '--noheadings', '--output', 'TARGET']), new RegExp(one.data))
})
