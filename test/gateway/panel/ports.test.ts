// Ports of a site's own by the API and on its page: who may open how many, and what is said where.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Rooms } from '../control/rooms.ts'
import { openHouse, people } from './house.ts'

const sides = [40_001, 40_002, 40_003, 40_004].map(port => ({ address: '::', port }))
const house = await openHouse({ ipv6Prefix: '2001:db8:1:2::/64', sides }, async () => ({ provisioner: new Rooms(), close: async () => {} }))
after(house.close)
const { alice, bob, boss } = await people(house)
await alice.call('POST', '/api/sites', { name: 'shop' })

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

test('the API opens and closes ports of one\'s own site, as many as the administrator says', async () => {
  assert.equal(code(await alice.call('POST', '/api/sites/shop/ports', { port: 5432 })), 'quota')
  assert.equal(code(await alice.call('PATCH', '/api/sites/shop', { mostPorts: 1 })), 'forbidden')
  assert.equal((await boss.call('PATCH', '/api/sites/shop', { mostPorts: 1 })).json().mostPorts, 1)
  const made = await alice.call('POST', '/api/sites/shop/ports', { port: 5432, proxyProtocol: true })
  assert.deepEqual([made.status, made.json().ports], [201, [{ port: 5432, proxyProtocol: true }]])
  assert.equal((await bob.call('POST', '/api/sites/shop/ports', { port: 22 })).status, 404)
  assert.equal((await bob.call('DELETE', '/api/sites/shop/ports/5432')).status, 404)
  for (const port of [80, 53, 443, 0, 65_536, '5432', 1.5]) assert.equal((await boss.call('POST', '/api/sites/shop/ports', { port })).status, 422, String(port))
  assert.equal((await alice.call('DELETE', '/api/sites/shop/ports/5432')).status, 204)
  assert.equal((await alice.call('DELETE', '/api/sites/shop/ports/5432')).status, 404)
  const actions = (await boss.call('GET', '/api/audit')).json<{ action: string; detail: string | null }[]>().filter(each => each.action.includes('expose'))
  assert.deepEqual(actions.map(each => [each.action, each.detail]), [['site.unexpose', '5432'], ['site.expose', '5432']])
})

test('the page shows the card to whom it concerns, and a wrong port beside its field', async () => {
  await boss.call('PATCH', '/api/sites/shop', { mostPorts: 0 })
  const card = async (who = alice, language = 'en') => (await who.send('GET', '/sites/shop/domains', { headers: { 'accept-language': language } })).text
  assert.doesNotMatch(await card(), /ports-title/)
  assert.match(await card(boss), /ports-title/)
  assert.match(await card(boss, 'fr'), /Ports propres au site/)
  assert.equal((await boss.form('/sites/shop/ports/allow', { most: '2' })).status, 303)
  assert.equal((await alice.form('/sites/shop/ports/allow', { most: '4' })).status, 403)
  assert.match(await card(), /id="port"/)
  const wrong = await alice.form('/sites/shop/ports', { port: '443' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /id="port"[^>]*value="443"[^>]*aria-invalid="true"/)
  assert.equal((await alice.form('/sites/shop/ports', { port: '5432', proxy: 'on' })).headers.location, '/sites/shop/domains?done=port_opened')
  assert.match(await card(), /Close port 5432/)
  assert.equal((await alice.form('/sites/shop/ports/close', { port: '5432' })).headers.location, '/sites/shop/domains?done=port_closed')
  assert.doesNotMatch(await card(), /Close port 5432/)
})
