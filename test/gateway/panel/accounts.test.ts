// Signing up and in, tokens, passwords, administrators: over the panel's real sockets.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openPods } from '../../helpers/pods.ts'
import { openHouse, PASSWORD, people } from './house.ts'

const code = (answer: { json: <T>() => T }): string => answer.json<{ error: { code: string } }>().error.code

const house = await openHouse({}, openPods)
after(house.close)
const { alice, bob, boss } = await people(house)

test('someone signs up, signs in, is known, and signs out', async t => {
  const house = await openHouse()
  t.after(house.close)
  const alice = house.visitor()
  const made = await alice.send('POST', '/api/accounts', { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'alice', password: PASSWORD }) })
  assert.equal(made.status, 201)
  assert.deepEqual(made.json(), { username: 'alice', role: 'user' })
  assert.equal((await alice.call('GET', '/api/session')).status, 401)
  const signed = await alice.call('POST', '/api/session', { username: 'alice', password: PASSWORD })
  assert.equal(signed.status, 200)
  assert.deepEqual((await alice.call('GET', '/api/session')).json(), { username: 'alice', role: 'user' })
  const secret = alice.jar.get('session') ?? ''
  assert.equal((await alice.call('DELETE', '/api/session')).status, 204)
  assert.equal(alice.jar.has('session'), false)
  alice.jar.set('session', secret)
  assert.equal((await alice.call('GET', '/api/session')).status, 401, 'the session itself has ended')
})

test('a sign-up that can\'t be is refused with its own code', async t => {
  const house = await openHouse()
  t.after(house.close)
  const visitor = await house.visitor().signUp('alice')
  const cases: [unknown, number, string][] = [
    [{ username: 'alice', password: PASSWORD }, 409, 'username_taken'],
    [{ username: 'A b', password: PASSWORD }, 422, 'username_invalid'],
    [{ username: 'console', password: PASSWORD }, 422, 'username_invalid'],
    [{ username: 'carol', password: PASSWORD, mostNames: 100 }, 422, 'invalid'],
    [{ username: 'carol', password: 'x' }, 422, 'password_weak'],
    [{ username: 'carol', password: PASSWORD, invite: 'nope' }, 403, 'invite_invalid'],
    [{ username: 'carol' }, 422, 'invalid'],
    [{ username: 7, password: PASSWORD }, 422, 'invalid'],
    [[], 422, 'invalid'],
  ]
  for (const [body, status, expected] of cases) {
    const answer = await visitor.call('POST', '/api/accounts', body)
    assert.deepEqual([answer.status, code(answer)], [status, expected], JSON.stringify(body))
  }
})

test('nobody makes themselves an administrator', async t => {
  const house = await openHouse()
  t.after(house.close)
  const made = await house.visitor().call('POST', '/api/accounts', { username: 'mallory', password: PASSWORD, role: 'admin' })
  assert.equal(made.json().role, 'user')
})

test('a closed house takes nobody in, and one by invite takes invites', async t => {
  const closed = await openHouse({ signup: 'closed' })
  t.after(closed.close)
  assert.equal(code(await closed.visitor().call('POST', '/api/accounts', { username: 'alice', password: PASSWORD })), 'signup_closed')
  assert.equal((await closed.console().call('POST', '/api/accounts', { username: 'alice', password: PASSWORD, role: 'admin' })).json().role, 'admin')

  const invited = await openHouse({ signup: 'invite' })
  t.after(invited.close)
  const invite = await invited.console().call('POST', '/api/invites', { uses: 1 })
  assert.equal(invite.status, 201)
  const { code: word } = invite.json()
  const visitor = invited.visitor()
  assert.equal(code(await visitor.call('POST', '/api/accounts', { username: 'alice', password: PASSWORD })), 'invite_invalid')
  assert.equal((await visitor.call('POST', '/api/accounts', { username: 'alice', password: PASSWORD, invite: word })).status, 201)
  assert.equal(code(await visitor.call('POST', '/api/accounts', { username: 'bob', password: PASSWORD, invite: word })), 'invite_invalid')
  assert.equal((await invited.console().call('GET', '/api/invites')).json<{ used: number }[]>()[0]?.used, 1)
})

test('the session cookie is out of reach of scripts and siblings', async t => {
  const house = await openHouse({ zone: 'example.org' })
  t.after(house.close)
  const visitor = house.visitor({ scheme: 'https' })
  await visitor.call('POST', '/api/accounts', { username: 'alice', password: PASSWORD })
  const { headers } = await visitor.call('POST', '/api/session', { username: 'alice', password: PASSWORD })
  const cookie = String(headers['set-cookie'])
  assert.match(cookie, /^__Host-session=/)
  for (const flag of ['; Secure', '; HttpOnly', '; SameSite=Lax', '; Path=/;']) assert.ok(`${cookie};`.includes(flag), flag)
  assert.doesNotMatch(cookie, /domain/i)
  assert.equal((await visitor.call('GET', '/api/session')).status, 200)
})

test('over HTTPS a plain cookie, which a sibling could plant, counts for nothing', async t => {
  const house = await openHouse({ zone: 'example.org' })
  t.after(house.close)
  const visitor = await house.visitor({ scheme: 'https' }).signUp('alice')
  visitor.jar.set('session', visitor.jar.get('__Host-session') ?? '')
  visitor.jar.delete('__Host-session')
  assert.equal((await visitor.call('GET', '/api/session')).status, 401)
})

