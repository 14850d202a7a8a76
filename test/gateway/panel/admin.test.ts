// What an administrator does with people: quotas, roles, passwords, a class from a list, reports, the audit log, the house's health.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { decode, enrol, readClass } from '../../../gateway/panel/class.ts'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people, type Visitor } from './house.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss, stranger } = await people(house)

test('a class is read as spreadsheets save it', () => {
  const cases: [string, string[]][] = [
    ['Zoé Martin\nLinh Nguyen', ['Zoé Martin', 'Linh Nguyen']],
    ['Nom;Prénom\r\nMartin;Zoé\r\n\r\nNguyen;Linh\r\n', ['Martin Zoé', 'Nguyen Linh']],
    ['\ufefffirst name,last name\n"O\'Hara, Scarlett",x\n', ['O\'Hara, Scarlett x']],
    ['a\tb\n', ['a b']],
    ['', []],
  ]
  for (const [text, expected] of cases) assert.deepEqual(readClass(text), expected)
  assert.equal(decode(Buffer.from([0x5a, 0x6f, 0xe9])), 'Zoé')
  assert.equal(decode(Buffer.from('Zoé')), 'Zoé')
})

test('usernames are made of names, each once, with passwords nobody guesses', () => {
  const made = enrol(['Zoé D\'Arc', 'ZOÉ D ARC', 'Œuvre Straße', 'x'.repeat(60)], username => username === 'zoe.d.arc')
  assert.deepEqual(made.map(one => one.username), ['zoe.d.arc2', 'zoe.d.arc3', 'oeuvre.strasse', 'x'.repeat(28)])
  assert.equal(new Set(made.map(one => one.password)).size, 4)
  for (const { password } of made) assert.match(password, /^[a-z'-]+(-[a-z'-]+){3}$/)
  assert.throws(() => enrol(['李明'], () => false), /letters a to z/)
  assert.throws(() => enrol(Array.from({ length: 201 }, () => 'a'), () => false), /At most 200/)
})

/** Sends the form of the page: what is typed, and a file. */
function list(visitor: Visitor, typed: string, file: Buffer) {
  const part = (name: string, content: Buffer, more = '') => Buffer.concat([Buffer.from(`--edge\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`), content, Buffer.from('\r\n')])
  const body = Buffer.concat([part('list', Buffer.from(typed)), part('file', file, '; filename="class.csv"'), Buffer.from('--edge--\r\n')])
  return visitor.send('POST', '/admin/class', { headers: { origin: visitor.origin, 'content-type': 'multipart/form-data; boundary=edge' }, body })
}

test('a class moves in: a sheet to print, and each can sign in', async () => {
  const sheet = await list(boss, 'Ada Lovelace', Buffer.from('Nom;Pr\xe9nom\nHopper;Grace\n', 'latin1'))
  assert.equal(sheet.status, 200)
  const found = [...sheet.text.matchAll(/<dd class="mono">([^<]*)<\/dd>/g)].map(match => match[1] ?? '').map(text => text.replaceAll('&#39;', '\''))
  assert.deepEqual([found[1], found[4]], ['ada.lovelace', 'nom.prenom'], 'a heading in the middle is a person')
  const pupil = await house.visitor().call('POST', '/api/session', { username: found[1], password: found[2] })
  assert.equal(pupil.status, 200)
  assert.equal((await boss.send('GET', '/admin/audit?action=account.create')).text.includes(found[2] ?? ''), false, 'no password in the log')
})

test('a class is taken in whole or not at all', async () => {
  const before = house.registry.accounts.list().length
  assert.equal((await list(boss, 'Fine Person\n李明', Buffer.alloc(0))).status, 422)
  assert.equal(code(await boss.call('POST', '/api/accounts/import', { people: [] })), 'invalid')
  assert.equal(code(await boss.call('POST', '/api/accounts/import', { people: ['ok', '—'] })), 'invalid')
  await assert.rejects(house.registry.accounts.createAll([{ username: 'one', password: PASSWORD }, { username: 'one', password: PASSWORD }]), /taken/)
  assert.equal(house.registry.accounts.list().length, before)
  const made = await boss.call('POST', '/api/accounts/import', { people: ['Fine Person'] })
  assert.deepEqual([made.status, made.json<{ username: string }[]>()[0]?.username], [201, 'fine.person'])
})

