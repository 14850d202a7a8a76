// Moving sites from one version of an image to another, with real pods behind a real relay: at their next wake, and by a rolling restart.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { Agent, request } from 'undici'
import type { RollLine } from '../../../gateway/desk.ts'
import { imageStore } from '../../helpers/images.ts'
import { until } from '../../helpers/patience.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse } from '../panel/house.ts'
import { zip } from '../archive/zips.ts'
import { Readable as Stream } from 'node:stream'

const PAGE = zip([
  { name: 'index.php', data: '<?php if (isset($_GET["ms"])) { touch("/tmp/begun"); usleep(1000 * (int) $_GET["ms"]); } echo getenv("IMAGE");' },
  { name: 'begun.php', data: '<?php echo (int) file_exists("/tmp/begun");' },
  { name: 'stream.php', data: '<?php ob_end_flush(); for ($i = 0; $i < 5000; $i++) { echo "data: $i\n\n"; flush(); usleep(50000); }' },
])

/** A house whose sites are made of versions that the test adds. */
async function begin(t: TestContext, sites: string[]) {
  const closing: (() => Promise<void>)[] = []
  t.after(async () => { for (const close of closing.reverse()) await close() })
  const images = await imageStore({ after: act => { closing.push(async () => void await act()) } })
  images.add(1)
  const house = await openHouse({}, data => openPods(data, images.directory).then(({ provisioner, close }) => ({ provisioner, close })))
  closing.push(house.close)
  const agent = new Agent({ connections: 64, pipelining: 1 })
  closing.push(() => agent.destroy())
  const boss = await house.registry.accounts.create({ username: 'boss', password: 'seven wet umbrellas', role: 'admin' })
  for (const name of sites) {
    await house.desk.createSite(boss, { name, owner: boss })
    await house.desk.deploy(boss, name, 'zip', Stream.from([PAGE]))
  }
  const visit = async (name: string, path = '/', method: 'GET' | 'POST' = 'GET') => {
    const { statusCode, body } = await request(`http://127.0.0.1:${house.port}${path}`, { dispatcher: agent, method, headers: { host: `${name}.localhost` } })
    return `${statusCode} ${await body.text()}`
  }
  return { ...house, images, boss, visit, agent, roll: async () => lines(await house.desk.rollImage(boss, 'php')) }
}

async function lines(stream: Readable): Promise<RollLine[]> {
  return (await text(stream)).split('\n').filter(Boolean).map(line => JSON.parse(line) as RollLine)
}

const outcomes = (all: RollLine[]) => all.flatMap(line => (line.event === 'site' ? [`${line.site} ${line.from} ${line.to} ${line.outcome}`] : []))

test('a rolling restart moves every site that is set to the image, and no visitor notices', async t => {
  const { desk, boss, images, visit, roll } = await begin(t, ['busy', 'cold', 'dozing', 'pinned', 'ready'])
  await desk.updateSite(boss, 'pinned', { image: 'php@1' })
  for (const name of ['busy', 'dozing', 'pinned']) assert.equal(await visit(name), '200 1')
  await desk.sleep(boss, 'dozing', 'frozen')
  images.add(2)
  const traffic = new AbortController()
  const loop = async (path: string, method: 'GET' | 'POST' = 'GET') => {
    const seen: string[] = []
    while (!traffic.signal.aborted) seen.push(await visit('busy', path, method))
    return seen
  }
  const loops = [loop('/'), loop('/?ms=300'), loop('/?ms=700'), loop('/', 'POST'), loop('/?ms=150', 'POST')]
  const told = await roll()
  assert.deepEqual(outcomes(told).sort(), ['busy php@1 php@2 moved', 'cold php@1 php@2 moved', 'dozing php@1 php@2 moved', 'ready php@1 php@2 moved'])
  assert.deepEqual([told[0], told.at(-1)], [{ event: 'begin', image: 'php@2', sites: 4 }, { event: 'end', image: 'php@2', moved: 4, left: 0 }])
  const after = await Promise.all([visit('busy'), visit('dozing'), visit('ready'), visit('pinned')])
  traffic.abort()
  for (const seen of await Promise.all(loops)) assert.match(seen.join(), /^(200 1,)+(200 2,?)+$/)
  assert.deepEqual(after, ['200 2', '200 2', '200 2', '200 1'])
  const view = await desk.view('busy')
  assert.deepEqual([view.image, view.imageVersion, view.restartNeeded], ['php', 'php@2', false])
  assert.deepEqual(outcomes(await roll()), [], 'there is nothing left to move')
})

