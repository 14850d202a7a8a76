// The doctor's look from the outside in: what it says where all is well, and for each thing that isn't, what mends it.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as secureServer } from 'node:https'
import { test, type TestContext } from 'node:test'
import { allowed, relevant } from '../../../cli/doctor/caa.ts'
import { seen } from '../../../cli/doctor/outside.ts'
import type { Ask, Reached } from '../../../cli/doctor/reached.ts'
import { localCertificate } from '../../gateway/certificates/acme/pebble.ts'
import { boundBoth, dataDirectory, sampleZone, startNameServer } from '../../dns/nameserver.ts'
import { temporary } from '../../helpers/temporary.ts'

const ZONE = 'club.example.org'
const nobody = async (): Promise<never> => { throw Object.assign(new Error('no'), { code: 'ENOTFOUND' }) }
const world = (change: Partial<Ask> = {}): Ask => ({ resolveNs: async () => [`ns.${ZONE}`], resolve4: async () => ['127.0.0.1'], resolve6: async () => ['0:0::1'], resolveCaa: async () => [], parent: async () => null, ...change })

const UNSIGNED: Reached['signing'] = { zone: ZONE, signed: false, stage: 'off', parent: 'unset', note: 'not signed', until: null, keys: [], lost: [] }

function reached(change: Partial<Reached>): Reached {
  return { zone: ZONE, publicIpv4: '127.0.0.1', publicIpv6: null, ipv6Prefix: null, ports: { http: null, https: null, dns: null }, nameServer: null, secondaries: [], signing: UNSIGNED, acme: null, ...change }
}

const said = async (house: Reached, ask: Ask) => Object.fromEntries((await seen(house, ask)).map(({ subject, verdict, detail }) => [subject, `${verdict}: ${detail}`]))

async function nameServer(t: TestContext, zone: string, address = '127.0.0.1'): Promise<number> {
  const { data, remove } = dataDirectory(sampleZone({ zone }))
  const { udp, tcp } = await boundBoth(address)
  const server = startNameServer(data, zone, udp.fd, tcp.fd, address)
  t.after(async () => { server.child.kill('SIGKILL'); await server.exit; udp.close(); remove() })
  await server.ready
  tcp.close()
  return udp.port
}

