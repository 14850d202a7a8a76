// dyndns2 against the real name server: by hand, and as ddclient and inadyn speak it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { people, type Answer } from './house.ts'
import { openNamedHouse } from './named.ts'

const house = await openNamedHouse()
after(house.close)
const { records } = house
const { alice, bob } = await people(house)
const directory = mkdtempSync(join(tmpdir(), 'aub-dyndns-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const token = async (who: typeof alice, wish: object): Promise<string> => {
  const made = await who.call('POST', '/api/tokens', { name: 'router', ...wish })
  assert.equal(made.status, 201, made.text)
  return made.json<{ token: string }>().token
}
for (const name of ['home', 'office']) await alice.call('POST', '/api/sites', { name, kind: 'external', addresses: ['192.0.2.1', '2001:db8::1'] })
await alice.call('PUT', '/api/sites/home/records', [{ name: 'nas', type: 'A', ttl: 60, data: '192.0.2.2' }, { name: 'nas', type: 'TXT', data: 'x' }])
await bob.call('POST', '/api/sites', { name: 'bobs', kind: 'external', addresses: ['192.0.2.1'] })
const secret = await token(alice, { scope: 'dyndns' })

type Call = { username?: string; password?: string; address?: string }
const update = (query: string, { username = 'alice', password = secret, address = '203.0.113.50' }: Call = {}): Promise<Answer> => {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return house.visitor({ address }).send('GET', `/nic/update?${query}`, { headers: { authorization } })
}
const said = async (query: string, call: Call = {}): Promise<string> => (await update(query, call)).text
const a = async (name: string): Promise<string[]> => (await records(name, 'A')).map(line => line.split(' ').at(-1) ?? '')
const aaaa = async (name: string): Promise<string[]> => (await records(name, 'AAAA')).map(line => line.split(' ').at(-1) ?? '')

test('good, then nochg; the other family stays, and the TTL is short', async () => {
  const answer = await update('hostname=home.localhost&myip=192.0.2.10')
  assert.deepEqual([answer.status, answer.text, answer.headers['content-type'], answer.headers['cache-control']], [200, 'good 192.0.2.10\n', 'text/plain; charset=utf-8', 'no-store'])
  assert.deepEqual(await records('home.localhost', 'A'), ['home.localhost. 60 IN A 192.0.2.10'])
  assert.deepEqual(await aaaa('home.localhost'), ['2001:db8::1'])
  assert.equal(await said('hostname=home.localhost&myip=192.0.2.10'), 'nochg 192.0.2.10\n')
})

test('both families in one go, however they are said', async () => {
  assert.equal(await said('hostname=home.localhost&myip=192.0.2.11,2001:db8::11'), 'good 192.0.2.11,2001:db8::11\n')
  assert.deepEqual([await a('home.localhost'), await aaaa('home.localhost')], [['192.0.2.11'], ['2001:db8::11']])
  assert.equal(await said('hostname=home.localhost&myip=192.0.2.11&myipv6=2001:db8::12'), 'good 192.0.2.11,2001:db8::12\n')
  assert.equal(await said('hostname=home.localhost&myip=2001:DB8::13'), 'good 2001:db8::13\n')
  assert.deepEqual([await a('home.localhost'), await aaaa('home.localhost')], [['192.0.2.11'], ['2001:db8::13']])
})

test('without myip, or with one that is none, it is the caller\'s address', async () => {
  assert.equal(await said('hostname=office.localhost'), 'good 203.0.113.50\n')
  assert.equal(await said('hostname=office.localhost&myip=', { address: '2001:db8::50' }), 'good 2001:db8::50\n')
  assert.equal(await said('hostname=office.localhost&myip=%3Cipaddr%3E', { address: '203.0.113.51' }), 'good 203.0.113.51\n')
  assert.deepEqual([await a('office.localhost'), await aaaa('office.localhost')], [['203.0.113.51'], ['2001:db8::50']])
})

test('several hosts, a line each; what is not the account\'s is not told from what is not there', async () => {
  assert.equal(await said('hostname=home.localhost,OFFICE.localhost.,bobs.localhost,none.localhost,home.example.org,home,&myip=192.0.2.20'), 'good 192.0.2.20\ngood 192.0.2.20\nnohost\nnohost\nnohost\nnotfqdn\n')
  assert.deepEqual([await a('home.localhost'), await a('bobs.localhost')], [['192.0.2.20'], ['192.0.2.1']])
  for (const query of ['', 'hostname=', 'hostname=,&myip=192.0.2.1', 'hostname=a..localhost', 'hostname=%3Cscript%3E.localhost']) assert.equal(await said(query), 'notfqdn\n', query)
  assert.equal(await said(`hostname=${Array(21).fill('home.localhost').join()}`), 'numhost\n')
})

test('a host below a name is one where it has addresses among its records, which keep their TTL', async () => {
  assert.equal(await said('hostname=nas.home.localhost&myip=192.0.2.30,2001:db8::30'), 'good 192.0.2.30,2001:db8::30\n')
  assert.deepEqual([await records('nas.home.localhost', 'A'), await records('nas.home.localhost', 'AAAA')], [['nas.home.localhost. 60 IN A 192.0.2.30'], ['nas.home.localhost. 60 IN AAAA 2001:db8::30']])
  assert.equal((await records('nas.home.localhost', 'TXT')).length, 1)
  assert.equal(await said('hostname=nas.home.localhost&myip=192.0.2.30'), 'nochg 192.0.2.30\n')
  assert.equal(await said('hostname=tv.home.localhost&myip=192.0.2.30'), 'nohost\n')
})

test('badauth is for who is not known, with another\'s name, or with a token for other things', async () => {
  const read = await token(alice, { scope: 'read' })
  for (const call of [{ password: 'wrong' }, { password: '' }, { username: 'bob' }, { password: read }, { password: 'seven wet umbrellas' }]) {
    const answer = await update('hostname=home.localhost&myip=192.0.2.99', { ...call, address: '203.0.113.60' })
    assert.deepEqual([answer.status, answer.text, answer.headers['www-authenticate']], [401, 'badauth\n', 'Basic realm="dyndns"'])
  }
  assert.equal((await house.visitor().send('GET', '/nic/update?hostname=home.localhost')).text, 'badauth\n')
  assert.deepEqual(await a('home.localhost'), ['192.0.2.20'])
})

test('a token for dyndns does nothing else, one for a name does that name alone', async () => {
  const bearer = { authorization: `Bearer ${secret}` }
  for (const [method, path] of [['GET', '/api/sites'], ['GET', '/api/sites/home'], ['DELETE', '/api/sites/home'], ['PUT', '/api/sites/home/records'], ['POST', '/api/tokens']] as const) {
    assert.equal((await house.visitor().send(method, path, { headers: bearer })).status, 403, path)
  }
  const one = await token(alice, { scope: 'dyndns', site: 'office' })
  assert.equal(await said('hostname=office.localhost,home.localhost&myip=192.0.2.40', { password: one }), 'good 192.0.2.40\nnohost\n')
  assert.equal((await alice.call('POST', '/api/tokens', { name: 'x', scope: 'dyndns', site: 'bobs' })).status, 404)
  const all = await token(alice, {})
  assert.equal(await said('hostname=office.localhost&myip=192.0.2.41', { password: all }), 'good 192.0.2.41\n')
})

test('an address with too many wrong tokens, and an account that is locked out, hear abuse', async () => {
  let last = ''
  for (let n = 0; n < 31; n += 1) last = await said('hostname=home.localhost', { password: 'wrong', address: '203.0.113.66' })
  assert.equal(last, 'abuse\n')
  assert.equal(await said('hostname=home.localhost&myip=192.0.2.20', { address: '203.0.113.66' }), 'abuse\n')
  assert.equal(await said('hostname=home.localhost&myip=192.0.2.20', { address: '203.0.113.67' }), 'nochg 192.0.2.20\n')
  const carol = await house.visitor().signUp('carol')
  const hers = await token(carol, { scope: 'dyndns' })
  for (let n = 0; n < 60; n += 1) assert.equal(await said('hostname=x.localhost', { username: 'carol', password: hers }), 'nohost\n')
  assert.equal(await said('hostname=x.localhost', { username: 'carol', password: hers }), 'abuse\n')
  house.registry.accounts.suspend(house.registry.accounts.byName('bob')?.id ?? 0, 'spam')
  house.registry.accounts.suspend(house.registry.accounts.byName('carol')?.id ?? 0, 'spam')
  assert.equal(await said('hostname=x.localhost', { username: 'carol', password: hers }), 'abuse\n')
})

const run = async (command: string, args: string[]): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: 30_000 })
  return `${stdout}${stderr}`
}

