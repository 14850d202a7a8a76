// What the options of ACME name as files: read by root at the start, told to control alone, and what each file that is of no use is told.
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { newKey, signRoot } from '../../gateway/certificates/x509.ts'
import { readAcmeFiles } from '../../supervisor/acme.ts'
import { crew } from '../../supervisor/crew.ts'
import type { AcmeServer } from '../../wire/house.ts'
import { houseAt } from '../gateway/control/stage.ts'
import { temporary } from '../helpers/temporary.ts'

const server = (change: Partial<AcmeServer>): AcmeServer => ({ url: 'https://ca.example/dir', email: null, caFile: null, binding: null, chain: null, profile: null, ...change })
const KEY = Buffer.alloc(32, 9)

test('an authority is its certificates, a key its bytes in base64url, however the authority wrote it', async t => {
  const directory = temporary(t)
  const ca = signRoot('localhost', await newKey(2048), Date.now())
  writeFileSync(`${directory}/ca.pem`, `# ours\n${ca}\n${ca}`)
  for (const text of [KEY.toString('base64url'), `${KEY.toString('base64')}\n`]) {
    writeFileSync(`${directory}/eab.key`, text, { mode: 0o600 })
    const files = readAcmeFiles(server({ caFile: `${directory}/ca.pem`, binding: { kid: 'k', keyFile: `${directory}/eab.key` } }))
    assert.deepEqual([files?.ca?.match(/BEGIN/g)?.length, files?.bindingKey], [2, KEY.toString('base64url')])
  }
  assert.equal(readAcmeFiles('internal'), null)
  assert.deepEqual(readAcmeFiles(server({})), { ca: null, bindingKey: null })
})

test('what is of no use is refused with the file and without what is in it', async t => {
  const directory = temporary(t)
  const file = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(`${directory}/${name}`, text)
    chmodSync(`${directory}/${name}`, mode)
    return `${directory}/${name}`
  }
  const secret = KEY.toString('base64url')
  assert.throws(() => readAcmeFiles(server({ caFile: `${directory}/none` })), /none can't be used \(ENOENT\)/)
  assert.throws(() => readAcmeFiles(server({ caFile: file('a.pem', 'nothing') })), /no certificate in it/)
  assert.throws(() => readAcmeFiles(server({ binding: { kid: 'k', keyFile: file('b', 'short') } })), /holds no key/)
  assert.throws(() => readAcmeFiles(server({ binding: { kid: 'k', keyFile: file('c', secret, 0o644) } })), (error: Error) => /everybody/.test(error.message) && !error.message.includes(secret))
})

test('control alone is told', () => {
  const house = houseAt('/data', { https: [{ address: '127.0.0.1', port: 8443 }], acme: server({}) })
  const posts = crew(house, { http: [], https: [], dnsUdp: [], dnsTcp: [] }, { acme: { ca: null, bindingKey: 'SECRET' } })
  assert.deepEqual(posts.filter(({ briefing }) => JSON.stringify(briefing).includes('SECRET')).map(({ role }) => role), ['control'])
})
