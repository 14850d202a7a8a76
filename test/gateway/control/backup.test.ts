// What control makes of a backup: its description, read as a stranger's; restores that fail or are killed half way; final backups.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { describe, parseDescription, type Settings } from '../../../gateway/control/backup/description.ts'
import { DEFAULT_LIMITS } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import { until } from './peers.ts'
import { stage, type Stage } from './stage.ts'

const SETTINGS: Settings = { image: 'php', limits: DEFAULT_LIMITS, env: { STAGE: 'test' }, php: { memory_limit: '64M' }, start: null, wakeForRobots: true, egress: 'none' }
const text1 = (change: Partial<Settings> = {}, name = 'shop') => describe({ ...SETTINGS, ...change, name })

/** A backup as a stranger may make one. */
async function archive(description: string, { entry = 'auberge.json', files = 'all my files' } = {}): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: entry }, description)
  tar.finalize()
  return Buffer.concat([gzipSync((await buffer(tar)).subarray(0, -1024)), gzipSync(files)])
}

const bring = async (set: Stage, description: string, more = {}) => set.control.desk.restore(set.alice, 'shop', Readable.from([await archive(description, more)]))

async function withShop(t: Parameters<typeof stage>[0]): Promise<Stage> {
  const set = await stage(t)
  set.rooms.views = ['php', 'node'].map(name => ({ name, version: 2, bytes: 1, builtAt: 1, usedBy: 0, newest: true, pinned: false, forSites: true, takes: null }))
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  set.rooms.calls.length = 0
  return set
}

test('a restore brings the files, then all settings, and is in the audit log', async t => {
  const set = await withShop(t)
  await bring(set, text1({ start: 'run me', limits: { ...DEFAULT_LIMITS, cpu: 0.5 } }, 'elsewhere'))
  assert.deepEqual(set.rooms.calls, [`stage shop all my files ${DEFAULT_LIMITS.disk}`, 'adopt shop staged'])
  const { image, limits, env, php, start, wakeForRobots, egress } = await set.control.desk.view('shop')
  assert.deepEqual({ image, limits, env, php, start, wakeForRobots, egress }, { ...SETTINGS, start: 'run me', limits: { ...DEFAULT_LIMITS, cpu: 0.5 } })
  const { database: _, ...spec } = set.rooms.pods.get('shop')?.spec ?? { database: null }
  assert.deepEqual(spec, { image, limits, env, php, start, egress, exposed: null })
  const { action, detail } = set.registry.audit.list(1)[0] ?? {}
  assert.deepEqual([action, detail], ['site.restore', 'from a backup of elsewhere'])
})

test('a site that ran runs again after a restore, one that slept sleeps', async t => {
  const set = await withShop(t)
  await bring(set, text1())
  assert.equal((await set.control.desk.view('shop')).state, 'asleep')
  const relay = await set.relay()
  await set.control.desk.wake(set.alice, 'shop')
  await bring(set, text1())
  assert.equal(relay.state('shop.localhost'), 'running')
  assert.equal(set.rooms.calls.at(-1), 'wake shop')
})

test('limits end at what the account may have, for an administrator at what anyone may', async t => {
  const set = await withShop(t)
  const large = { memory: 2 ** 32, cpu: 4, disk: 2 ** 33, pids: 64, database: 2 ** 33 }
  await bring(set, text1({ limits: large }))
  assert.deepEqual(set.registry.sites.get('shop')?.limits, { ...DEFAULT_LIMITS, pids: 64 })
  set.registry.accounts.setRole(set.alice.id, 'admin')
  await set.control.desk.restore({ ...set.alice, role: 'admin' }, 'shop', Readable.from([await archive(text1({ limits: large }))]))
  assert.deepEqual(set.registry.sites.get('shop')?.limits, large)
})

test('a version of an image that is not here means its newest; an image that is not here is refused', async t => {
  const set = await withShop(t)
  await bring(set, text1({ image: 'node@7' }))
  assert.equal(set.registry.sites.get('shop')?.image, 'node')
  await bring(set, text1({ image: 'php@2' }))
  assert.equal(set.registry.sites.get('shop')?.image, 'php@2')
  await assert.rejects(bring(set, text1({ image: 'python' })), { code: 'not_found' })
})

const edit = (change: (all: { settings: Record<string, unknown> } & Record<string, unknown>) => void): string => {
  const all = JSON.parse(text1()) as { settings: Record<string, unknown> } & Record<string, unknown>
  change(all)
  return JSON.stringify(all)
}
const LIES: [string, string, string][] = [
  ['no JSON', 'settings', 'bad_archive'],
  ['another kind', edit(all => { all.auberge = 'house' }), 'bad_archive'],
  ['a later version', edit(all => { all.version = 2 }), 'bad_archive'],
  ['no settings', edit(all => { all.settings = {} }), 'bad_archive'],
  ['a number as text', edit(all => { all.settings.limits = { ...DEFAULT_LIMITS, disk: '1G' } }), 'bad_archive'],
  ['an unknown limit', edit(all => { all.settings.limits = { ...DEFAULT_LIMITS, gpu: 1 } }), 'bad_archive'],
  ['a missing limit', edit(all => { all.settings.limits = { memory: 1 } }), 'bad_archive'],
  ['a limit out of bounds', edit(all => { all.settings.limits = { ...DEFAULT_LIMITS, pids: 10 ** 9 } }), 'invalid'],
  ['a variable of the house', edit(all => { all.settings.env = { DB_HOST: 'evil' } }), 'invalid'],
  ['a variable that is none', edit(all => { all.settings.env = { 'A\nB': 'x' } }), 'invalid'],
  ['a value of two lines', edit(all => { all.settings.env = { A: 'x\ny' } }), 'invalid'],
  ['a setting of PHP that loads code', edit(all => { all.settings.php = { auto_prepend_file: '/etc/passwd' } }), 'invalid'],
  ['a start command of two lines', edit(all => { all.settings.start = 'a\nb' }), 'invalid'],
  ['an image with a path', edit(all => { all.settings.image = '../php' }), 'invalid'],
]
test('a description that says what nobody could have made is refused before anything is asked of the provisioner', async t => {
  const set = await withShop(t)
  const before = set.registry.sites.get('shop')
  for (const [what, description, code] of LIES) {
    await assert.rejects(bring(set, description), { code }, what)
    assert.deepEqual([set.rooms.calls, set.registry.sites.get('shop')], [[], before], what)
  }
})

