// The keys that secondaries share with the house: what files are understood, and what each that isn't is told.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from '../../bin/parse.mjs'
import { thisHost } from '../../bin/host.mjs'
import { crew } from '../../supervisor/crew.ts'
import { parseKey, readKeys } from '../../supervisor/keys.ts'

const directory = mkdtempSync(join(tmpdir(), 'auberge-keys-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const SECRET = 'TuK9H3/8ZF6NEYpk7cbZn2pGxR1gWz0vGxkzu1jHvVQ='
const CLAUSE = `key "ns2.example" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`
const KEYMGR = `# hmac-sha256:ns2.example:${SECRET}\nkey:\n  - id: ns2.example\n    algorithm: hmac-sha256\n    secret: ${SECRET}\n`

function file(name: string, text: string, mode = 0o600): string {
  const path = join(directory, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}
const secondary = (keyFile: string | null) => ({ name: null, address: '192.0.2.7', port: 53, keyFile })

test('a key is read as tsig-keygen and keymgr write it, and as dig takes it', () => {
  for (const text of [CLAUSE, CLAUSE.replaceAll('"', ''), KEYMGR, `hmac-sha256:NS2.Example.:${SECRET}`, `HMAC-SHA256:ns2.example:${SECRET}\n`]) {
    assert.deepEqual(parseKey('f', text), { name: 'ns2.example', secret: SECRET }, text)
  }
})

test('what is no key is refused with the file, what is wrong and what to do, and without the secret', () => {
  const bad: [string, RegExp][] = [
    ['', /holds no key/], [`hmac-md5:a:${SECRET}`, /hmac-md5; only hmac-sha256/], [CLAUSE.replace('sha256', 'sha512'), /hmac-sha512/],
    ['hmac-sha256:a:QUJD', /3 bytes/], ['hmac-sha256:a:QUJDREVGR0hJSktMTU5PU==', /not base64/], [`hmac-sha256:a..b:${SECRET}`, /no domain name/],
    [`hmac-sha256:${'a'.repeat(64)}:${SECRET}`, /no domain name/],
  ]
  for (const [text, why] of bad) {
    assert.throws(() => parseKey('/etc/x.key', text), (error: Error) => why.test(error.message) && /\/etc\/x\.key .*tsig-keygen/.test(error.message) && !error.message.includes(SECRET), text)
  }
})

test('a key file that everybody may use, that is none, or is not there is refused', () => {
  assert.throws(() => readKeys([secondary(file('open', CLAUSE, 0o644))]), /used by everybody.*chmod o=/)
  assert.throws(() => readKeys([secondary(directory)]), /is no key file/)
  assert.throws(() => readKeys([secondary(file('big', CLAUSE + ' '.repeat(5000)))]), /is no key file/)
  assert.throws(() => readKeys([secondary(join(directory, 'gone'))]), /ENOENT/)
  const other = file('other', CLAUSE.replace('TuK9', 'AAAA'))
  assert.throws(() => readKeys([secondary(file('one', CLAUSE)), secondary(other)]), /another file has another secret under the name ns2\.example/)
})

test('keys are told to the name server and to no other process', () => {
  const path = file('mine', CLAUSE, 0o640)
  const request = parse(['up', '--workers', '1', '--secondary', `192.0.2.7,${path}`, '--secondary', '192.0.2.8'], {}, thisHost())
  assert.ok(request.kind === 'up')
  const posts = crew(request.house, { http: [], https: [], dnsUdp: [30], dnsTcp: [31] }, { keys: readKeys(request.house.secondaries) })
  const holders = posts.filter(post => JSON.stringify(post).includes(SECRET)).map(post => post.name)
  assert.deepEqual(holders, ['dns'])
  assert.deepEqual(posts.find(post => post.name === 'dns')?.briefing.keys, { [path]: { name: 'ns2.example', secret: SECRET } })
})