test('an account holds as many names as an administrator says', async () => {
  assert.equal((await boss.call('PATCH', '/api/accounts/bob', { mostNames: 1 })).json().mostNames, 1)
  assert.equal((await bob.call('POST', '/api/sites', { name: 'bobs' })).status, 201)
  assert.equal(code(await bob.call('POST', '/api/sites', { name: 'bobs2' })), 'quota')
  assert.equal((await boss.form('/admin/accounts/bob/quota', { names: 'many' })).status, 422)
  assert.equal((await boss.form('/admin/accounts/bob/quota', { names: '', disk: 'all' })).status, 422)
  assert.equal((await boss.form('/admin/accounts/bob/quota', { names: '' })).status, 303)
  assert.equal((await boss.call('GET', '/api/accounts/bob')).json().mostNames, null)
  assert.equal((await bob.call('POST', '/api/sites', { name: 'bobs2' })).status, 201)
})

test('what the sites of an account are promised stays within what it may have in all', async () => {
  const limit = (limits: object, who = bob) => who.call('PATCH', '/api/sites/bobs', { limits })
  assert.equal((await bob.call('DELETE', '/api/sites/bobs2')).status, 204)
  assert.equal((await boss.form('/admin/accounts/bob/quota', { names: '', disk: '2.25G', memory: '256M', domains: '0' })).status, 303)
  const { disk, memory, domains, mostDisk, mostMemory, mostDomains } = (await bob.call('GET', '/api/account')).json<Record<string, number>>()
  assert.deepEqual([disk, memory, domains, mostDisk, mostMemory, mostDomains], [1.5 * 2 ** 30, 2 ** 28, 0, 2.25 * 2 ** 30, 2 ** 28, 0])
  const refused = await bob.call('POST', '/api/sites', { name: 'bobs3' }, { 'accept-language': 'fr' })
  assert.deepEqual([refused.status, code(refused)], [403, 'quota'])
  assert.match(refused.text, /peuvent prendre 2,3\sGo de disque en tout.*cela ferait 3\sGo/)
  assert.equal((await bob.call('GET', '/api/names/bobs3')).json().available, true, 'nothing of it stays')
  assert.equal(code(await limit({ memory: 2 ** 29 }, boss)), 'quota', 'whoever asks')
  const backup = await bob.client.request({ method: 'GET', path: '/api/sites/bobs/backup', headers: bob.headers() })
  const whole = Buffer.from(await backup.body.arrayBuffer())
  assert.equal((await limit({ memory: 2 ** 27, database: 2 ** 28 })).status, 200)
  assert.equal((await boss.call('PATCH', '/api/accounts/bob', { mostDisk: 1.25 * 2 ** 30 })).status, 200)
  assert.equal(code(await bob.send('PUT', '/api/sites/bobs/backup', { headers: { origin: bob.origin }, body: whole })), 'quota', 'nor does a backup bring more back')
  assert.equal((await limit({ memory: 2 ** 28 })).status, 200)
  assert.equal(code(await bob.call('POST', '/api/sites/bobs/domains', { domain: 'bob.example' })), 'quota')
  assert.match((await boss.send('GET', '/admin/accounts')).text, /1\.3 GB of 1\.3 GB/)
  await boss.call('PATCH', '/api/accounts/bob', { mostNames: 3, mostDisk: null, mostMemory: null, mostDomains: null })
  const made = await Promise.all(['bobs4', 'bobs5', 'bobs6', 'bobs7'].map(async name => (await bob.call('POST', '/api/sites', { name })).status))
  assert.deepEqual(made.sort(), [201, 201, 403, 403], 'not even many at once')
})

test('by forms an administrator makes an account, changes its role and password, and removes it', async () => {
  assert.equal((await boss.form('/admin/accounts', { username: 'carol', password: 'x', role: 'user' })).status, 422)
  assert.equal((await boss.form('/admin/accounts', { username: 'carol', password: PASSWORD, role: 'user' })).headers.location, '/admin/accounts/carol?done=account_made')
  const carol = await house.visitor().signIn('carol')
  await boss.form('/admin/accounts/carol/role', { role: 'admin' })
  assert.equal((await carol.call('GET', '/api/session')).json().role, 'admin')
  await boss.form('/admin/accounts/carol/password', { password: 'nine dry umbrellas' })
  assert.equal((await carol.call('GET', '/api/session')).status, 401)
  assert.equal((await boss.form('/admin/accounts/carol/delete', {})).headers.location, '/admin/accounts?done=account_gone')
  assert.equal((await boss.send('GET', '/admin/accounts/carol')).status, 404)
})

