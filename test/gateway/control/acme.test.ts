// The zone's wildcard by ACME in a whole control: proven by our own name server, told to relays, kept over restarts, and what is served where it can't be had.
import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { judged } from '../../../cli/doctor/certificates.ts'
import { certificatesOf } from '../../../gateway/certificates/acme/chains.ts'
import type { Certificate, CertificatesSnapshot, ToRelay } from '../../../gateway/messages.ts'
import { places, type AcmeServer } from '../../../wire/house.ts'
import { boundUdp, dig, startNameServer, type NameServer } from '../../dns/nameserver.ts'
import { until } from '../../helpers/patience.ts'
import { AT, Front, problem } from '../certificates/acme/front.ts'
import { Pebble } from '../certificates/acme/pebble.ts'
import type { FakeRelay } from './peers.ts'
import { stage, type Stage } from './stage.ts'

const ZONE = 'auberge.test'

/** `life`: of certificates, seconds. */
async function town(t: TestContext, { caFile = '/ca.pem' as string | null, before = async (_front: Front) => {}, life = 0 } = {}) {
  const socket = await boundUdp()
  t.after(() => socket.close())
  const pebble = await Pebble.start(t, { dns: `127.0.0.1:${socket.port}`, ...(life > 0 ? { life } : {}) })
  const front = await Front.start(t, pebble)
  await before(front)
  const acme: AcmeServer = { url: front.url, email: 'admin@auberge.test', caFile, binding: null, chain: null, profile: null }
  const set = await stage(t, { zone: ZONE, runtime: 'none', https: [{ address: '127.0.0.1', port: 8443 }], publicIpv4: '127.0.0.1', acme }, { ca: front.ca, bindingKey: null })
  const name = (): NameServer => {
    const server = startNameServer(set.house.data, ZONE, socket.fd, null)
    t.after(async () => { server.child.kill('SIGKILL'); await server.exit })
    return server
  }
  /** What our name server shows at the challenge's name. */
  const values = async (): Promise<string[]> => (await dig(socket.port, `_acme-challenge.${ZONE}`, 'TXT')).answer
  return { set, front, pebble, name, values }
}

/** What a relay would serve the zone with, after all it has heard. */
function servedBy({ heard }: FakeRelay): Certificate | undefined {
  let last: Certificate | undefined
  const take = (message: ToRelay): void => {
    if (message.type === 'certificates') last = message.certificates.find(({ names }) => names[0] === ZONE)
    else if (message.type === 'certificate' && message.certificate.names[0] === ZONE) last = message.certificate
  }
  heard.forEach(take)
  return last
}

const trusted = (relay: FakeRelay, serial = '') => until('a trusted certificate', () => { const it = servedBy(relay); return it?.trusted && new X509Certificate(it.chain).serialNumber !== serial && it })
const stateOf = ({ control }: Stage) => control.desk.acme().orders[0]

test('from nothing to the wildcard: relays begin with the house\'s own and hear of the other as soon as it is there; DNS shows both values at a time and none afterwards', async t => {
  const { set, pebble, front, name, values } = await town(t)
  const shown: string[][] = []
  front.before = async path => { if (path.startsWith(AT.challenge)) shown.push(await values()) }
  const relay = await set.relay()
  await until('the first certificate', () => servedBy(relay))
  assert.equal(servedBy(relay)?.trusted, false)
  await name().ready
  const { names, chain, key } = await trusted(relay)
  assert.deepEqual(names, [ZONE, `*.${ZONE}`])
  const [leaf, intermediate] = certificatesOf(chain)
  assert.ok(leaf && intermediate)
  assert.equal(leaf.subjectAltName?.split(', ').sort().join(), `DNS:*.${ZONE},DNS:${ZONE}`)
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)) && leaf.verify(intermediate.publicKey) && intermediate.verify(new X509Certificate(await pebble.root()).publicKey))
  assert.ok(shown.length >= 2 && shown.every(all => all.length === 2 && all[0] !== all[1]), `${JSON.stringify(shown)}`)
  await until('nothing is shown any more', async () => (await values()).length === 0)
  assert.deepEqual(set.control.desk.health().warnings, [])
})

