// What owners and the administrator keep in DNS: by the API and the pages, in front of the real name server, asked with dig.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SiteView } from '../../../gateway/desk.ts'
import { en } from '../../../gateway/panel/language/en.ts'
import { fr } from '../../../gateway/panel/language/fr.ts'
import { dig } from '../../dns/nameserver.ts'
import { until } from '../../helpers/patience.ts'
import { people, type Visitor } from './house.ts'
import { openNamedHouse } from './named.ts'

const house = await openNamedHouse('localhost', { dnssec: true })
after(house.close)
const { dns: port, records: asked } = house
const { alice, bob, boss } = await people(house)
await alice.call('POST', '/api/sites', { name: 'home', kind: 'external', addresses: ['192.0.2.9'] })

const put = (who: Visitor, records: unknown, name = 'home') => who.call('PUT', `/api/sites/${name}/records`, records)

test('what an owner puts is answered when the call is', async () => {
  assert.deepEqual((await alice.call('GET', '/api/sites/home/records')).json(), [])
  const answer = await put(alice, [
    { type: 'MX', data: '10 mail.example.org' }, { name: 'www', type: 'cname', ttl: 60, data: 'home.localhost' }, { name: '*.apps', type: 'A', data: '192.0.2.10' },
    { name: '_sip._tcp.home.localhost.', type: 'SRV', data: '0 5 5060 x.apps.home.localhost.' }, { name: '@', type: 'TXT', data: 'v=spf1 -all' },
  ])
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.json(), [
    { name: '@', type: 'MX', ttl: 300, data: '10 mail.example.org.' }, { name: '@', type: 'TXT', ttl: 300, data: '"v=spf1 -all"' }, { name: '*.apps', type: 'A', ttl: 300, data: '192.0.2.10' },
    { name: '_sip._tcp', type: 'SRV', ttl: 300, data: '0 5 5060 x.apps.home.localhost.' }, { name: 'www', type: 'CNAME', ttl: 60, data: 'home.localhost.' },
  ])
  assert.deepEqual(await asked('home.localhost', 'A'), ['home.localhost. 60 IN A 192.0.2.9'])
  assert.deepEqual(await asked('home.localhost', 'MX'), ['home.localhost. 300 IN MX 10 mail.example.org.'])
  assert.deepEqual(await asked('www.home.localhost', 'A'), ['www.home.localhost. 60 IN CNAME home.localhost.', 'home.localhost. 60 IN A 192.0.2.9'])
  assert.deepEqual(await asked('any.apps.home.localhost', 'A'), ['any.apps.home.localhost. 300 IN A 192.0.2.10'])
  assert.deepEqual((await dig(port, '_sip._tcp.home.localhost', 'SRV')).additional, ['x.apps.home.localhost. 300 IN A 192.0.2.10'])
  assert.equal((await dig(port, 'apps.home.localhost', 'A')).status, 'NOERROR')
})

test('what is wrong changes nothing, and says which and why', async () => {
  const before = (await alice.call('GET', '/api/sites/home/records')).text
  for (const [records, why] of [
    [[{ type: 'MX', data: '10 mail.example.org.' }, { name: 'bob.localhost.', type: 'A', data: '192.0.2.7' }], /record 2: "bob.localhost." is not below home.localhost/],
    [[{ name: 'w', type: 'CNAME', data: 'a.example.org' }, { name: 'w', type: 'TXT', data: 'x' }], /it can have nothing else/],
    [[{ type: 'A', data: '192.0.2.7' }], /those of its site/],
    [[{ type: 'MX', data: '10' }], /such as 10 mail\.example\.org/],
  ] as const) {
    const answer = await put(alice, records)
    assert.equal(answer.status, 422, answer.text)
    assert.match(answer.json<{ error: { message: string } }>().error.message, why)
  }
  for (const odd of ['x', { records: 1 }, [{ type: 'A' }], [{ type: 'A', data: '192.0.2.7', more: 1 }]]) assert.equal((await put(alice, odd)).status, 422)
  assert.equal((await alice.call('GET', '/api/sites/home/records')).text, before)
})