async function door(t: TestContext, address = '127.0.0.1'): Promise<number> {
  const server = createServer(socket => socket.end()).listen(0, address)
  t.after(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function acmeServer(t: TestContext, { ahead = 0, directory = { newOrder: 'https://x/', meta: { caaIdentities: ['ca.example'] } } as object } = {}) {
  const { ca, cert, key } = await localCertificate()
  const server = secureServer({ cert, key }, (_request, response) => response.setHeader('date', new Date(Date.now() + ahead).toUTCString()).end(JSON.stringify(directory))).listen(0, '127.0.0.1')
  t.after(() => { server.close(); server.closeAllConnections() })
  await once(server, 'listening')
  const caFile = `${temporary(t)}/ca.pem`
  writeFileSync(caFile, ca)
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`, caFile }
}

test('a house in order: delegated, answering over both transports, doors open, the server reached and allowed, the clock right', async t => {
  const ports = { http: await door(t), https: await door(t), dns: await nameServer(t, ZONE) }
  const caa = { resolveCaa: async (name: string) => (name === 'example.org' ? [{ critical: 0, issue: 'ca.example; x=y' }] : []) }
  const findings = await said(reached({ ports, acme: await acmeServer(t) }), world(caa))
  assert.deepEqual(Object.entries(findings).filter(([, text]) => !text.startsWith('well:')), [])
  assert.deepEqual(Object.keys(findings), ['delegation', 'address', `port ${ports.dns} over UDP`, `port ${ports.dns} over TCP`, `port ${ports.http} (HTTP)`, `port ${ports.https} (HTTPS)`, 'CAA', 'ACME server', 'clock'])
})

test('by IPv6 the same is looked at: address, name server and doors', async t => {
  const [http, dns] = [await door(t, '::1'), await nameServer(t, ZONE, '::1')]
  const findings = await said(reached({ publicIpv4: null, publicIpv6: '::1', ports: { http, https: null, dns } }), world())
  assert.deepEqual(Object.entries(findings).filter(([, text]) => !text.startsWith('well:')), [])
  assert.deepEqual(Object.keys(findings), ['delegation', 'address over IPv6', `port ${dns} over UDP over IPv6`, `port ${dns} over TCP over IPv6`, `port ${http} (HTTP) over IPv6`])
  const both = await said(reached({ publicIpv6: '::1', ports: { http, https: null, dns } }), world({ resolve6: async () => ['2001:db8::9'] }))
  assert.match(both['address over IPv6'] ?? '', /^flaw: club\S+ is 2001:db8::9 outside, and ::1 here; say --public-ipv6/)
  assert.match(both[`port ${dns} over UDP`] ?? '', /^flaw: nothing answers at 127\.0\.0\.1/)
  assert.match(both[`port ${dns} over UDP over IPv6`] ?? '', /^well: /)
})

test('a zone that nobody delegated, or that is elsewhere: what to name where', async () => {
  const ports = { http: null, https: null, dns: 9 }
  const lost = await said(reached({ publicIpv4: null, ports, secondaries: [{ name: 'ns2.example.net', address: '192.0.2.2', port: 53 }] }), world({ resolveNs: nobody }))
  assert.match(lost.delegation ?? '', /^flaw: nobody outside finds club\.example\.org \(ENOTFOUND\): at whoever registers.*ns\.club\.example\.org and ns2\.example\.net/)
  const elsewhere = await said(reached({ publicIpv4: null, ports }), world({ resolveNs: async () => ['ns1.parking.example'] }))
  assert.match(elsewhere.delegation ?? '', /^flaw: .*ns1\.parking\.example, which isn't this house/)
})

test('an address that the world knows otherwise', async t => {
  const findings = await said(reached({ ports: { http: null, https: null, dns: await nameServer(t, ZONE) } }), world({ resolve4: async () => ['192.0.2.9'] }))
  assert.match(findings.address ?? '', /^flaw: .*192\.0\.2\.9 outside, and 127\.0\.0\.1 here; say --public-ipv4/)
})

test('a name server that is not reached, one that knows another zone, and doors that are closed', async t => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const silent = socket.address().port
  const findings = await said(reached({ ports: { http: silent, https: null, dns: silent } }), world())
  assert.match(findings[`port ${silent} over UDP`] ?? '', /^flaw: nothing answers at 127\.0\.0\.1: open the port/)
  assert.match(findings[`port ${silent} over TCP`] ?? '', /^flaw: nothing answers/)
  assert.match(findings[`port ${silent} (HTTP)`] ?? '', /^warning: closed at 127\.0\.0\.1/)
  const other = await nameServer(t, 'other.example.org')
  const strange = await said(reached({ ports: { http: null, https: null, dns: other } }), world())
  assert.match(strange[`port ${other} over UDP`] ?? '', /^flaw: what answers .* does not know club\.example\.org/)
})

test('CAA that forbids the server, a server that is no ACME server, one that nobody vouches for, one that is away, and a wrong clock', async t => {
  const acme = await acmeServer(t, { ahead: 3 * 3600 * 1000 })
  const findings = await said(reached({ acme }), world({ resolveCaa: async () => [{ critical: 0, issue: 'other.example' }] }))
  assert.match(findings.CAA ?? '', /^flaw: club\.example\.org allows other\.example to sign, and not ca\.example; add CAA 0 issue "ca\.example"/)
  assert.match(findings.clock ?? '', /^flaw: 180 min behind the ACME server's; .*timedatectl/)
  assert.match((await said(reached({ acme: { ...acme, caFile: null } }), world()))['ACME server'] ?? '', /^flaw: .*--acme-ca-file/)
  assert.match((await said(reached({ acme: await acmeServer(t, { directory: {} }) }), world()))['ACME server'] ?? '', /^flaw: .*no ACME directory/)
  assert.match((await said(reached({ acme: { url: 'https://127.0.0.1:9/dir', caFile: null } }), world()))['ACME server'] ?? '', /^flaw: .*ECONNREFUSED.*resolver/)
})

test('a zone that the world can\'t know isn\'t looked for there', async () => {
  for (const zone of ['localhost', 'auberge.test', 'club.internal']) assert.deepEqual(await seen(reached({ zone }), world({ resolveNs: nobody })), [])
})

test('of CAA the nearest set counts, a wildcard has its own where there is one, and an empty value is nobody', async () => {
  const sets: Record<string, { critical: number; issue?: string; issuewild?: string }[]> = { 'example.org': [{ critical: 0, issue: 'A.example; policy=1' }, { critical: 0, issuewild: ';' }], 'b.example.org': [{ critical: 0, issue: 'b.example' }] }
  const ask = async (name: string) => sets[name] ?? []
  assert.equal((await relevant('c.b.example.org', ask)).at, 'b.example.org')
  assert.deepEqual(allowed((await relevant('x.example.org', ask)).records), { plain: ['a.example'], wild: [] })
  assert.deepEqual(allowed((await relevant('b.example.org', ask)).records), { plain: ['b.example'], wild: ['b.example'] })
  assert.deepEqual(allowed([]), { plain: null, wild: null })
})