test('passwords don\'t travel in the clear, but in zone localhost', async t => {
  const house = await openHouse({ zone: 'example.org' })
  t.after(house.close)
  const visitor = house.visitor({ host: 'example.org' })
  for (const path of ['/api/accounts', '/api/session']) {
    const answer = await visitor.call('POST', path, { username: 'alice', password: PASSWORD })
    assert.deepEqual([answer.status, code(answer)], [403, 'https_required'])
  }
  assert.equal(house.registry.accounts.byName('alice'), null)
})

test('a token signs in without cookie or Origin, until it is revoked', async () => {
  const made = await alice.call('POST', '/api/tokens', { name: 'laptop' })
  assert.equal(made.status, 201)
  const { id, token } = made.json<{ id: string; token: string }>()
  const script = house.visitor()
  const send = { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"name":"from-script"}' }
  assert.equal((await script.send('POST', '/api/sites', send)).status, 201)
  const list = await alice.call('GET', '/api/tokens')
  assert.deepEqual(list.json<{ id: string; name: string }[]>().map(one => [one.id, one.name]), [[id, 'laptop']])
  assert.equal(list.text.includes(token), false)
  assert.equal(code(await bob.call('DELETE', `/api/tokens/${id}`)), 'not_found')
  assert.equal((await alice.call('DELETE', `/api/tokens/${id}`)).status, 204)
  assert.deepEqual([(await script.send('GET', '/api/sites', send)).status, code(await script.send('GET', '/api/session', send))], [401, 'unauthenticated'])
})

test('changing the password needs the old one and ends every other session', async () => {
  const dora = await house.visitor().signUp('dora')
  const elsewhere = await house.visitor().signIn('dora')
  const next = 'nine dry umbrellas'
  assert.equal(code(await dora.call('PUT', '/api/account/password', { current: 'wrong', password: next })), 'bad_credentials')
  assert.equal(code(await dora.call('PUT', '/api/account/password', { current: PASSWORD, password: 'x' })), 'password_weak')
  assert.equal((await dora.call('PUT', '/api/account/password', { current: PASSWORD, password: next })).status, 204)
  assert.equal((await dora.call('GET', '/api/session')).status, 200)
  assert.equal((await elsewhere.call('GET', '/api/session')).status, 401)
  assert.equal(code(await elsewhere.call('POST', '/api/session', { username: 'dora', password: PASSWORD })), 'bad_credentials')
})

test('an administrator suspends: the account looks but changes nothing', async () => {
  await alice.call('POST', '/api/sites', { name: 'blog' })
  const suspended = await boss.call('PATCH', '/api/accounts/alice', { state: 'suspended', reason: 'Unpaid <b>bill</b>' })
  assert.deepEqual([suspended.status, suspended.json().state, suspended.json().sites], [200, 'suspended', 2])
  assert.equal((await alice.call('GET', '/api/sites/blog')).json().state, 'suspended')
  const refused = await alice.call('POST', '/api/sites', { name: 'more' })
  assert.deepEqual([refused.status, code(refused)], [403, 'forbidden'])
  assert.match(refused.text, /Unpaid/)
  assert.equal((await boss.call('PATCH', '/api/accounts/alice', { state: 'active' })).json().state, 'active')
  assert.equal((await alice.call('POST', '/api/sites', { name: 'more' })).status, 201)
  const actions = (await boss.call('GET', '/api/audit?most=50')).json<{ action: string; actor: string }[]>()
  assert.ok(actions.some(one => one.action === 'account.suspend' && one.actor === 'boss'))
})

test('administrators can\'t lock themselves out, and accounts with names aren\'t deleted', async () => {
  assert.equal(code(await boss.call('PATCH', '/api/accounts/boss', { role: 'user' })), 'conflict')
  assert.equal(code(await boss.call('PATCH', '/api/accounts/boss', { state: 'suspended' })), 'conflict')
  assert.equal(code(await boss.call('DELETE', '/api/accounts/boss')), 'conflict')
  assert.equal(code(await boss.call('PATCH', '/api/accounts/nobody', { state: 'active' })), 'not_found')
  assert.equal(code(await boss.call('PATCH', '/api/accounts/alice', { rolle: 'admin' })), 'invalid')
  assert.equal(code(await boss.call('DELETE', '/api/accounts/alice')), 'conflict')
  assert.equal((await boss.call('DELETE', '/api/accounts/bob')).status, 204)
  assert.equal((await boss.call('PATCH', '/api/accounts/alice', { role: 'admin' })).json().role, 'admin')
})

test('the console is an administrator without cookie or Origin', async () => {
  const console = house.console()
  const json = { 'content-type': 'application/json' }
  assert.equal((await console.send('POST', '/api/accounts', { headers: json, body: JSON.stringify({ username: 'carl', password: PASSWORD }) })).status, 201)
  assert.equal((await console.send('POST', '/api/sites', { headers: json, body: '{"name":"notes","owner":"carl"}' })).status, 201)
  assert.equal(code(await console.send('POST', '/api/sites', { headers: json, body: '{"name":"blog2"}' })), 'invalid')
  assert.equal(code(await console.send('POST', '/api/sites', { headers: json, body: '{"name":"blog2","owner":"nobody"}' })), 'not_found')
  assert.equal((await console.send('GET', '/api/sites')).json<{ name: string; owner: string }[]>().find(site => site.name === 'notes')?.owner, 'carl')
  assert.equal((await console.send('GET', '/')).status, 404, 'no pages there')
})
