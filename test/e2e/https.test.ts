// HTTPS of a whole house: with the exported authority curl and a browser show a site from the moment its name is reserved, whoever is killed.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { USERS } from '../../wire/users.ts'
import { places } from '../../wire/house.ts'
import { openBrowser } from '../helpers/browser.ts'
import { startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'
import { newOwner, zipOf } from './owner.ts'

const PAGE = '<?php echo "<h1>", $_SERVER["HTTPS"] ?? "off", " ", $_SERVER["SERVER_NAME"], "</h1>";'

async function settled(t: TestContext, args: string[] = []) {
  const house = await startHouse(t, { https: true, args })
  const ca = `${temporary(t)}/ca.pem`
  const { code, stderr } = await house.auberge('ca', 'export', ca)
  assert.equal(code, 0, stderr)
  const alice = await newOwner(house, 'alice')
  const made = await alice.api('POST', '/api/sites', { name: 'alice' })
  assert.equal(made.status, 201, made.text)
  return { house, ca, alice }
}

test('a reserved name has HTTPS at once, for curl and for a browser, and PHP knows', { timeout: 180_000 }, async t => {
  const { house, ca, alice } = await settled(t)
  assert.match(await house.visitTls('alice.localhost', ca), /./)
  await alice.raw('PUT', '/api/sites/alice/content', { body: await zipOf({ 'index.php': PAGE }) })
  assert.equal(await house.visitTls('alice.localhost', ca), '<h1>on alice.localhost</h1>')
  assert.equal((await house.visit('alice.localhost')).text, '<h1>off alice.localhost</h1>')
  assert.match(await house.visitTls('localhost', ca), /<html/i)
  await assert.rejects(house.visitTls('alice.localhost', '/etc/ssl/certs/ca-certificates.crt'), /certificate/)
  await t.test('in Chromium, which trusts the authority once it is imported', () => shows(t, house, ca))
  await t.test('keys are where only their users reach them', () => hidden(house))
  await t.test('the bundle and the doctor', async () => {
    const bundle = `${temporary(t)}/ca.p12`
    assert.match((await house.auberge('ca', 'export', bundle, '--p12')).stdout, /password is auberge/)
    const { stdout } = await execa('openssl', ['pkcs12', '-in', bundle, '-passin', 'pass:auberge', '-nodes'])
    assert.match(stdout, /BEGIN CERTIFICATE/)
    assert.doesNotMatch(stdout, /PRIVATE KEY/)
    assert.match((await house.auberge('doctor')).stdout, /ok +certificates: 2, the first ends on/)
  })
})

/** In a home of its own, as Chromium reads the certificates a person trusts from there. */
async function shows(t: TestContext, house: TestHouse, ca: string): Promise<void> {
  const home = temporary(t)
  const database = `${home}/.pki/nssdb`
  await execa('mkdir', ['-p', database])
  await execa('certutil', ['-d', `sql:${database}`, '-N', '--empty-password'])
  await execa('certutil', ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'auberge', '-i', ca])
  const browser = await openBrowser(t, { env: { ...process.env, HOME: home } })
  const page = await browser.newPage()
  const answer = await page.goto(`https://alice.localhost:${house.https}/`)
  assert.equal(answer?.status(), 200)
  assert.equal(await page.textContent('h1'), 'on alice.localhost')
}

async function hidden({ data }: TestHouse): Promise<void> {
  const { certificates, certificatesSnapshot } = places(data)
  const reads = async (user: string, groups: readonly string[], path: string) =>
    (await execa('setpriv', [`--reuid=${user}`, `--regid=${user}`, ...(groups.length ? [`--groups=${groups.join(',')}`] : ['--clear-groups']), 'cat', path], { reject: false })).exitCode === 0
  const may = async (path: string) => ({
    control: await reads(USERS.control.user, USERS.control.groups, path), relay: await reads(USERS.relay.user, USERS.relay.groups, path),
    dns: await reads(USERS.dns.user, USERS.dns.groups, path), nobody: await reads('nobody', [], path).catch(() => false),
  })
  assert.deepEqual(await may(`${certificates}/authority.localhost.json`), { control: true, relay: false, dns: false, nobody: false })
  assert.deepEqual(await may(certificatesSnapshot), { control: true, relay: true, dns: false, nobody: false })
  assert.equal(statSync(certificatesSnapshot).mode & 0o777, 0o640)
}

test('HTTPS serves while control is dead, and from a relay that starts meanwhile', { timeout: 120_000 }, async t => {
  const { house, ca, alice } = await settled(t, ['--workers', '1'])
  await alice.raw('PUT', '/api/sites/alice/content', { body: await zipOf({ 'index.php': PAGE }) })
  await house.visitTls('alice.localhost', ca)
  await until('the snapshot has the name', () => readFileSync(places(house.data).certificatesSnapshot, 'utf8').includes('"alice.localhost"'))
  await until('the snapshot of the routes has it awake', () => /"host":"alice\.localhost"[^}]*"running"/.test(readFileSync(places(house.data).routesSnapshot, 'utf8')))
  const [control = 0] = await house.pids('control')
  const [relay = 0] = await house.pids('relay')
  // Stopped rather than killed, for the supervisor would have it back in 100 ms.
  process.kill(control, 'SIGSTOP')
  t.after(() => { try { process.kill(control, 'SIGKILL') } catch { /* gone */ } })
  assert.equal(await house.visitTls('alice.localhost', ca), '<h1>on alice.localhost</h1>')
  process.kill(relay, 'SIGKILL')
  assert.equal(await house.visitTls('alice.localhost', ca), '<h1>on alice.localhost</h1>')
  assert.notEqual((await house.pids('relay'))[0], relay)
  process.kill(control, 'SIGKILL')
  assert.equal(await house.visitTls('alice.localhost', ca), '<h1>on alice.localhost</h1>')
  await until('control is back', async () => (await house.visit('localhost', '/healthz').catch(() => null))?.status === 200)
  const again = `${temporary(t)}/ca.pem`
  assert.equal((await house.auberge('ca', 'export', again)).code, 0)
  assert.equal(new X509Certificate(readFileSync(again)).fingerprint256, new X509Certificate(readFileSync(ca)).fingerprint256)
})
