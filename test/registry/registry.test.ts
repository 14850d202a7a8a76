import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { migrate } from '../../registry/migrate.ts'
import { openAudit } from '../../registry/audit.ts'
import { openRegistry } from '../../registry/open.ts'
import { account, freshRegistry, scratch } from './scratch.ts'

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected

test('a registry opens empty, keeps what it is given and opens again', async t => {
  const { registry, file } = freshRegistry(t)
  const alice = await account(registry)
  registry.reservations.create({ name: 'shop', owner: alice.id, kind: 'site' })
  registry.sites.create({ name: 'shop', owner: alice.id, image: 'php' })
  registry.settings.set('serial', '7')
  registry.close()
  const again = openRegistry(file)
  t.after(() => { again.close() })
  assert.deepEqual(again.accounts.byName('alice'), alice)
  assert.equal(again.sites.get('shop')?.image, 'php')
  assert.equal(again.settings.get('serial'), '7')
})

test('the file and its journal are for their owner only', async t => {
  const { registry, file } = freshRegistry(t)
  await account(registry)
  for (const suffix of ['', '-wal', '-shm']) assert.equal(statSync(file + suffix).mode & 0o777, 0o600, suffix)
})

test('neither passwords nor session secrets nor tokens are in the file', async t => {
  const { registry, file } = freshRegistry(t)
  const alice = await account(registry)
  const { secret } = registry.sessions.create(alice.id)
  const { token } = registry.tokens.create(alice.id, 'laptop')
  const bytes = Buffer.concat([readFileSync(file), readFileSync(`${file}-wal`)])
  for (const hidden of ['correct horse', secret, token]) assert.equal(bytes.includes(hidden), false)
})

test('a file of a newer program, or of no database, is refused and left as it is', t => {
  const folder = scratch(t)
  const newer = new Database(`${folder}/newer.db`)
  newer.pragma('user_version = 999')
  newer.close()
  assert.throws(() => openRegistry(`${folder}/newer.db`), /start a newer Auberge/)
  writeFileSync(`${folder}/text.db`, 'this is no database\n'.repeat(100))
  assert.throws(() => openRegistry(`${folder}/text.db`))
  assert.equal(readFileSync(`${folder}/text.db`, 'utf8').startsWith('this is no'), true)
})

test('a migration that fails leaves the shape and the version of before', t => {
  const db = new Database(`${scratch(t)}/half.db`)
  t.after(() => { db.close() })
  const good = { version: 1, sql: 'CREATE TABLE one (a INTEGER)' }
  migrate(db, [good])
  const bad = { version: 2, sql: 'CREATE TABLE two (a INTEGER); CREATE TABLE one (a INTEGER)' }
  assert.throws(() => migrate(db, [good, bad]), /already exists/)
  assert.equal(db.pragma('user_version', { simple: true }), 1)
  assert.equal(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'two'").pluck().get(), 0)
  migrate(db, [good])
})

test('a transaction that throws undoes all of it', async t => {
  const { registry } = freshRegistry(t)
  const alice = await account(registry)
  assert.throws(() => registry.transaction(() => {
    registry.reservations.create({ name: 'shop', owner: alice.id, kind: 'site' })
    registry.audit.add({ actor: 'alice', action: 'site.create', subject: 'shop' })
    throw new Error('no')
  }), /no/)
  assert.equal(registry.reservations.get('shop'), null)
  assert.deepEqual(registry.audit.list(10), [])
})

test('a right password gives the account; a wrong one, or an unknown name, null', async t => {
  const { registry } = freshRegistry(t)
  const alice = await account(registry)
  assert.deepEqual(await registry.accounts.verify('alice', 'correct horse'), alice)
  assert.equal(await registry.accounts.verify('alice', 'correct hors'), null)
  assert.equal(await registry.accounts.verify('bob', 'correct horse'), null)
  assert.equal(await registry.accounts.verify("' OR 1=1 --", ''), null)
})

test('a password stored with other parameters still works and is hashed anew', async t => {
  const { registry, file } = freshRegistry(t)
  await account(registry)
  const db = new Database(file)
  t.after(() => { db.close() })
  const { scryptSync } = await import('node:crypto')
  const salt = Buffer.alloc(16, 7)
  const old = `$scrypt$ln=10,r=8,p=1$${salt.toString('base64')}$${scryptSync('correct horse', salt, 32, { N: 1024 }).toString('base64')}`
  db.prepare('UPDATE accounts SET password = ?').run(old)
  assert.notEqual(await registry.accounts.verify('alice', 'correct horse'), null)
  assert.match(String(db.prepare('SELECT password FROM accounts').pluck().get()), /^\$scrypt\$ln=14,r=8,p=5\$/)
  assert.notEqual(await registry.accounts.verify('alice', 'correct horse'), null)
})

test('of many who want a username at once, one gets it', async t => {
  const { registry } = freshRegistry(t)
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => account(registry)))
  assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 1)
  for (const one of outcomes) if (one.status === 'rejected') assert.equal(code('username_taken')(one.reason), true)
})