test('a version that does not start is noticed at the first site, which goes back to what it ran on and goes on', async t => {
  const { desk, boss, images, visit, roll, registry } = await begin(t, ['anna', 'bert'])
  for (const name of ['anna', 'bert']) assert.equal(await visit(name), '200 1')
  images.add(2, { Entrypoint: ['/bin/sh', '-c', 'echo this version is broken >&2; exit 3'] })
  const told = await roll()
  assert.deepEqual(outcomes(told), ['anna php@1 php@2 failed'])
  assert.match(String(told.flatMap(line => (line.event === 'site' ? [line.why] : []))), /ended before it answered[^]*this version is broken/)
  assert.deepEqual(await Promise.all(['anna', 'bert'].map(name => visit(name))), ['200 1', '200 1'])
  assert.deepEqual([(await desk.view('anna')).image, (await desk.view('bert')).image], ['php@1', 'php'])
  assert.ok(registry.audit.list(5).some(entry => entry.subject === 'anna' && /php@1/.test(entry.detail ?? '')))

  await desk.pinImage('php', 1)
  await desk.updateSite(boss, 'anna', { image: 'php' })
  assert.deepEqual(outcomes(await roll()), [], 'the house is pinned to what they run on')
  images.add(3)
  await desk.pinImage('php', null)
  assert.deepEqual(outcomes(await roll()), ['anna php@1 php@3 moved', 'bert php@1 php@3 moved'])
  await desk.pinImage('php', 1)
  assert.deepEqual(outcomes(await roll()), ['anna php@3 php@1 moved', 'bert php@3 php@1 moved'], 'the way back is a rolling restart too')
  await assert.rejects(desk.pinImage('php', 9), { code: 'not_found' })
})

test('a site that answers a long request is left alone, and moves by itself when it next wakes, frozen or asleep', async t => {
  const { desk, boss, images, visit, roll, port, agent } = await begin(t, ['long', 'next'])
  const { body } = await request(`http://127.0.0.1:${port}/stream.php`, { dispatcher: agent, headers: { host: 'long.localhost' } })
  let heard = 0
  body.on('data', () => { heard++ })
  await until('the stream flows', () => heard > 1)
  assert.equal(await visit('next'), '200 1')
  await desk.sleep(boss, 'next', 'frozen')
  images.add(2)
  assert.equal(await visit('next'), '200 2', 'a frozen site of an older version is started, not thawed')
  await desk.updateSite(boss, 'next', { env: { A: '1' } })
  const told = await roll()
  assert.deepEqual(outcomes(told), ['long php@1 php@2 skipped', 'next php@2 php@2 moved'])
  const before = heard
  await until('the stream goes on', () => heard > before)
  assert.equal(await visit('long'), '200 1')
  body.destroy()
  await until('nothing is in flight', async () => { await desk.sleep(boss, 'long', 'asleep'); return true })
  assert.equal(await visit('long'), '200 2')
})

test('a restart by the owner cuts long requests off only after those that end have ended, and one rolling restart excludes another', async t => {
  const { desk, boss, images, visit } = await begin(t, ['one'])
  assert.equal(await visit('one'), '200 1')
  const slow = visit('one', '/?ms=1500')
  await until('the slow request is in flight', async () => await visit('one', '/begun.php') === '200 1')
  await desk.restart(boss, 'one')
  assert.equal(await slow, '200 1')
  images.add(2)
  const rolling = await desk.rollImage(boss, 'php')
  await assert.rejects(desk.rollImage(boss, 'php'), { code: 'conflict' })
  assert.deepEqual(outcomes(await lines(rolling)), ['one php@1 php@2 moved'])
  await assert.rejects(desk.rollImage(boss, 'none'), { code: 'not_found' })
  assert.deepEqual(outcomes(await lines(await desk.rollImage(boss, 'php'))), [])
})