test('nobody else sees or changes them, nor those of no name', async () => {
  for (const name of ['home', 'nothing']) {
    assert.equal((await bob.call('GET', `/api/sites/${name}/records`)).status, 404)
    assert.equal((await put(bob, [], name)).status, 404)
  }
  for (const method of ['GET', 'PUT'] as const) assert.equal((await alice.call(method, '/api/zone/records', method === 'PUT' ? [] : undefined)).status, 403)
})

test('a name that points elsewhere can point elsewhere again, and keeps its records', async () => {
  const moved = await alice.call('PATCH', '/api/sites/home', { addresses: ['192.0.2.33', '2001:db8::33'] })
  assert.deepEqual([moved.status, moved.json<SiteView>().ipv4, moved.json<SiteView>().ipv6], [200, ['192.0.2.33'], ['2001:db8::33']])
  assert.deepEqual(await asked('home.localhost', 'AAAA'), ['home.localhost. 60 IN AAAA 2001:db8::33'])
  assert.equal((await asked('home.localhost', 'MX')).length, 1)
  for (const addresses of [[], ['nonsense'], ['0.0.0.0'], ['fe80::1']]) assert.equal((await alice.call('PATCH', '/api/sites/home', { addresses })).status, 422, addresses.join())
  assert.equal((await alice.call('PATCH', '/api/sites/home', { addresses: ['192.0.2.1'], egress: 'none' })).status, 422)
  assert.deepEqual(await asked('home.localhost', 'A'), ['home.localhost. 60 IN A 192.0.2.33'])
})

test('an account changes its records so often in ten minutes and no more, whichever the name; others go on', async () => {
  const carol = await house.visitor().signUp('carol')
  for (const name of ['one', 'two']) assert.equal((await carol.call('POST', '/api/sites', { name, kind: 'external', addresses: ['192.0.2.1'] })).status, 201)
  for (let n = 0; n < 120; n += 1) assert.equal((await put(carol, [], n % 2 === 0 ? 'one' : 'two')).status, 200)
  const answer = await put(carol, [{ type: 'TXT', data: 'x' }], 'one')
  assert.deepEqual([answer.status, answer.json<{ error: { code: string } }>().error.code], [429, 'rate_limited'])
  assert.equal((await put(bob, [], 'home')).status, 404)
})

test('an administrator keeps the zone\'s own', async () => {
  const put = (records: unknown) => boss.call('PUT', '/api/zone/records', records)
  const kept = await put([{ type: 'MX', data: '10 mail.localhost.' }, { type: 'NS', data: 'ns.localhost.' }, { type: 'NS', data: 'ns2.localhost.' }, { name: 'ns2', type: 'A', data: '192.0.2.53' }, { name: 'mail', type: 'A', data: '192.0.2.25' }, { name: '_dmarc', type: 'TXT', data: 'v=DMARC1' }])
  assert.equal(kept.status, 200, kept.text)
  assert.deepEqual(await asked('localhost', 'MX'), ['localhost. 300 IN MX 10 mail.localhost.'])
  assert.deepEqual((await dig(port, 'localhost', 'NS')).additional, ['ns.localhost. 60 IN A 127.0.0.1', 'ns2.localhost. 300 IN A 192.0.2.53'])
  assert.deepEqual(await asked('localhost', 'A'), ['localhost. 60 IN A 127.0.0.1'])
  assert.deepEqual(await asked('_dmarc.localhost', 'TXT'), ['_dmarc.localhost. 300 IN TXT "v=DMARC1"'])
  for (const bad of [{ type: 'A', data: '192.0.2.1' }, { name: '_acme-challenge', type: 'TXT', data: 'x' }, { name: 'bob', type: 'A', data: '192.0.2.1' }]) assert.equal((await put([bad])).status, 422)
  assert.equal((await put([])).status, 200)
  assert.deepEqual([await asked('localhost', 'MX'), (await dig(port, 'ns2.localhost', 'A')).status, await asked('localhost', 'NS')], [[], 'NXDOMAIN', ['localhost. 60 IN NS ns.localhost.']])
})