test('anybody reports a site, within limits; an administrator reads it as text and closes it', async () => {
  await alice.call('POST', '/api/sites', { name: 'shady' })
  const text = '<script>alert(1)</script> asks for my bank password'
  const reported = await stranger.form('/report', { host: 'https://SHADY.localhost:8080/login', kind: 'phishing', text, contact: 'me@example.org' })
  assert.equal(reported.headers.location, '/report?done=reported')
  assert.equal((await stranger.form('/report', { host: 'nobody.localhost', kind: 'spam', text: 'x' })).status, 404)
  const page = (await boss.send('GET', '/admin/reports')).text
  assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt; asks for my bank password') && page.includes('/admin/accounts/alice'))
  const [report] = (await boss.call('GET', '/api/reports')).json<{ id: number; host: string; owner: string; closedAt: number | null }[]>()
  assert.deepEqual([report?.host, report?.owner, report?.closedAt], ['shady.localhost', 'alice', null])
  assert.equal((await boss.call('POST', `/api/reports/${report?.id}/close`)).status, 204)
  assert.equal(code(await boss.call('POST', `/api/reports/${report?.id}/close`)), 'not_found')
  const spammer = house.visitor({ address: '198.51.100.77' })
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await spammer.call('POST', '/api/reports', { host: 'shady.localhost', kind: 'other', text: 'x' })).status))
  assert.deepEqual([statuses.filter(status => status === 202).length, statuses.filter(status => status === 429).length], [5, 3])
})

test('the audit log is asked by person, thing and kind, page by page', async () => {
  const ask = async (query: string) => (await boss.call('GET', `/api/audit?${query}`)).json<{ id: number; actor: string; subject: string; action: string }[]>()
  assert.ok((await ask('by=bob')).every(entry => entry.actor === 'bob'))
  assert.deepEqual((await ask('about=shady')).map(entry => entry.action), ['site.create'])
  const [first, second] = await ask('most=2')
  assert.deepEqual((await ask(`most=1&before=${first?.id}`)).map(entry => entry.id), [second?.id])
  assert.match((await boss.send('GET', '/admin/audit?action=site')).text, /site\.create/)
})

test('the house tells its health', async () => {
  const condition = (await boss.call('GET', '/api/house')).json<{ memory: { budget: number }; sites: Record<string, number>; processes: { name: string; ready: boolean }[]; disk: { free: number } }>()
  assert.equal(condition.memory.budget, 2 ** 30)
  assert.ok((condition.sites.asleep ?? 0) >= 3 && condition.disk.free > 0)
  assert.deepEqual(condition.processes.map(one => [one.name, one.ready]), [['control', true], ['relay', true], ['provisioner', true]])
  for (const page of ['house', 'images', 'accounts', 'accounts/alice', 'class', 'dns', 'certificates', 'reports', 'audit']) assert.equal((await boss.send('GET', `/admin/${page}`)).status, 200, page)
})

test('an invite taken back is no invite any more', async () => {
  const { code: invite } = (await boss.call('POST', '/api/invites', { uses: 3 })).json()
  assert.equal((await boss.form(`/admin/invites/${invite}/remove`, {})).status, 303)
  assert.equal(code(await boss.call('DELETE', `/api/invites/${invite}`)), 'not_found')
  assert.equal(code(await stranger.call('POST', '/api/accounts', { username: 'late', password: PASSWORD, invite })), 'invite_invalid')
})

test('a site that is suspended or fails says where to report it, at the panel', async () => {
  const { request } = await import('undici')
  await boss.call('PATCH', '/api/accounts/alice', { state: 'suspended', reason: 'Reported' })
  const { body } = await request(`http://127.0.0.1:${house.port}/`, { headers: { host: `shady.localhost:${house.port}`, accept: 'text/html' }, reset: true })
  const page = await body.text()
  assert.ok(page.includes(`href="http://localhost:${house.port}/report?host=shady.localhost"`), page)
  assert.match(page, /Reported/)
})
