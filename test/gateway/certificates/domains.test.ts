// Certificates of custom domains by the house's own authorities: who accepts what, what is kept, and what openssl and curl say with the root imported.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { pino } from 'pino'
import { Certificates } from '../../../gateway/certificates/certificates.ts'
import type { Certificate } from '../../../gateway/messages.ts'
import { until } from '../../helpers/patience.ts'
import { temporary } from '../../helpers/temporary.ts'

const log = pino({ level: 'silent' })

test('a domain outside the zone is signed by an authority of its own, which may sign nothing in the zone', async t => {
  const { certificates, data } = await opened(t)
  await certificates.wantDomain('www.example.org')
  const leaf = leafOf(certificates, 'www.example.org')
  const [zone, domains] = [certificates.authority ?? '', certificates.domainsAuthority ?? '']
  assert.deepEqual([await verified(data, leaf, domains), await verified(data, leaf, zone)], ['good', 'bad'])
  assert.deepEqual([await verified(data, leafOf(certificates, 'house.example'), zone), await verified(data, leafOf(certificates, 'house.example'), domains)], ['good', 'bad'])
  const { stdout } = await execa('openssl', ['x509', '-noout', '-text'], { input: domains })
  assert.match(stdout, /Name Constraints: critical\s+Excluded:\s+DNS:house\.example/)
})

test('a house without custom domains has no second authority, and names of the zone never ask for one', async t => {
  const { certificates } = await opened(t)
  await certificates.want('example.org')
  await certificates.wantDomain('alice.house.example')
  assert.equal(certificates.domainsAuthority, null)
  assert.deepEqual(all(certificates).map(({ names }) => names[0]), ['house.example'])
})

test('many at once are made of one authority, kept over a restart, and go when they are given back', async t => {
  const first = await opened(t)
  const names = Array.from({ length: 20 }, (_, index) => `d${index}.example.org`)
  await Promise.all(names.map(name => first.certificates.wantDomain(name)))
  const authority = first.certificates.domainsAuthority
  first.certificates.drop('d0.example.org')
  await first.certificates.close()
  const { certificates } = await opened(t, first.data, names.slice(1))
  assert.equal(certificates.domainsAuthority, authority)
  assert.deepEqual(all(certificates).filter(({ names: [name] }) => name !== 'house.example').map(({ chain }) => chain).sort(), all(first.certificates).filter(({ names: [name] }) => name !== 'house.example').map(({ chain }) => chain).sort())
  assert.equal(all(certificates).length, 20)
})

test('domains that were added while control was away get theirs when it is back', async t => {
  const { certificates } = await opened(t, temporary(t), ['late.example'])
  await until('a certificate for late.example', () => all(certificates).some(({ names }) => names[0] === 'late.example'))
  assert.equal(new X509Certificate(leafOf(certificates, 'late.example').chain).subjectAltName, 'DNS:late.example')
})

test('curl accepts a domain with the imported root, and another name not', async t => {
  const { certificates, data } = await opened(t)
  await certificates.wantDomain('shop.example')
  const { chain: cert, key } = leafOf(certificates, 'shop.example')
  const server = createServer({ cert, key }, socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')).on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  writeFileSync(`${data}/root.pem`, certificates.domainsAuthority ?? '')
  const fetched = (host: string) => execa('curl', ['-sS', '--cacert', `${data}/root.pem`, '--connect-to', `${host}:443:127.0.0.1:${port}`, `https://${host}/`], { reject: false })
  assert.equal((await fetched('shop.example')).stdout, 'ok')
  assert.equal((await fetched('other.example')).exitCode, 60)
})

async function opened(t: TestContext, data = temporary(t), domains: string[] = []): Promise<{ certificates: Certificates; data: string }> {
  const certificates = await Certificates.open({ zone: 'house.example', source: 'internal', directory: `${data}/certificates`, snapshot: `${data}/routes/certificates.json`, hosts: ['house.example'], domains, log })
  t.after(() => certificates.close())
  return { certificates, data }
}

function all(certificates: Certificates): Certificate[] {
  const [first] = certificates.messages()
  return first?.type === 'certificates' ? first.certificates : assert.fail('certificates come first')
}

function leafOf(certificates: Certificates, name: string): Certificate {
  return all(certificates).find(({ names }) => names[0] === name) ?? assert.fail(`no certificate for ${name}`)
}

/** What `openssl verify` says with only that root. */
async function verified(data: string, { chain }: Certificate, root: string): Promise<'good' | 'bad'> {
  writeFileSync(`${data}/root.pem`, root)
  writeFileSync(`${data}/leaf.pem`, chain)
  const { exitCode } = await execa('openssl', ['verify', '-no-CApath', '-no-CAstore', '-CAfile', `${data}/root.pem`, '-untrusted', `${data}/leaf.pem`, '-purpose', 'sslserver', `${data}/leaf.pem`], { reject: false })
  return exitCode === 0 ? 'good' : 'bad'
}