test('what is no backup of a site is refused', async t => {
  const set = await withShop(t)
  const put = (body: Buffer) => set.control.desk.restore(set.alice, 'shop', Readable.from([body]))
  const whole = await archive(text1())
  const wrong = [Buffer.from('no gzip'), gzipSync(''), gzipSync('x'.repeat(511)), gzipSync('x'.repeat(5000)), whole.subarray(0, 20), whole.subarray(0, -3), await archive(text1(), { entry: 'other.json' }), await archive('x'.repeat(300_000))]
  for (const body of wrong) await assert.rejects(put(body), { code: 'bad_archive' })
  assert.equal(set.rooms.count('adopt shop staged'), 0)
})

test('a restore that is refused half way leaves the settings as they were, and the site running', async t => {
  const set = await withShop(t)
  await set.relay()
  await set.control.desk.wake(set.alice, 'shop')
  const before = set.registry.sites.get('shop')
  set.rooms.before = call => { if (call.startsWith('adopt')) throw new AubergeError('failed', 'no') }
  await assert.rejects(bring(set, text1()), { code: 'failed' })
  assert.deepEqual([set.registry.sites.get('shop'), (await set.control.desk.view('shop')).state, set.rooms.count('unstage shop staged')], [before, 'running', 1])
})

for (const adopted of [true, false]) {
  test(`a control that is killed while a restore is adopted takes over what the provisioner has: ${adopted ? 'the backup' : 'what was'}`, async t => {
    const set = await withShop(t)
    const before = set.registry.sites.get('shop')
    set.registry.settings.set('restore.shop', JSON.stringify(SETTINGS))
    const { wakeForRobots, ...spec } = SETTINGS
    if (adopted) await set.rooms.adopt('shop', 'staged', { ...spec, database: { password: before?.databasePassword ?? '' }, exposed: null })
    await set.again()
    await until(() => set.registry.settings.get('restore.shop') === null)
    assert.deepEqual(set.registry.sites.get('shop'), adopted ? { ...before, ...SETTINGS } : before)
    assert.equal(set.control.desk.list()[0]?.wakeForRobots, adopted && wakeForRobots)
    assert.equal(set.rooms.count('update shop'), 0)
  })
}

test('a backup begins with what parses back to the same settings', async t => {
  const set = await withShop(t)
  await set.control.desk.updateSite(set.alice, 'shop', { env: { A: '"\\é' }, php: { memory_limit: '64M' }, wakeForRobots: true })
  const said = (await text(await set.control.desk.backup('shop'))).replace('backup of shop: ', '')
  const { env, php, image, limits, start, wakeForRobots, egress } = set.registry.sites.get('shop')!
  assert.deepEqual(parseDescription(said), { name: 'shop', records: [], www: false, settings: { env, php, image, limits, start, wakeForRobots, egress } })
})

test('an account has the 20 newest of its final backups, whatever other accounts delete', async t => {
  const set = await withShop(t)
  const { desk } = set.control
  const bob = await set.registry.accounts.create({ username: 'bob', password: 'correct horse' })
  await desk.createSite(bob, { name: 'bobs', owner: bob })
  await desk.deleteSite(bob, 'bobs')
  for (let count = 0; count < 21; count++) {
    await desk.createSite(set.alice, { name: `s${count}`, owner: set.alice })
    await desk.deleteSite(set.alice, `s${count}`)
  }
  const names = (await desk.finalBackups(set.alice)).map(each => each.name)
  assert.deepEqual([names.length, names.includes('s0'), names.includes('s1')], [20, false, true])
  assert.deepEqual((await desk.finalBackups(bob)).map(each => [each.name, each.owner]), [['bobs', 'bob']])
  assert.equal((await desk.finalBackups()).length, 21)
})

test('a site that is brought back has the limits it had; where that fails its name rests again', async t => {
  const set = await withShop(t)
  const { desk } = set.control
  await desk.deleteSite(set.alice, 'shop')
  const [{ id } = { id: '' }] = set.rooms.finals
  const large = { ...DEFAULT_LIMITS, memory: 2 ** 32 }
  set.rooms.finalBackup = async () => Readable.from([await archive(text1({ limits: large }))])
  set.rooms.before = call => { if (call.startsWith('stage')) throw new AubergeError('too_large', 'no') }
  await assert.rejects(desk.revive(set.alice, id), { code: 'too_large' })
  assert.deepEqual([set.registry.reservations.get('shop'), set.rooms.pods.size, set.registry.reservations.lastOwner('shop')], [null, 0, set.alice.id])
  set.rooms.before = () => {}
  await desk.revive(set.alice, id)
  assert.deepEqual(set.registry.sites.get('shop')?.limits, large)
  assert.equal(set.registry.audit.list(1)[0]?.action, 'site.revive')
  await assert.rejects(desk.revive(set.alice, 'nothing'), { code: 'not_found' })
})