test('ddclient points names, in the clear and in a zone of its own', async () => {
  const away = await openNamedHouse('house.test')
  try {
    const { id } = await away.registry.accounts.create({ username: 'dora', password: 'seven wet umbrellas' })
    const { token: hers } = away.registry.tokens.create(id, 'router', { may: 'dyndns', site: null })
    for (const name of ['home', 'office']) await away.console().call('POST', '/api/sites', { name, kind: 'external', addresses: ['192.0.2.1'], owner: 'dora' })
    for (const [nth, ip] of ['192.0.2.70', '2001:db8::70'].entries()) {
      const file = join(directory, `ddclient${nth}.conf`)
      writeFileSync(file, `ssl=no\nproxy=127.0.0.1:${away.port}\nuse=ip\nip=${ip}\nprotocol=dyndns2\nserver=house.test\nlogin=dora\npassword='${hers}'\nhome.house.test,office.house.test\n`, { mode: 0o600 })
      const log = await run('ddclient', ['-daemon=0', '-foreground', '-verbose', '-noquiet', `-file=${file}`, `-cache=${file}.cache`, `-pid=${file}.pid`])
      assert.match(log, /SUCCESS: +updating office\.house\.test: good/, log)
    }
    for (const name of ['home', 'office']) {
      assert.deepEqual(await away.records(`${name}.house.test`, 'A'), [`${name}.house.test. 60 IN A 192.0.2.70`])
      assert.deepEqual(await away.records(`${name}.house.test`, 'AAAA'), [`${name}.house.test. 60 IN AAAA 2001:db8::70`])
    }
    const all = away.registry.tokens.create(id, 'all').token
    const authorization = `Basic ${Buffer.from(`dora:${all}`).toString('base64')}`
    const ask = async (scheme: string, address = '203.0.113.7') => (await away.visitor({ scheme, host: 'house.test', address }).send('GET', '/nic/update?hostname=home.house.test&myip=10.0.0.1', { headers: { authorization } })).text
    assert.deepEqual([await ask('http'), await ask('https'), await ask('https', '10.0.0.9')], ['badauth\n', 'good 203.0.113.7\n', '911\n'], 'no public address at all')
  } finally {
    await away.close()
  }
})

