import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from './peers.ts'
import { stage } from './stage.ts'

test('a house is whole once every relay and DNS have taken in what control knows, and not before', async t => {
  const { control, relay, dns, alice } = await stage(t, { workers: 2 })
  let whole = false
  void control.whole().then(() => { whole = true })
  await dns()
  await relay()
  // Resolves after both have said that they know: control has heard them.
  await control.desk.createSite(alice, { name: 'blog', owner: alice, addresses: { a: ['192.0.2.7'], aaaa: [] } })
  assert.equal(whole, false)
  await relay()
  await until(() => whole, 'whole')
})

test('a house without a name server and without doors is whole by itself', async t => {
  const { control } = await stage(t, { http: [], dns: [], runtime: 'none' })
  await control.whole()
})
