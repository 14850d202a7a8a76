// How sites are used, written down by half hours and drawn.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test, { type TestContext } from 'node:test'
import { pino } from 'pino'
import { Diary } from '../../../gateway/control/diary.ts'
import { History, SLOT } from '../../../gateway/control/history.ts'
import { charts } from '../../../gateway/panel/pages/site/charts.ts'

function directory(t: TestContext): string {
  const made = mkdtempSync(`${tmpdir()}/auberge-history-`)
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}
const log = pino({ level: 'silent' })
const BEGIN = 1000 * SLOT

test('half hours are counted, written when they are over, and read with the one under way', async t => {
  let now = BEGIN + 5
  const place = directory(t)
  const history = new History(place, log, () => now)
  history.requests('blog', 3)
  history.requests('idle', 0)
  history.memory('blog', 10)
  history.memory('blog', 7)
  history.woken('blog', now)
  history.woken('blog', now)
  history.woken('blog', BEGIN - 1)
  await history.turn(async () => 99)
  assert.deepEqual(readdirSync(place), [], 'not over yet')
  now += SLOT
  await history.turn(async () => 99)
  history.requests('blog', 1)
  assert.deepEqual(await history.of('blog'), [{ at: BEGIN, requests: 3, wakes: 1, memory: 10, disk: 99 }, { at: BEGIN + SLOT, requests: 1, wakes: 0, memory: 0, disk: null }])
  assert.deepEqual(readdirSync(place), ['blog.jsonl'], 'nothing of a site that nobody used')
})

test('a restart within a half hour and a line cut short lose nothing else; what is old or of a deleted site goes', async t => {
  let now = BEGIN
  const place = directory(t)
  for (const count of [2, 5]) {
    const history = new History(place, log, () => now)
    history.requests('blog', count)
    await history.flush()
  }
  appendFileSync(`${place}/blog.jsonl`, '{"at":12')
  const history = new History(place, log, () => now)
  assert.equal((await history.of('blog'))[0]?.requests, 7)
  now += 8 * 24 * 3600_000
  assert.deepEqual(await history.of('blog'), [])
  await history.remove('blog')
  assert.deepEqual(readdirSync(place), [])
})

test('a file stays small however long a site is visited', async t => {
  let now = BEGIN
  const place = directory(t)
  const history = new History(place, log, () => now)
  for (let slot = 0; slot < 1200; slot++, now += SLOT) {
    history.requests('blog', 1)
    await history.flush()
  }
  assert.ok(readFileSync(`${place}/blog.jsonl`).length < 70_000)
  assert.equal((await history.of('blog')).length, 335)
})

test('charts show sums, peaks and a disk that stays as it was seen', () => {
  const now = BEGIN + SLOT
  const samples = [{ at: now - 4 * SLOT, requests: 10, wakes: 1, memory: 2 ** 20, disk: 2 ** 21 }, { at: now, requests: 1234, wakes: 0, memory: 2 ** 22, disk: null }]
  const [requests, wakes, memory, disk] = charts(samples, 'en', now)
  assert.deepEqual([requests?.now, wakes?.now, memory?.now, disk?.now], ['1,244', '1', '4 MB', '2 MB'])
  assert.match(requests?.path ?? '', /^(M\d+ 48v-\d+h3V48z)+$/)
  assert.equal(charts([], 'fr', now).every(chart => chart.empty && chart.path === ''), true)
})

test('who reads while samples are written finds each of them, once', async t => {
  const history = new History(directory(t), log, () => BEGIN)
  for (let count = 1; count <= 50; count++) {
    history.requests('blog', 1)
    const written = history.flush()
    const [seen] = await history.of('blog')
    assert.equal(seen?.requests, count)
    await written
  }
})

test('who reads while wakes are written finds each of them, once', async t => {
  const diary = new Diary(directory(t), log)
  for (let count = 1; count <= 50; count++) {
    diary.add('blog', { at: count, from: 'asleep', cause: { by: 'admin' }, outcome: 'ok', ms: 1, phases: {} })
    const written = diary.flush()
    const seen = await Promise.all([diary.last('blog'), written.then(() => diary.last('blog'))])
    assert.deepEqual(seen.map(wakes => wakes.length), [count, count])
  }
})