test('the administrator\'s page says what the registrar is to know, who copies the zone and what is in it', async () => {
  const page = async (language = 'en') => (await boss.send('GET', '/admin/dns', { headers: { 'accept-language': language } })).text
  const saved = await boss.form('/admin/dns/records', { records: '; ours\r\n@ MX 10 mail.example.org.\r\n' })
  assert.deepEqual([saved.status, saved.headers.location], [303, '/admin/dns?done=records'])
  assert.deepEqual(await asked('localhost', 'MX'), ['localhost. 300 IN MX 10 mail.example.org.'])
  assert.match(await page(), /@ 300 MX 10 mail\.example\.org\./)
  await until('its secondary has the newest version', async () => /ns2\.example\.net[^]*up to date/.test(await page()))
  assert.match(await page('fr'), /à jour[^]*Numéro de clé/)
  const wrong = await boss.form('/admin/dns/records', { records: 'bob A 192.0.2.1' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /bob A 192\.0\.2\.1<\/textarea>\s*<p class="hint" id="records-error" role="alert">/)
  assert.equal((await alice.send('GET', '/admin/dns')).status, 403)
  await boss.form('/admin/dns/records', { records: '' })
})

test('on that page a key is changed and called off, and signing is left, step by step', async () => {
  const page = async () => (await boss.send('GET', '/admin/dns')).text
  const step = async (name: string) => (await boss.form('/admin/dns/signing', { step: name })).status
  const [, ds] = /(localhost\. IN DS \d+ 13 2 [0-9A-F]{64})/i.exec(await page()) ?? []
  assert.ok(ds, 'the DS to give to the parent')
  assert.equal((await boss.call('GET', '/api/dnssec')).json<{ keys: { ds: string }[] }>().keys[0]?.ds, ds.replace('localhost. IN DS ', ''))
  assert.deepEqual([await step('confirm'), await step('roll')], [303, 303])
  assert.match(await page(), /A new key is being made known[^]*Next key/)
  assert.equal(await step('withdraw'), 409)
  assert.deepEqual([await step('cancel'), await step('withdraw')], [303, 303])
  assert.match(await page(), /remove the DS record, then say here/)
  assert.doesNotMatch(await page(), /IN DS/)
  assert.deepEqual([await step('cancel'), await step('fly')], [303, 400])
  assert.match(await page(), /its parent knows the key/)
})

test('the page shows them as lines, in both languages, and its forms change them', async () => {
  for (const [language, words] of [['en', en], ['fr', fr]] as const) {
    const page = (await alice.send('GET', '/sites/home/domains', { headers: { 'accept-language': language } })).text
    assert.ok(page.includes(words.records_title) && page.includes(words.points_title), language)
    assert.match(page, /www 60 CNAME home\.localhost\./)
  }
  const saved = await alice.form('/sites/home/records', { records: '; mine\r\n@ 120 TXT "é <b>"\r\nftp A 192.0.2.44\r\n' })
  assert.deepEqual([saved.status, saved.headers.location], [303, '/sites/home/domains?done=records'])
  assert.deepEqual(await asked('ftp.home.localhost', 'A'), ['ftp.home.localhost. 300 IN A 192.0.2.44'])
  assert.equal((await dig(port, 'www.home.localhost', 'A')).status, 'NXDOMAIN')
  const wrong = await alice.form('/sites/home/records', { records: '<script>' }, { 'accept-language': 'en' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /role="alert">line 1 is not of the form/)
  assert.ok(wrong.text.includes('&lt;script&gt;') && !wrong.text.includes('<script>'))
  assert.equal((await alice.form('/sites/home/points', { addresses: '192.0.2.77, 2001:db8::77' })).status, 303)
  assert.deepEqual(await asked('home.localhost', 'A'), ['home.localhost. 60 IN A 192.0.2.77'])
  assert.equal((await bob.form('/sites/home/records', { records: '' })).status, 404)
})

test('with the name, all go that are below it', async () => {
  assert.equal((await alice.call('DELETE', '/api/sites/home')).status, 204)
  for (const name of ['home.localhost', 'ftp.home.localhost']) assert.equal((await dig(port, name, 'A')).status, 'NXDOMAIN', name)
})