test('keys are control\'s alone on disk, are nowhere in a backup without --with-keys, and the next control serves what there is without asking', async t => {
  const { set, front, name } = await town(t)
  await name().ready
  const relay = await set.relay()
  const { chain, key } = await trusted(relay)
  await until('the order is forgotten', () => readdirSync(`${places(set.house.data).certificates}/acme/orders`).length === 0)
  const files = readdirSync(places(set.house.data).certificates, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => `${entry.parentPath}/${entry.name}`)
  assert.ok(files.some(file => readFileSync(file, 'utf8').includes(JSON.stringify(key).slice(1, -1))))
  assert.deepEqual(files.filter(file => (statSync(file).mode & 0o777) !== 0o600), [])
  const copy = `${set.house.data}/copy.db`
  await set.registry.copy(copy)
  assert.ok(!readFileSync(copy).includes('PRIVATE KEY'))
  const asked = front.asked.length
  await set.again()
  const snapshot = JSON.parse(readFileSync(places(set.house.data).certificatesSnapshot, 'utf8')) as CertificatesSnapshot
  assert.equal(snapshot.certificates.find(({ names }) => names[0] === ZONE)?.chain, chain)
  assert.equal(servedBy(await set.relay())?.chain, chain)
  assert.equal(front.asked.slice(asked).filter(path => path === AT.order).length, 0)
})

test('where none can be had the house\'s own is served, health and the doctor say why, and the API orders again when it is mended', async t => {
  const { set, front, name } = await town(t, { before: async front => { front.fault = path => (path === AT.order ? problem(403, 'rejectedIdentifier', 'policy forbids it') : null) } })
  await name().ready
  const relay = await set.relay()
  await until('a refusal', () => stateOf(set)?.trouble)
  assert.equal(servedBy(relay)?.trusted, false)
  const [warning = ''] = set.control.desk.health().warnings
  assert.match(warning, /^auberge\.test has no certificate of the ACME server and is served with the house's own.*policy forbids it.*choose another authority/)
  const [finding] = judged({ ...set.control.desk.certificates(), authority: null }, Date.now())
  assert.deepEqual([finding?.verdict, finding?.subject], ['flaw', 'certificate of auberge.test'])
  await assert.rejects(set.control.desk.acmeStep(set.alice, 'renew', 'elsewhere.test'), /acme show/)
  front.fault = () => null
  await set.control.desk.acmeStep(set.alice, 'renew')
  await trusted(relay)
  assert.deepEqual(set.control.desk.health().warnings, [])
})

test('DNS that answers something else is refused by the server and said; a new key for the account and a revoked certificate are ordered by the API', async t => {
  const { set, front, pebble, name, values } = await town(t)
  let wrong = true
  // The name server loses the record before the server looks.
  front.before = async path => { if (wrong && path.startsWith(AT.challenge)) await set.control.zone.set('_acme-challenge', null) }
  await name().ready
  const relay = await set.relay()
  const trouble = await until('a refusal', () => stateOf(set)?.trouble)
  assert.match(trouble.message, /auberge\.test.*(dns|unauthorized|TXT)/i)
  wrong = false
  await set.control.desk.acmeStep(set.alice, 'rollover')
  await set.control.desk.acmeStep(set.alice, 'renew')
  const { serialNumber } = new X509Certificate((await trusted(relay)).chain)
  await set.control.desk.acmeStep(set.alice, 'revoke')
  await trusted(relay, serialNumber)
  await until('the revocation', async () => (await pebble.statusOf(serialNumber)).Status === 'Revoked')
  assert.deepEqual(await values(), [])
})

test('one that ends and can\'t be renewed gives way to the house\'s own; health says so, and nobody is let in by plain HTTP for that, after a restart neither', async t => {
  const { set, front, name } = await town(t, { life: 4 })
  await name().ready
  const relay = await set.relay()
  const { chain } = await trusted(relay)
  front.fault = path => (path === AT.order ? problem(403, 'rejectedIdentifier', 'policy forbids it') : null)
  const own = await until('the house\'s own', () => { const it = servedBy(relay); return it && it.chain !== chain && it })
  assert.match(new X509Certificate(own.chain).issuer, /Auberge/)
  assert.equal(own.trusted, true, 'relays go on sending visitors to HTTPS')
  assert.match(set.control.desk.health().warnings.join(), /the certificate of auberge\.test has ended and the house's own, which browsers don't know, is served instead.*policy forbids it/)
  const [, , finding] = judged({ ...set.control.desk.certificates() }, Date.now())
  assert.deepEqual([finding?.verdict, finding?.subject], ['flaw', 'certificate of auberge.test'])
  await set.again()
  assert.deepEqual(servedBy(await set.relay()), own)
})

test('a certificate of a root that browsers don\'t have redirects nobody, unless its authority was named as one\'s own', async t => {
  const { set, name } = await town(t, { caFile: null })
  await name().ready
  const relay = await set.relay()
  await until('the certificate', () => stateOf(set)?.state === 'issued' && /Pebble/.test(new X509Certificate(servedBy(relay)?.chain ?? '').issuer))
  assert.equal(servedBy(relay)?.trusted, false)
})