test('inadyn points a name', async () => {
  const file = join(directory, 'inadyn.conf')
  writeFileSync(file, `custom auberge {\n  ssl = false\n  username = alice\n  password = ${secret}\n  hostname = home.localhost\n  ddns-server = localhost:${house.port}\n  ddns-path = "/nic/update?hostname=%h&myip=%i"\n  checkip-command = "echo 192.0.2.71"\n}\n`, { mode: 0o600 })
  const log = await run('inadyn', ['--once', '--foreground', '--no-pidfile', '--loglevel=debug', `--config=${file}`, `--cache-dir=${directory}`])
  assert.deepEqual(await a('home.localhost'), ['192.0.2.71'], log)
})

test('the pages reserve a name for elsewhere, say how a router tells, and make its token', async () => {
  const made = await alice.form('/sites/elsewhere', { elsewhere: 'attic', addresses: '192.0.2.80 2001:db8::80' })
  assert.deepEqual([made.status, made.headers.location], [303, '/sites/attic/domains?done=created'])
  assert.deepEqual(await aaaa('attic.localhost'), ['2001:db8::80'])
  const wrong = await alice.form('/sites/elsewhere', { elsewhere: 'cellar', addresses: 'here' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /id="addresses-hint" role="alert"/)
  assert.match((await alice.send('GET', '/sites/attic/domains')).text, /server localhost, path \/nic\/update, host attic\.localhost/)
  const account = await alice.form('/account/tokens', { 'token-name': 'attic', 'token-scope': 'dyndns attic' })
  const [, shown = ''] = /<code class="token">(abt_[^<]+)<\/code>/.exec(account.text) ?? []
  assert.ok(account.text.includes('nic/update?hostname=attic.localhost'))
  assert.equal(await said('hostname=attic.localhost&myip=192.0.2.81', { password: shown }), 'good 192.0.2.81\n')
})
