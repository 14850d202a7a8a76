import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { zoneKeys, type Keyring, type ZoneKeys } from '../../../registry/keyring.ts'
import { logger } from '../../../wire/log.ts'
import { generateKey } from '../../../gateway/control/dnssec/generate.ts'
import { advance, beginRing, cancel, confirm, PUBLISHING, RETIRING, roll, withdraw } from '../../../gateway/control/dnssec/roll.ts'
import { Signing } from '../../../gateway/control/dnssec/signing.ts'

const NOW = Date.UTC(2030, 0, 1)

/** What each key does: `all` or `keys`, and whether the parent is to have its DS. */
const work = (ring: Keyring) => zoneKeys(ring, true)?.keys.map(({ signs, announced }) => `${signs}${announced ? ' announced' : ''}`)

describe('a change of keys', async () => {
  const [one, two] = [await generateKey([]), await generateKey([])]
  const begun = beginRing('example', one)
  const publishing = roll(begun, two, NOW)

  test('shows the next key before anything depends on it, then has the parent take it, then signs by it, then drops the old', () => {
    assert.deepEqual(work(begun), ['all announced'])
    assert.deepEqual(work(publishing), ['all announced', 'keys'])
    assert.equal(advance(publishing, NOW + PUBLISHING - 1), publishing)
    const submitting = advance(publishing, NOW + PUBLISHING)
    assert.deepEqual(work(submitting), ['all', 'keys announced'])
    const retiring = confirm(submitting, NOW)
    assert.deepEqual(work(retiring), ['keys', 'all announced'])
    assert.equal(advance(retiring, NOW + RETIRING - 1), retiring)
    const done = advance(retiring, NOW + RETIRING)
    assert.deepEqual([done.current, done.stage, done.parent], [two, { is: 'steady' }, 'set'])
  })

  test('is refused while one is under way, and confirmed in its time alone', () => {
    assert.throws(() => roll(publishing, one, NOW), { code: 'conflict', message: /a new key must wait/ })
    assert.throws(() => confirm(publishing, NOW), { code: 'conflict', message: /until 2030-01-01 03:00 UTC/ })
    assert.throws(() => withdraw(publishing), { code: 'conflict' })
    assert.throws(() => cancel(confirm(advance(publishing, NOW + PUBLISHING), NOW)), { code: 'conflict' })
    assert.deepEqual(cancel(publishing), begun)
  })

  test('the way out keeps signing until resolvers have forgotten the DS', () => {
    const leaving = withdraw(confirm(begun, NOW))
    assert.deepEqual([zoneKeys(leaving, false)?.withdrawn, work(leaving)], [true, ['all']])
    const unsigning = confirm(leaving, NOW)
    assert.equal(zoneKeys(unsigning, false)?.withdrawn, true)
    const gone = advance(unsigning, NOW + RETIRING)
    assert.deepEqual([gone.stage.is, zoneKeys(gone, true)], ['withdrawn', null])
  })

  test('without the option a zone whose parent has a DS stays signed, another does not', () => {
    assert.equal(zoneKeys(begun, false), null)
    assert.notEqual(zoneKeys(confirm(begun, NOW), false), null)
  })
})

