// What owners set for their sites, as it arrives in the pod; and the versions of an image that pods are on.
import assert from 'node:assert/strict'
import test from 'node:test'
import { needsOf } from '../../provisioner/images/needs.ts'
import { tidy } from '../../provisioner/images/remove.ts'
import { imageStore } from '../helpers/images.ts'
import { until } from '../helpers/patience.ts'
import { dataDirectory, house, page, spec } from './house.ts'
import { ask, site } from './images/visit.ts'
import { tarOf } from './workshop/house.ts'

const SHOW = '<?php echo json_encode([ini_get("memory_limit"), ini_get("upload_max_filesize"), ini_get("max_execution_time"), ini_get("display_errors"), date_default_timezone_get(), error_reporting(), getenv("WORD")]);'

test('settings of PHP and the environment reach the site when it next starts, and go again', async t => {
  const { client, pod, wanted, get, inside } = await site(t, { 'index.php': SHOW })
  assert.equal((await get('/')).body, '["128M","64M","60","","UTC",22527,false]')
  const php = { memory_limit: '192M', upload_max_filesize: '10M', max_execution_time: '7', display_errors: 'On', 'date.timezone': 'Europe/Zurich', error_reporting: 'E_ALL & ~E_NOTICE' }
  const changed = await client.update('alice', { ...wanted, php, env: { WORD: 'a "quoted" $word' } })
  assert.deepEqual([changed.tier, changed.outdated], ['running', true])
  assert.match((await get('/')).body, /^\["128M"/, 'not before')
  await client.sleep('alice', 'frozen')
  assert.equal((await client.wake('alice')).pod.outdated, false)
  assert.equal((await get('/')).body, '["192M","10M","7","1","Europe\\/Zurich",32759,"a \\"quoted\\" $word"]')
  assert.equal((await inside('php', '-r', 'echo ini_get("memory_limit"), " ", ini_get("max_execution_time"), " ", date_default_timezone_get();')), '192M 0 Europe/Zurich', 'in a shell too')
  await assert.rejects(inside('sh', '-c', 'echo x > /etc/auberge/php/owner.ini'), /Read-only|Permission denied/)
  await client.sleep('alice', 'asleep')
  await client.update('alice', wanted)
  await client.wake('alice')
  assert.match((await ask(pod.ipv4, pod.port, '/')).body, /^\["128M"/)
  const refused: Record<string, string>[] = [{ extension: 'x.so' }, { memory_limit: '1K' }, { memory_limit: '9M\nextension=x' }]
  for (const bad of refused) await assert.rejects(client.update('alice', { ...wanted, php: bad }), { code: 'invalid' })
})

test('a site is on the newest version, on the one it is set to, or on the one its house is pinned to', async t => {
  const images = await imageStore(t)
  images.add(1)
  images.add(2)
  const data = await dataDirectory(t)
  const first = await house(t, 'crun', data, images.directory)
  const version = async (name: string, client = first.client) => page((await client.wake(name)).pod.ipv4).then(answer => answer.text)
  await assert.rejects(first.client.create('alice', { ...spec(), image: 'php@3' }), { code: 'not_found' })
  for (const name of ['newest', 'set']) {
    await first.client.create(name, { ...spec(), image: name === 'set' ? 'php@1' : 'php' })
    await first.client.deploy(name, tarOf({ 'index.php': '<?php echo getenv("IMAGE");' }))
  }
  assert.deepEqual([await version('newest'), await version('set')], ['2', '1'])
  await assert.rejects(first.client.update('set', { ...spec(), image: 'php@9' }), { code: 'not_found' })
  assert.deepEqual((await first.client.images()).map(({ version, usedBy, newest, pinned, takes }) => [version, usedBy, newest, pinned, takes]), [[1, 1, false, false, 'php'], [2, 1, true, false, 'php']])

  await first.client.pinImage('php', 1)
  assert.deepEqual((await first.client.list()).map(pod => [pod.name, pod.image, pod.outdated]).sort(), [['newest', 'php@2', true], ['set', 'php@1', false]])
  await first.client.sleep('newest', 'frozen')
  assert.equal(await version('newest'), '1')
  await first.close()

  const second = await house(t, 'crun', data, images.directory)
  assert.deepEqual((await second.client.images()).map(({ pinned }) => pinned), [true, false], 'the pin is remembered')
  assert.deepEqual([...needsOf(images.directory).versions], ['php@1'])
  await assert.rejects(second.client.removeImage('php@1'), { code: 'conflict', message: /in use/ })
  await second.client.pinImage('php', null)
  await second.client.sleep('newest', 'asleep')
  assert.equal(await version('newest', second.client), '2')
  await assert.rejects(second.client.removeImage('php@1'), { code: 'conflict' }, 'set is on it')
  await second.client.update('set', spec())
  await second.client.sleep('set', 'asleep')
  await assert.rejects(second.client.pinImage('php', 7), { code: 'not_found' })

  images.add(3)
  assert.deepEqual(await tidy(images.directory), ['php@1'], 'php@2 is in use and the one before the newest')
  await assert.rejects(second.client.removeImage('php@2'), { code: 'conflict' }, 'pods are on it')
  assert.deepEqual([await version('newest', second.client), await version('set', second.client)], ['2', '3'], 'who runs stays, who only waited moves')
})

test('what a site is set to and this machine does not have means the newest; a workshop keeps its image too', async t => {
  const images = await imageStore(t)
  images.add(1)
  const { client, host } = await house(t, 'crun', undefined, images.directory)
  await client.create('alice', { ...spec(), image: 'php@1' })
  await client.deploy('alice', tarOf({ 'index.php': '<?php echo getenv("IMAGE");' }))
  await host.states.save({ ...host.states.site('alice'), spec: { ...spec(), image: 'php@77' } })
  await client.sleep('alice', 'asleep')
  assert.equal((await page((await client.wake('alice')).pod.ipv4)).text, '1')
  await client.sleep('alice', 'asleep')
  const shell = await client.exec('alice', { command: ['sh', '-c', 'echo here; cat'], tty: false })
  await new Promise<void>(resolve => shell.once('data', () => resolve()))
  images.add(2)
  images.add(3)
  await client.update('alice', spec())
  assert.equal((await client.list())[0]?.image, 'php@3')
  await assert.rejects(client.removeImage('php@1'), { code: 'conflict' }, 'the shell is on it')
  shell.resume().end()
  await until('the shell is gone', () => !needsOf(images.directory).versions.has('php@1'))
  await client.removeImage('php@1')
})
