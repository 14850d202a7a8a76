// Certificates on the routes channel: there before the name is answered for, gone with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ToRelay } from '../../../gateway/messages.ts'
import { judged } from '../../../cli/doctor/certificates.ts'
import { stage } from './stage.ts'
import { until } from './peers.ts'

/** The first names of what a relay serves that heard this: a list, and what came and went since. */
function served(heard: ToRelay[]): string[] {
  const names = new Set<string>()
  for (const message of heard) {
    if (message.type === 'certificates') for (const certificate of message.certificates) names.add(certificate.names[0] ?? '')
    else if (message.type === 'certificate') names.add(message.certificate.names[0] ?? '')
    else if (message.type === 'uncertified') names.delete(message.name)
  }
  return [...names].sort()
}

test('a relay hears table, certificates and tickets, and a new name\'s certificate before the route that its owner waits for', async t => {
  const { control, alice, relay } = await stage(t, { https: [{ address: '127.0.0.1', port: 8443 }] })
  const one = await relay()
  await until(() => one.heard.length >= 3)
  assert.deepEqual(one.heard.slice(0, 3).map(({ type }) => type), ['table', 'certificates', 'tickets'])
  assert.deepEqual(served(one.heard), ['localhost'])
  await control.desk.createSite(alice, { name: 'blog', owner: alice })
  assert.deepEqual(served(one.heard), ['blog.localhost', 'localhost'])
  const last = one.heard.findLastIndex(message => message.type === 'route')
  assert.ok(one.heard.findLastIndex(message => message.type === 'certificate') < last)
  await control.desk.deleteSite(alice, 'blog')
  await until(() => served(one.heard).length === 1)
})

test('without HTTPS relays hear of no certificate, and there is no authority to export', async t => {
  const { control, relay } = await stage(t)
  const one = await relay()
  assert.deepEqual(one.heard.map(({ type }) => type), ['table', 'challenges'])
  assert.throws(() => control.desk.authority('pem'), /--https off/)
  assert.deepEqual(control.desk.certificates(), { authority: null, leaves: [], acme: null })
})

test('the doctor warns of an authority that ends within a year, and finds fault with a leaf that was not renewed', () => {
  const day = 24 * 3600 * 1000
  const verdicts = (authority: number | null, leaf: number) => judged({ authority, leaves: [{ names: ['a'], own: true, expiresAt: leaf * day }], acme: null }, 0).map(({ verdict }) => verdict)
  assert.deepEqual(verdicts(1000 * day, 200), ['well', 'well'])
  assert.deepEqual(verdicts(300 * day, 89), ['warning', 'flaw'])
  assert.deepEqual(verdicts(null, 1), [])
})
