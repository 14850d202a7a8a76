// The doctor's look at the parent zone: a real one, of Debian's knot, with each way in which a delegation, its glue and its DS are wrong; and at who copies the zone.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { delegatedTo } from '../../../cli/doctor/delegation.ts'
import { delegationOf, type Delegation } from '../../../cli/doctor/parent.ts'
import { judged, type Host } from '../../../cli/doctor/prefix.ts'
import type { Reached } from '../../../cli/doctor/reached.ts'
import { copies } from '../../../cli/doctor/secondaries.ts'
import { signing } from '../../../cli/doctor/signing.ts'
import { generateKey } from '../../../gateway/control/dnssec/generate.ts'
import { dnskeyData, dnskeyText, dsText } from '../../../wire/dnskey.ts'
import { freePort } from '../../dns/copies.ts'
import { boundBoth, dataDirectory, sampleZone, startNameServer } from '../../dns/nameserver.ts'
import { until } from '../../helpers/patience.ts'
import { temporary } from '../../helpers/temporary.ts'

const ZONE = 'club.example.org'
const resolver = {
  resolveNs: async (name: string) => { if (name === 'example.org') return ['ns.example.org']; throw new Error('ENODATA') },
  resolve4: async () => ['127.0.0.1'],
}

/** The zone example.org with these records, on a knot; resolves with what the doctor sees of ours there. */
async function parent(t: TestContext, ...records: string[]): Promise<Delegation | null> {
  const [directory, port] = [temporary(t), await freePort()]
  writeFileSync(`${directory}/zone`, ['$ORIGIN example.org.', '$TTL 60', '@ SOA ns hostmaster 1 3600 600 86400 60', '@ NS ns', 'ns A 127.0.0.1', ...records, ''].join('\n'))
  writeFileSync(`${directory}/knot.conf`, `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
database:
  storage: "${directory}"
zone:
  - domain: example.org
    file: "${directory}/zone"
    zonefile-sync: -1
    journal-content: none
`)
  const child = spawn('knotd', ['-c', `${directory}/knot.conf`], { stdio: 'ignore' })
  t.after(async () => { child.kill('SIGKILL'); if (child.exitCode === null && child.signalCode === null) await once(child, 'exit') })
  let seen: Delegation | null = null
  await until('the parent answers', async () => (seen = await delegationOf(ZONE, resolver, port)) !== null)
  return seen
}

const key = dnskeyData(Buffer.from((await generateKey([])).publicKey, 'base64'))
const DS = dsText(ZONE, key)
const view = (change: Partial<Reached['signing']> = {}): Reached['signing'] => ({
  zone: ZONE, signed: true, stage: 'steady', parent: 'set', note: 'signed', until: null, lost: [], keys: [{ role: 'current', tag: Number(DS.split(' ')[0]), madeAt: 0, ds: DS, dnskey: dnskeyText(key) }], ...change,
})
const house = { zone: ZONE, publicIpv4: '192.0.2.1', publicIpv6: null, secondaries: [{ name: 'ns2.example.net', address: '192.0.2.2', port: 53 }] } as unknown as Reached
const lines = (findings: { subject: string; verdict: string; detail: string }[]): string[] => findings.map(({ subject, verdict, detail }) => `${subject} ${verdict}: ${detail}`)
const one = (findings: Parameters<typeof lines>[0]): string => lines(findings).join('\n')

test('a delegation is read at the parent: servers, glue and DS', async t => {
  const seen = await parent(t, 'club NS ns.club', 'club NS ns2.example.net.', 'ns.club A 192.0.2.1', `club DS ${DS}`)
  assert.deepEqual([seen?.servers.toSorted(), seen?.glue.get(`ns.${ZONE}`)], [[`ns.${ZONE}`, 'ns2.example.net'], ['192.0.2.1']])
  assert.deepEqual(seen?.ds.map(({ tag, algorithm, digestType, digest }) => `${tag} ${algorithm} ${digestType} ${digest}`), [DS])
  assert.ok(lines([...delegatedTo(house, seen?.servers ?? [], seen?.glue ?? null), ...signing(view(), seen?.ds ?? null)]).every(line => / well: /.test(line)))
})

