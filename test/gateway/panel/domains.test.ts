// Custom domains by the API and on the site's page, without JavaScript: adding, what to set in DNS, checking, choosing the address, giving back.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { request } from 'undici'
import { openResolver } from '../../helpers/resolver.ts'
import { Rooms } from '../control/rooms.ts'
import { openHouse, people } from './house.ts'

const dns = await openResolver()
after(dns.close)
const house = await openHouse({ resolvers: [dns.address], publicIpv4: '203.0.113.5' }, async () => ({ provisioner: new Rooms(), close: async () => {} }))
after(house.close)
const { alice, bob, boss } = await people(house)
await alice.call('POST', '/api/sites', { name: 'blog' })
await bob.call('POST', '/api/sites', { name: 'shop' })

type View = { domain: string; state: string; finding: string; canonical: boolean; records: { proof: { name: string; value: string } } }
const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code
const add = (domain: unknown, more = {}) => alice.call('POST', '/api/sites/blog/domains', { domain, ...more })

test('a domain is added, proven, listed, chosen and given back by the API', async () => {
  const made = await add('Example.org', { www: true })
  assert.equal(made.status, 201)
  const { domain, state, records } = made.json<View>()
  assert.deepEqual([domain, state], ['example.org', 'pending'])
  dns.names.set(records.proof.name, { txt: [records.proof.value] })
  assert.equal((await alice.call('POST', '/api/sites/blog/domains/example.org/check')).json<View>().state, 'verified')
  assert.equal((await alice.call('PATCH', '/api/sites/blog/domains/example.org', { canonical: true })).json<View>().canonical, true)
  assert.deepEqual((await alice.call('GET', '/api/sites/blog/domains')).json<View[]>().map(one => [one.domain, one.state]), [['example.org', 'verified'], ['www.example.org', 'verified']])
  const routes = (await boss.call('GET', '/api/routes')).json<{ host: string; site: string }[]>()
  assert.equal(routes.find(({ host }) => host === 'example.org')?.site, 'blog')
  for (const one of ['example.org', 'www.example.org']) assert.equal((await alice.call('DELETE', `/api/sites/blog/domains/${one}`)).status, 204)
  assert.deepEqual((await alice.call('GET', '/api/sites/blog/domains')).json(), [])
})

test('each refusal has its code, and changes nothing', async () => {
  for (const bad of ['*.example.org', 'org', 'localhost', 'blog.localhost', '192.0.2.1', '', 'a b']) assert.deepEqual([(await add(bad)).status, code(await add(bad))], [422, 'domain_invalid'], bad)
  assert.equal(code(await add(7)), 'invalid')
  assert.equal(code(await alice.call('PATCH', '/api/sites/blog/domains/never.example', { canonical: true })), 'not_found')
  assert.equal(code(await alice.call('DELETE', '/api/sites/blog/domains/never.example')), 'not_found')
  for (const [method, path] of [['GET', ''], ['POST', ''], ['DELETE', '/example.org'], ['POST', '/example.org/check']] as const) {
    assert.equal((await bob.call(method, `/api/sites/blog/domains${path}`, method === 'POST' && path === '' ? { domain: 'x.example' } : undefined)).status, 404, 'another account\'s site does not exist')
  }
  assert.deepEqual((await alice.call('GET', '/api/sites/blog/domains')).json(), [])
})

test('the page says what to set, in English and French, and its forms work without JavaScript', async () => {
  const added = await alice.form('/sites/blog/domains/add', { domain: 'www.bücher.example' })
  assert.deepEqual([added.status, added.headers.location], [303, '/sites/blog/domains?done=domain_added'])
  const page = (await alice.send('GET', '/sites/blog/domains')).text
  for (const part of ['www.xn--bcher-kva.example', 'www.bücher.example', '_auberge.xn--bcher-kva.example', 'auberge-site=', 'CNAME', 'blog.localhost', 'not proven yet']) assert.ok(page.includes(part), part)
  const french = (await alice.send('GET', '/sites/blog/domains', { headers: { 'accept-language': 'fr' } })).text
  assert.ok(french.includes('pas encore prouvé') && french.includes('Que mettre dans le DNS'))
  dns.names.set('www.xn--bcher-kva.example', { cname: 'blog.localhost' })
  await alice.form('/sites/blog/domains/check', { domain: 'www.xn--bcher-kva.example' })
  await alice.form('/sites/blog/domains/canonical', { domain: 'www.xn--bcher-kva.example', canonical: 'on' })
  const proven = (await alice.send('GET', '/sites/blog/domains')).text
  assert.ok(proven.includes('>yours<') && proven.includes('the address') && proven.includes('It leads here.'))
  const wrong = await alice.form('/sites/blog/domains/add', { domain: '*.example.org' })
  assert.ok(wrong.status === 422 && wrong.text.includes('wildcard') && wrong.text.includes('value="*.example.org"'))
  assert.equal((await alice.form('/sites/blog/domains/remove', { domain: 'www.xn--bcher-kva.example' })).status, 303)
  assert.equal((await bob.form('/sites/blog/domains/add', { domain: 'x.example' })).status, 404)
})

test('a visitor who comes by the domain reaches the site through the relay, and other hosts redirect to the one that is chosen', async () => {
  const made = (await add('moved.example')).json<View>()
  dns.names.set(made.records.proof.name, { txt: [made.records.proof.value] }).set('moved.example', { a: ['203.0.113.5'] })
  await alice.call('POST', '/api/sites/blog/domains/moved.example/check')
  await alice.call('PATCH', '/api/sites/blog/domains/moved.example', { canonical: true })
  const { statusCode, headers } = await request(`http://127.0.0.1:${house.port}/a?b=c`, { headers: { host: `blog.localhost:${house.port}` } })
  assert.deepEqual([statusCode, headers.location], [308, `http://moved.example:${house.port}/a?b=c`])
})

test('who looks too often is told to wait', async () => {
  const answers = await Promise.all(Array.from({ length: 70 }, () => bob.call('POST', '/api/sites/shop/domains/never.example/check')))
  assert.ok(answers.some(({ status }) => status === 429) && answers.some(({ status }) => status === 404))
})