describe('the keys of a house', () => {
  type Kept = { file: string; lostFile: string; told: (ZoneKeys | null)[]; open: (change?: { wanted?: boolean; now?: number }) => Promise<Signing> }

  function kept(t: TestContext): Kept {
    const directory = mkdtempSync(join(tmpdir(), 'auberge-keys-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'dnssec', 'keyring.json')
    const lostFile = join(directory, 'dnssec', 'lost.json')
    const told: (ZoneKeys | null)[] = []
    const open = ({ wanted = true, now = NOW } = {}) => Signing.open({ zone: 'example', wanted, file, lostFile, log: logger('test'), changed: async keys => { told.push(keys) }, now: () => now })
    return { file, lostFile, told, open }
  }

  test('are made once, and readable by DNS and control alone', async t => {
    const { file, open } = kept(t)
    const first = (await open()).view()
    assert.deepEqual((await open()).view(), first)
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.match(first.keys[0]?.ds ?? '', /^\d+ 13 2 [0-9A-F]{64}$/)
    assert.doesNotMatch(JSON.stringify(first), new RegExp(JSON.parse(readFileSync(file, 'utf8')).current.privateKey))
  })

  test('are not made where nobody wants them', async t => {
    const signing = await kept(t).open({ wanted: false })
    assert.deepEqual([signing.keys, signing.view().stage], [null, 'off'])
    await assert.rejects(signing.roll(), { code: 'conflict', message: /--dnssec/ })
  })

  test('go on where they were after a restart, and take the steps that fell due meanwhile', async t => {
    const { told, open } = kept(t)
    const signing = await open()
    const before = signing.view().keys[0]?.tag
    const { keys } = await signing.roll()
    assert.deepEqual([keys.length, told.length], [2, 1])
    assert.equal((await open({ now: NOW + 1 })).view().stage, 'publishing')
    const later = await open({ now: NOW + PUBLISHING })
    assert.equal(later.view().stage, 'submitting')
    await later.confirm()
    const last = await open({ now: NOW + PUBLISHING + RETIRING })
    assert.deepEqual([last.view().stage, last.view().keys.length, last.view().keys[0]?.tag === before], ['steady', 1, false])
  })

  test('take steps by the clock while the house runs', async t => {
    let now = NOW
    const { file, lostFile, told } = kept(t)
    const signing = await Signing.open({ zone: 'example', wanted: true, file, lostFile, log: logger('test'), changed: async keys => { told.push(keys) }, now: () => now })
    await signing.roll()
    await signing.round()
    assert.equal(told.length, 1)
    now += PUBLISHING
    await signing.round()
    assert.deepEqual([told.length, signing.view().stage], [2, 'submitting'])
  })

  test('are never made anew over a file that can not be read, and a draft that a kill left changes nothing', async t => {
    const { file, open } = kept(t)
    const first = (await open()).view()
    writeFileSync(`${file}.new`, '{"version":1,"zo')
    assert.deepEqual((await open()).view(), first)
    for (const content of ['', '{"version":1,"zo', JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), zone: 'other' })]) {
      writeFileSync(file, content)
      await assert.rejects(open(), { code: 'failed', message: /holds no keys of the zone example/ })
      assert.equal(readFileSync(file, 'utf8'), content)
    }
  })

  test('that a restore lacks are named until somebody confirms that the parent knows, signed or not, or until they are back', async t => {
    const { file, lostFile, open } = kept(t)
    const brought = (await open()).view().keys[0]?.ds ?? ''
    const note = (zone: string, ...ds: string[]): void => writeFileSync(lostFile, JSON.stringify({ zone, ds }))
    note('example', '4711 13 2 AB')
    const signed = await open()
    assert.match(signed.warnings.join(), /^the house was restored without its key 4711, .* put the DS of auberge dns ds into the parent zone/)
    assert.deepEqual([signed.view().note, signed.view().lost], [signed.warnings[0], ['4711 13 2 AB']])
    const confirmed = await signed.confirm()
    assert.deepEqual([confirmed.lost, confirmed.note, (await open()).warnings], [[], 'signed, and the parent knows the key', []])
    rmSync(file)
    note('example', '4711 13 2 AB')
    const plain = await open({ wanted: false })
    assert.match(plain.view().note, /have the DS removed from the parent zone/)
    assert.deepEqual([(await plain.confirm()).stage, plain.warnings], ['off', []])
    await assert.rejects(plain.confirm(), { code: 'conflict' })
    for (const content of ['', '{', 'null', '{"zone":"example","ds":[7,"x"]}']) {
      writeFileSync(lostFile, content)
      assert.deepEqual((await open()).warnings, [])
    }
    note('other', '4711 13 2 AB')
    assert.deepEqual((await open()).warnings, [])
    const back = (await open()).view().keys[0]?.ds ?? ''
    note('example', back, brought)
    assert.deepEqual((await open()).warnings, [])
  })

  test('two steps asked for at once are taken one after the other', async t => {
    const signing = await kept(t).open()
    const results = await Promise.allSettled([signing.roll(), signing.roll()])
    assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected'])
  })
})