test('one with another address, without a secondary and without a DS: what to change where', async t => {
  const seen = await parent(t, 'club NS ns.club', 'ns.club A 192.0.2.99')
  const [, glue, forgotten] = lines(delegatedTo(house, seen?.servers ?? [], seen?.glue ?? null))
  assert.match(glue ?? '', /^glue flaw: the parent gives 192\.0\.2\.99 for ns\.club\.example\.org, and it is 192\.0\.2\.1: change/)
  assert.match(forgotten ?? '', /^secondaries warning: the parent doesn't name ns2\.example\.net/)
  assert.match(one(signing(view({ parent: 'unset' }), seen?.ds ?? null)), /^signing warning: .*the parent has no DS, .* give the DS of auberge dns ds/)
})

test('addresses of both kinds are looked for: one that is wrong is a flaw, one that is missing beside the other a warning', async t => {
  const both = { ...house, publicIpv6: '2001:db8::1' }
  const glue = async (records: string[], of: Reached = both): Promise<string | undefined> => {
    const seen = await parent(t, 'club NS ns.club', 'club NS ns2.example.net.', ...records.map(record => `ns.club ${record}`))
    return lines(delegatedTo(of, seen?.servers ?? [], seen?.glue ?? null))[1]
  }
  assert.match(await glue(['A 192.0.2.1', 'AAAA 2001:db8:0::1']) ?? '', /^glue well: /)
  assert.match(await glue(['A 192.0.2.1']) ?? '', /^glue warning: the parent gives 192\.0\.2\.1 for ns\S+, and it is 192\.0\.2\.1 and 2001:db8::1: change/)
  assert.match(await glue(['A 192.0.2.1', 'AAAA 2001:db8::99']) ?? '', /^glue flaw: the parent gives 192\.0\.2\.1, 2001:db8::99 /)
  assert.match(await glue(['AAAA 2001:db8::1'], { ...both, publicIpv4: null }) ?? '', /^glue well: /)
  assert.match(await glue(['A 192.0.2.1'], { ...both, publicIpv4: null }) ?? '', /^glue flaw: /)
})

test('a zone that the parent does not know, and a parent that nobody can ask', async t => {
  const seen = await parent(t)
  assert.deepEqual(seen, { servers: [], glue: new Map(), ds: [] })
  assert.match(one(delegatedTo(house, seen?.servers ?? [], seen?.glue ?? null)), /^delegation flaw: nobody outside finds .* \(the parent zone names no server\): .*ns\.club\.example\.org and ns2\.example\.net/)
  assert.equal(await delegationOf('club.example.net', resolver), null)
})

test('a DS of another key is a flaw, one of an unsigned zone too; one of ours in any digest is well, and is to be confirmed', async () => {
  const other = { tag: 4711, algorithm: 13, digestType: 2, digest: 'AB'.repeat(32) }
  const [tag, algorithm, digestType, digest] = DS.split(' ')
  const ours = { tag: Number(tag), algorithm: Number(algorithm), digestType: Number(digestType), digest: digest ?? '' }
  assert.match(one(signing(view(), [other])), /^signing flaw: the parent's DS \(key 4711\) fits no key of this house .*refuse the zone/)
  assert.match(one(signing(view({ lost: ['4711 13 2 AB'] }), [other])), /^signing flaw/)
  assert.match(one(signing(view({ signed: false, stage: 'off', keys: [] }), [other])), /^signing flaw: the parent has a DS of club\.example\.org \(key 4711\), but the zone isn't signed/)
  assert.match(one(signing(view(), [other, ours])), /^signing well: /)
  assert.match(one(signing(view({ parent: 'unset' }), [ours])), /^signing warning: .*run auberge dns confirm/)
  assert.match(one(signing(view({ stage: 'withdrawing', note: 'remove the DS' }), [ours])), /^signing warning: .*remove the DS/)
  assert.match(one(signing(view({ stage: 'withdrawing' }), [])), /^signing warning: .*run auberge dns confirm/)
  assert.match(one(signing(view({ signed: false, stage: 'off', keys: [] }), [])), /^signing well: off/)
  for (const changed of [{ digest: ours.digest.replace(/.$/, each => (each === '0' ? '1' : '0')) }, { algorithm: 8 }, { digestType: 3 }]) assert.match(one(signing(view(), [{ ...ours, ...changed }])), /^signing flaw/)
  assert.match(one(signing(view({ lost: ['1 13 2 AB'], note: 'restored without its key 1' }), null)), /^signing warning: restored without/)
})

test('secondaries: one with our version, one behind, one ahead, one without the zone, one that is silent', async t => {
  const serve = async (serial: number, zone = ZONE) => {
    const { data, remove } = dataDirectory(sampleZone({ zone, serial }))
    const { udp, tcp } = await boundBoth()
    const server = startNameServer(data, zone, udp.fd, tcp.fd)
    tcp.close()
    t.after(async () => { server.child.kill('SIGKILL'); await server.exit; udp.close(); remove() })
    await server.ready
    return { name: null, address: '127.0.0.1', port: udp.port }
  }
  const [own, same, behind, ahead, other] = await Promise.all([serve(10), serve(10), serve(7), serve(12), serve(10, 'example.net')])
  const said = lines(await copies(ZONE, own, [same, behind, ahead, other, { name: 'ns2.example.net', address: '127.0.0.1', port: await freePort() }]))
  const expected = [/ well: .* has version 10, as this house/, / warning: .* has version 7, behind 10 here/, / flaw: .* has version 12, ahead of 10 here, .*zone-retransfer/, / flaw: .* has no copy of club\.example\.org/, /^secondary ns2\.example\.net flaw: nothing answers/]
  for (const [n, line] of said.entries()) assert.match(line, expected[n] ?? /^$/)
  assert.equal(said.length, expected.length)
})

test('a prefix: local and answering, not local, behind doors of IPv4 alone, on a network of its own, without a way out', () => {
  const prefix = '2001:db8:1:2::/64'
  const host: Host = { local: [{ type: 'local', dst: prefix, dev: 'lo' }], defaults: [{ dst: 'default' }], addresses: [{ device: 'lo', address: '2001:db8:1:2::1' }, { device: 'eth0', address: '2001:db8::7' }] }
  assert.ok(lines(judged(prefix, host, true)).every(line => / well: /.test(line)))
  assert.match(one(judged(prefix, { ...host, local: [] }, true)), /^IPv6 prefix flaw: .* isn't local to this host/)
  assert.match(one(judged(prefix, host, false)), /^IPv6 prefix flaw: .*doors must listen on \[::\]/)
  assert.match(one(judged(prefix, { ...host, defaults: [] }, true)), /\nIPv6 route warning: this host has no default route/)
  assert.match(one(judged(prefix, { ...host, addresses: [{ device: 'eth0', address: '2001:db8:1:2::7' }] }, true)), /\nIPv6 neighbours warning: eth0 has 2001:db8:1:2::7 .*ndppd/)
})