test('an invite of one use makes one account, and a refused sign-up uses nothing', async t => {
  const { registry } = freshRegistry(t)
  const { code: invite } = registry.invites.create(null, 1)
  await assert.rejects(registry.accounts.create({ username: 'a', password: 'short', invite }), code('password_weak'))
  const wanting = ['bob', 'carol', 'dave'].map(username => registry.accounts.create({ username, password: 'correct horse', invite: invite.toUpperCase() }))
  const outcomes = await Promise.allSettled(wanting)
  assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 1)
  assert.equal(registry.accounts.list().length, 1)
  assert.equal(registry.invites.list()[0]?.used, 1)
  await assert.rejects(registry.accounts.create({ username: 'erin', password: 'correct horse', invite: 'nope' }), code('invite_invalid'))
})

test('a flood of sign-ins is refused beyond a bound and leaves the rest served', async t => {
  const { registry } = freshRegistry(t)
  const flood = Array.from({ length: 53 }, (_, index) => registry.accounts.verify(`nobody${index}`, 'x'))
  const outcomes = await Promise.allSettled(flood.slice(52))
  assert.equal(outcomes.every(one => one.status === 'rejected' && code('rate_limited')(one.reason)), true)
  const served = await Promise.all(flood.slice(0, 52))
  assert.equal(served.every(one => one === null), true)
})

test('a session stands for its account until it is revoked, expires, lies unused or the password changes', async t => {
  const { registry, file } = freshRegistry(t)
  const alice = await account(registry)
  const db = new Database(file)
  t.after(() => { db.close() })
  const one = registry.sessions.create(alice.id)
  assert.deepEqual(registry.sessions.find(one.secret), alice)
  registry.sessions.revoke(one.secret)
  assert.equal(registry.sessions.find(one.secret), null)
  for (const change of ['expires_at = 1', 'last_used_at = 1']) {
    const { secret } = registry.sessions.create(alice.id)
    db.exec(`UPDATE sessions SET ${change}`)
    assert.equal(registry.sessions.find(secret), null, change)
  }
  const { secret } = registry.sessions.create(alice.id)
  await registry.accounts.setPassword(alice.id, 'battery staple')
  assert.equal(registry.sessions.find(secret), null)
  assert.notEqual(await registry.accounts.verify('alice', 'battery staple'), null)
})

test('an account has a bounded number of sessions, the newest', async t => {
  const { registry, file } = freshRegistry(t)
  const alice = await account(registry)
  const secrets = Array.from({ length: 60 }, () => registry.sessions.create(alice.id).secret)
  const db = new Database(file, { readonly: true })
  t.after(() => { db.close() })
  assert.equal(db.prepare('SELECT count(*) FROM sessions').pluck().get(), 50)
  assert.notEqual(registry.sessions.find(secrets.at(-1) ?? ''), null)
})

test('secrets of tokens and sessions are nowhere on the disk', async t => {
  const { registry, file } = freshRegistry(t)
  const alice = await account(registry)
  const { token, id } = registry.tokens.create(alice.id, 'laptop')
  const { secret } = registry.sessions.create(alice.id)
  const kept = Buffer.concat([file, `${file}-wal`].map(each => readFileSync(each)))
  assert.equal(kept.includes(id), true)
  for (const hidden of [token, token.replace(/^abt_/, ''), secret]) assert.equal(kept.includes(hidden), false)
})

test("a token works until its owner revokes it, and nobody else's id does", async t => {
  const { registry } = freshRegistry(t)
  const [alice, bob] = [await account(registry), await account(registry, 'bob')]
  const { id, token } = registry.tokens.create(alice.id, 'laptop')
  assert.deepEqual(registry.tokens.find(token), { account: alice, scope: { may: 'all' } })
  assert.notEqual(registry.tokens.list(alice.id)[0]?.lastUsedAt, null)
  assert.throws(() => registry.tokens.revoke(bob.id, id), code('not_found'))
  registry.tokens.revoke(alice.id, id)
  assert.equal(registry.tokens.find(token), null)
})

