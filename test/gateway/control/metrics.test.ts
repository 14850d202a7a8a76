import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { AddressInfo } from 'node:net'
import { linkTo } from '../../../gateway/relay/control.ts'
import { Relay } from '../../../gateway/relay/relay.ts'
import { places } from '../../../wire/house.ts'
import { exchange } from '../relay/house.ts'
import { until } from '../../helpers/patience.ts'
import { stage, type Stage } from './stage.ts'

/** A relay joined to the stage's control. */
async function joined(t: TestContext, set: Stage) {
  const relay: Relay = new Relay({ tell: message => link.tell(message) })
  const link = linkTo(places(set.house.data).routesSocket, 0, relay.settings, message => relay.obey(message))
  const server = await relay.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    link.close()
    await relay.leave()
  })
  await until('the relay has the table', () => relay.table.size > 0)
  const { port } = server.address() as AddressInfo
  const visit = (host: string) => exchange(t, port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  return { relay, visit, leave: () => link.close() }
}

const valueOf = (text: string, series: string): number => Number(text.split('\n').find(line => line.startsWith(`${series} `))?.split(' ')[1] ?? NaN)

test('what relays count is added up, and does not go back when a relay is gone', async t => {
  const set = await stage(t)
  const metrics = () => set.control.desk.metrics({ sites: false })
  for (const round of [1, 2]) {
    const relay = await joined(t, set)
    for (let i = 0; i < 5; i++) await relay.visit('nowhere.test')
    relay.relay.report()
    await until('the answers are counted', async () => valueOf(await metrics(), 'auberge_answers_total{reason="unknown"}') === 5 * round)
    assert.equal(valueOf(await metrics(), 'auberge_requests_total{class="4xx"}'), 5 * round)
    assert.equal(valueOf(await metrics(), 'auberge_relays'), 1)
    relay.leave()
    await until('the relay is gone', async () => valueOf(await metrics(), 'auberge_relays') === 0)
  }
  assert.ok(valueOf(await metrics(), 'auberge_relay_cpu_seconds_total') > 0)
})

test('what is counted while control is away is told when it is back', async t => {
  const set = await stage(t)
  const relay = await joined(t, set)
  await set.control.close()
  await relay.visit('nowhere.test')
  relay.relay.report()
  await set.again()
  await until('the answer is counted', async () => {
    relay.relay.report()
    return valueOf(await set.control.desk.metrics({ sites: false }), 'auberge_answers_total{reason="unknown"}') === 1
  })
})

test('hosts that nobody has make no series, and sites have theirs only for who asks', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  const relay = await joined(t, set)
  await relay.visit('nowhere.test')
  relay.relay.report()
  const lines = async () => (await set.control.desk.metrics({ sites: false })).match(/^auberge_(?!control_)/gm)?.length
  await until('the first is counted', async () => !Number.isNaN(valueOf(await set.control.desk.metrics({ sites: false }), 'auberge_answers_total{reason="unknown"}')))
  const before = await lines()
  for (let i = 0; i < 300; i++) await relay.visit(`host-${i}.test`)
  relay.relay.report()
  await until('all are counted', async () => valueOf(await set.control.desk.metrics({ sites: false }), 'auberge_answers_total{reason="unknown"}') === 301)
  assert.equal(await lines(), before)
  assert.doesNotMatch(await set.control.desk.metrics({ sites: false }), /shop/)
  assert.match(await set.control.desk.metrics({ sites: true }), /^auberge_site_requests\{site="shop"\} 0$/m)
})

test('wakes are counted by who asked and how they went, sites by their state', async t => {
  const set = await stage(t)
  await set.control.desk.createSite(set.alice, { name: 'shop', owner: set.alice })
  await set.relay()
  await set.control.desk.wake(set.alice, 'shop')
  const text = await set.control.desk.metrics({ sites: false })
  assert.equal(valueOf(text, 'auberge_wake_seconds_count{by="owner",result="ok"}'), 1)
  assert.equal(valueOf(text, 'auberge_sites{state="running"}'), 1)
})
