import assert from 'node:assert/strict'
import test from 'node:test'
import { changes, hashed, isDatabaseName, quoted, type Known } from '../../../provisioner/database/accounts.ts'

const hash = hashed('secret')
const alice = { name: 'alice', address: '10.213.0.2', hash, writes: true }
const nothing: Known = { databases: new Set(), users: [], grants: [] }
const made: Known = { databases: new Set(['alice']), users: [{ name: 'alice', address: '10.213.0.2', hash }], grants: [{ name: 'alice', address: '10.213.0.2', writes: true }] }

test('a password is kept as the server keeps it', () => {
  assert.equal(hashed('password'), '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19')
})

test('a site that has nothing gets a database and a user bound to its address; one that has all of it is left alone', () => {
  assert.deepEqual(changes([alice], nothing), [
    'CREATE DATABASE IF NOT EXISTS `alice`',
    `CREATE OR REPLACE USER 'alice'@'10.213.0.2' IDENTIFIED BY PASSWORD '${hash}' WITH MAX_USER_CONNECTIONS 30 MAX_STATEMENT_TIME 60`,
    "GRANT ALL PRIVILEGES ON `alice`.* TO 'alice'@'10.213.0.2'",
  ])
  assert.deepEqual(changes([alice], made), [])
})

test('another password, another address or another right changes that alone', () => {
  const other = hashed('other')
  assert.deepEqual(changes([{ ...alice, hash: other }], made), [`ALTER USER 'alice'@'10.213.0.2' IDENTIFIED BY PASSWORD '${other}'`, "KILL USER 'alice'@'10.213.0.2'"])
  assert.equal(changes([{ ...alice, address: '10.213.0.3' }], made)[0], "DROP USER IF EXISTS 'alice'@'10.213.0.2'")
  assert.deepEqual(changes([{ ...alice, writes: false }], made), [
    "REVOKE ALL PRIVILEGES ON `alice`.* FROM 'alice'@'10.213.0.2'", "GRANT SELECT, DELETE, DROP, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON `alice`.* TO 'alice'@'10.213.0.2'", "KILL USER 'alice'@'10.213.0.2'",
  ])
})

test('what is called a stray is dropped, user first', () => {
  assert.deepEqual(changes([], made, name => name === 'alice'), ["DROP USER IF EXISTS 'alice'@'10.213.0.2'", "KILL USER 'alice'@'10.213.0.2'", 'DROP DATABASE IF EXISTS `alice`'])
  assert.deepEqual(changes([], made, () => false), [])
})

test('nothing that would need escaping gets into a statement, and no site has a database of the server', () => {
  for (const bad of ["a'b", 'a`b', 'a\\', 'a b', 'a_b', 'a%', '', 'é', 'a;b']) assert.throws(() => quoted(bad), /can't be part of a statement/)
  for (const bad of ['mysql', 'sys', 'information-schema', 'a_b', 'A', '', '-a', 'a'.repeat(64)]) assert.equal(isDatabaseName(bad), false, bad)
  for (const good of ['a', 'my-site', 'a'.repeat(63)]) assert.equal(isDatabaseName(good), true, good)
})