test('a name is held by one account, within its quota', async t => {
  const { registry } = freshRegistry(t)
  const [alice, root] = [await account(registry), await account(registry, 'root', 'admin')]
  registry.reservations.create({ name: 'one', owner: alice.id, kind: 'site', most: 1 })
  assert.throws(() => registry.reservations.create({ name: 'one', owner: root.id, kind: 'site' }), code('name_taken'))
  assert.throws(() => registry.reservations.create({ name: 'two', owner: alice.id, kind: 'site', most: 1 }), code('quota'))
  assert.throws(() => registry.reservations.create({ name: 'www', owner: root.id, kind: 'site' }), code('name_reserved'))
  for (const name of ['two', 'three']) registry.reservations.create({ name, owner: root.id, kind: 'site', most: 1 })
  assert.deepEqual(registry.reservations.list(root.id).map(one => one.name), ['three', 'two'])
  assert.throws(() => registry.accounts.remove(alice.id), code('conflict'))
})

test('what is being made or removed is told apart from what is held', async t => {
  const { registry } = freshRegistry(t)
  const { id: owner } = await account(registry)
  for (const name of ['one', 'two', 'three']) registry.reservations.create({ name, owner, kind: 'site', phase: name === 'two' ? 'creating' : 'held' })
  registry.reservations.mark('three', 'deleting')
  assert.deepEqual([...registry.reservations.walk()].map(one => one.name), ['one', 'three', 'two'])
  assert.deepEqual(registry.reservations.unfinished().map(one => [one.name, one.phase]), [['three', 'deleting'], ['two', 'creating']])
})

test('a name given up is for its last owner alone until the stated time, an undone retake included', async t => {
  const { registry } = freshRegistry(t)
  const [alice, bob] = [await account(registry), await account(registry, 'bob')]
  const take = (owner: number) => registry.reservations.create({ name: 'shop', owner, kind: 'site' })
  take(alice.id)
  registry.reservations.remove('shop', Date.now() + 3_600_000)
  assert.equal(registry.reservations.check('shop').available, false)
  assert.equal(registry.reservations.check('shop', alice.id).available, true)
  assert.throws(() => take(bob.id), code('name_taken'))
  take(alice.id)
  registry.reservations.remove('shop', 0)
  assert.throws(() => take(bob.id), code('name_taken'))
  take(alice.id)
  registry.reservations.remove('shop', Date.now() - 1)
})

test("a removed account's quarantined names are nobody's, and its id is not given again", async t => {
  const { registry } = freshRegistry(t)
  const alice = await account(registry)
  registry.reservations.create({ name: 'shop', owner: alice.id, kind: 'site' })
  registry.reservations.remove('shop', Date.now() + 3_600_000)
  registry.accounts.remove(alice.id)
  const bob = await account(registry, 'bob')
  assert.notEqual(bob.id, alice.id)
  assert.throws(() => registry.reservations.create({ name: 'shop', owner: bob.id, kind: 'site' }), code('name_taken'))
})

test('a site keeps what a change does not name, and goes with its reservation', async t => {
  const { registry } = freshRegistry(t)
  const alice = await account(registry)
  registry.reservations.create({ name: 'shop', owner: alice.id, kind: 'site' })
  registry.sites.create({ name: 'shop', owner: alice.id, image: 'php', env: { A: '1' } })
  const site = registry.sites.update('shop', { limits: { cpu: 0.5 } })
  assert.deepEqual([site.limits.cpu, site.limits.pids, site.env, site.owner], [0.5, 128, { A: '1' }, alice.id])
  registry.reservations.remove('shop', 0)
  assert.equal(registry.sites.get('shop'), null)
  assert.throws(() => registry.sites.update('shop', {}), code('not_found'))
})

test('a copy is of one moment while writes go on, and opens as a registry', async t => {
  const { registry } = freshRegistry(t)
  for (let count = 0; count < 500; count++) registry.audit.add({ actor: 'alice', action: 'before', subject: String(count) })
  const file = `${scratch(t)}/copy.db`
  const copied = registry.copy(file)
  registry.transaction(() => { for (let count = 0; count < 50; count++) registry.audit.add({ actor: 'alice', action: 'meanwhile', subject: String(count) }) })
  await copied
  const copy = openRegistry(file)
  t.after(() => { copy.close() })
  const actions = copy.audit.list(1000).map(entry => entry.action)
  assert.equal(actions.filter(action => action === 'before').length, 500)
  assert.ok([0, 50].includes(actions.filter(action => action === 'meanwhile').length))
})

test('the audit log keeps the newest lines up to a bound', t => {
  const { registry, file } = freshRegistry(t)
  const db = new Database(file)
  t.after(() => { db.close() })
  const audit = openAudit(db, 3)
  for (const subject of ['a', 'b', 'c', 'd', 'e']) audit.add({ actor: 'alice', action: 'site.create', subject })
  assert.deepEqual(registry.audit.list(10).map(entry => entry.subject), ['e', 'd', 'c'])
})
