// A whole house on the ports of the internet, with certificates of a real ACME server (Pebble) in a namespace of its own, which resolves names as everybody does:
// the zone's wildcard from nothing, domains by either challenge, and what visitors see who know nothing but the server's root.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { places } from '../../wire/house.ts'
import { Pebble } from '../gateway/certificates/acme/pebble.ts'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'
import { AUTHORITY, DOORS, HOUSE, RESOLVER, village, ZONE, type Village } from '../helpers/village.ts'
import { ok, settle } from './villagers.ts'

const DOMAIN = 'example.org'
const PAGE = `<?php foreach (['a=1; Domain=${DOMAIN}', 'b=1; Domain=www.${DOMAIN}', 'c=1; Domain=org', 'd=1; Domain=shop.${DOMAIN}', 'e=1'] as $one) header("Set-Cookie: $one", false); echo "<h1>", $_SERVER["HTTPS"] ?? "off", " ", $_SERVER["SERVER_NAME"], "</h1>";`

type Town = { t: TestContext; house: TestHouse; around: Village; pebble: Pebble; files: string; root: string }

test('certificates of an ACME server, from nothing to what strangers accept, through kills, blocked ports and renewals', { timeout: 240_000 }, async t => {
  const data = dataFor(t)
  const around = await village(t, [DOMAIN])
  // Nonces are refused and authorizations used again as Pebble likes.
  const pebble = await Pebble.start(t, { dns: `${RESOLVER.ipv4}:53`, httpPort: 80, tlsPort: 443, at: { place: around.authority, address: AUTHORITY } })
  const files = temporary(t)
  const root = `${files}/root.pem`
  writeFileSync(`${files}/server.pem`, pebble.ca)
  writeFileSync(root, await pebble.root())
  const args = [...DOORS, '--resolver', RESOLVER.ipv4, '--acme', pebble.url, '--acme-ca-file', `${files}/server.pem`, '--acme-email', `admin@${ZONE}`]
  const house = await startHouse(t, { data, netns: around.house.netns, args })
  const town: Town = { t, house, around, pebble, files, root }
  await t.test('the wildcard comes although control and the name server are killed at once', () => wildcard(town))
  await t.test('any name below the zone is accepted; plain HTTP is sent to HTTPS, which says that it stays so', () => strict(town))
  await t.test('acme show, renew and rollover; doctor and health have nothing to say', () => administered(town))
  await t.test('a domain is its owner\'s by a record, whoever else claims it, and proven over HTTP', () => claimed(town))
  await t.test('its www, when port 80 is blocked, is proven in the handshake', () => blocked(town))
  await t.test('visitors of all other names are sent to the one that is chosen', () => canonical(town))
  await t.test('curl, Chromium and OpenSSL accept it with the root imported, and sslscan finds nothing old', () => accepted(town))
  await t.test('a site sets cookies for its own hosts alone', () => cookies(town))
  await t.test('a renewal reaches new connections, and the old ones go on', () => renewed(town))
  await t.test('a domain that is given back loses its certificate and rests', () => givenBack(town))
  await t.test('a backup holds keys where they are asked for', () => backups(town))
  await t.test('relays that start while control is dead serve it', () => alone(town))
})

const curl = ({ around, root }: Town, ...words: string[]) => around.four.run('curl', '--silent', '--show-error', '--noproxy', '*', '--max-time', '40', '--cacert', root, ...words)
/** What a stranger gets of a URL; nothing where its certificate is not accepted. */
const page = async (town: Town, url: string) => (await curl(town, url)).stdout
const heads = async (town: Town, url: string) => (await curl(town, '--include', url)).stdout
const served = (town: Town, host: string) => until(`${host} with a certificate of the ACME server`, async () => (await page(town, `https://${host}/`)) !== '', 60_000)

async function wildcard(town: Town): Promise<void> {
  const { t, house } = town
  for (const part of ['control', 'dns']) for (const pid of await house.pids(part)) process.kill(pid, 'SIGKILL')
  await until('control is back', async () => (await house.auberge('account', 'list')).code === 0)
  await settle(t, house, 'alice', { 'index.php': PAGE })
  await served(town, ZONE)
}

async function strict(town: Town): Promise<void> {
  assert.equal(await page(town, `https://alice.${ZONE}/`), `<h1>on alice.${ZONE}</h1>`)
  await openssl(town, `nobody.${ZONE}`)
  assert.match(await heads(town, `http://${ZONE}/login?x=1`), new RegExp(`^HTTP/1.1 308 [^]*location: https://${ZONE}/login\\?x=1\\r`, 'i'))
  assert.match(await heads(town, `https://${ZONE}/healthz`), /strict-transport-security: max-age=\d+\r?\n/i)
}

async function administered(town: Town): Promise<void> {
  const { house } = town
  const before = await serial(town, ZONE)
  assert.match(await ok(house, 'acme', 'show'), new RegExp(`${ZONE} \\*\\.${ZONE} +issued`))
  await ok(house, 'acme', 'rollover')
  await ok(house, 'acme', 'renew')
  await until('the new one', async () => (await serial(town, ZONE)) !== before)
  assert.equal((await house.auberge('acme', 'revoke')).code, 2)
  const { stdout } = await house.auberge('doctor')
  for (const line of [`certificate of ${ZONE}: of the ACME server, until`, 'ACME server: https:', 'clock: ', 'port 53 over UDP: ', 'port 53 over TCP: ', 'port 80 ', 'port 443 ']) assert.match(stdout, new RegExp(`ok +${line}`))
}

async function claimed(town: Town): Promise<void> {
  const { house, around } = town
  await ok(house, 'account', 'create', 'bob', '--password-stdin', { input: 'the bob sleeps well\n' })
  await ok(house, 'site', 'create', 'bob', '--owner', 'bob')
  assert.equal(state(await ok(house, 'site', 'domain', 'add', 'bob', DOMAIN, '--json')), 'pending')
  const { records } = JSON.parse(await ok(house, 'site', 'domain', 'add', 'alice', DOMAIN, '--json')) as { records: { proof: { name: string; value: string } } }
  await around.publish(DOMAIN, `@ A ${HOUSE.ipv4}\n${records.proof.name}. TXT "${records.proof.value}"\nwww CNAME alice.${ZONE}.`)
  assert.equal(state(await ok(house, 'site', 'domain', 'check', 'bob', DOMAIN, '--json')), 'pending', 'it leads here, and bob has no record')
  assert.equal(state(await ok(house, 'site', 'domain', 'check', 'alice', DOMAIN, '--json')), 'verified')
  await served(town, DOMAIN)
  assert.equal(await page(town, `https://${DOMAIN}/`), `<h1>on ${DOMAIN}</h1>`)
  assert.equal(wayOf(town, DOMAIN), 'http-01')
}

async function blocked(town: Town): Promise<void> {
  const { house, around } = town
  await around.house.run('nft', `add table inet blocked; add chain inet blocked in { type filter hook input priority -300; }; add rule inet blocked in iifname authority tcp dport 80 reject with tcp reset`)
  assert.equal(state(await ok(house, 'site', 'domain', 'add', 'alice', `www.${DOMAIN}`, '--json')), 'verified')
  await served(town, `www.${DOMAIN}`)
  assert.equal(wayOf(town, `www.${DOMAIN}`), 'tls-alpn-01')
  await around.house.run('nft', 'delete table inet blocked')
}

async function canonical(town: Town): Promise<void> {
  await ok(town.house, 'site', 'domain', 'canonical', 'alice', DOMAIN)
  for (const url of [`https://www.${DOMAIN}/a?b`, `https://alice.${ZONE}/a?b`, `http://www.${DOMAIN}/a?b`]) assert.match(await heads(town, url), new RegExp(`^HTTP/\\S+ 308[^]*location: https://${DOMAIN}/a\\?b\\r`, 'i'), url)
}

async function accepted(town: Town): Promise<void> {
  const { around: { four }, files, root } = town
  await openssl(town, DOMAIN)
  const database = `sql:${files}/.pki/nssdb`
  await execa('mkdir', ['-p', `${files}/.pki/nssdb`])
  await execa('certutil', ['-d', database, '-N', '--empty-password'])
  await execa('certutil', ['-d', database, '-A', '-t', 'C,,', '-n', 'pebble', '-i', root])
  const chromium = await four.run('env', `HOME=${files}`, 'chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', `--user-data-dir=${files}/chromium`, '--dump-dom', `https://${DOMAIN}/`)
  assert.match(chromium.stdout, new RegExp(`<h1>on ${DOMAIN}</h1>`))
  assert.equal((await curl(town, '--cacert', '/etc/ssl/certs/ca-certificates.crt', `https://${DOMAIN}/`)).code, 60, 'nobody else vouches for it')
  const { stdout } = await four.run('sslscan', '--no-colour', DOMAIN)
  assert.match(stdout, /TLSv1\.2 +enabled[^]*TLSv1\.3 +enabled/)
  for (const old of ['SSLv2', 'SSLv3', 'TLSv1\\.0', 'TLSv1\\.1']) assert.match(stdout, new RegExp(`${old} +disabled`))
  assert.doesNotMatch(stdout, /\b(RC4|3DES|DES-CBC3|NULL|EXP|CBC|MD5)\b|(?<!not )vulnerable to/)
}

async function cookies(town: Town): Promise<void> {
  const set = async (host: string) => (await heads(town, `https://${host}/`)).match(/(?<=^set-cookie: ).(?==)/gim)
  assert.deepEqual(await set(DOMAIN), ['a', 'b', 'e'])
}

async function renewed(town: Town): Promise<void> {
  const { house, around: { four } } = town
  const before = await serial(town, DOMAIN)
  const old = spawn('ip', ['netns', 'exec', four.netns, 'openssl', 's_client', '-quiet', '-connect', `${DOMAIN}:443`, '-servername', DOMAIN, '-alpn', 'http/1.1'], { stdio: ['pipe', 'pipe', 'ignore'] })
  town.t.after(() => old.kill('SIGKILL'))
  const ask = async () => {
    old.stdin.write(`GET / HTTP/1.1\r\nHost: ${DOMAIN}\r\n\r\n`)
    let text = ''
    while (!text.includes('</h1>')) text += String((await once(old.stdout, 'data'))[0])
  }
  await ask()
  await ok(house, 'acme', 'renew', DOMAIN)
  await until('the new one', async () => (await serial(town, DOMAIN)) !== before)
  await ask()
}

async function givenBack(town: Town): Promise<void> {
  const { house, pebble } = town
  const number = await serial(town, `www.${DOMAIN}`)
  await ok(house, 'site', 'domain', 'remove', 'alice', `www.${DOMAIN}`)
  await until('the revocation', async () => (await pebble.statusOf(number)).Status === 'Revoked')
  assert.notEqual((await curl(town, `https://www.${DOMAIN}/`)).code, 0)
  const refused = await house.auberge('site', 'domain', 'add', 'bob', `www.${DOMAIN}`)
  assert.deepEqual([refused.code, /gave up www\.example\.org a short time ago/.test(refused.stderr)], [1, true], refused.stderr)
}

async function backups({ house, files }: Town): Promise<void> {
  for (const [file, words, held] of [['plain.tar', [], false], ['keys.tar', ['--with-keys'], true]] as const) {
    await ok(house, 'backup', `${files}/${file}`, ...words)
    const { stdout } = await execa('tar', ['--extract', '--to-stdout', '--file', `${files}/${file}`], { encoding: 'latin1' })
    assert.equal(stdout.includes('PRIVATE KEY'), held, file)
  }
}

async function alone(town: Town): Promise<void> {
  const now = await serial(town, ZONE)
  for (const part of ['control', 'relay']) for (const pid of await town.house.pids(part)) process.kill(pid, 'SIGKILL')
  assert.equal(await until('an answer', () => serial(town, ZONE).catch(() => null)), now)
}

/** Throws unless OpenSSL accepts the whole chain. */
async function openssl({ around: { four }, root }: Town, host: string): Promise<void> {
  const { stdout } = await four.run('openssl', 's_client', '-connect', `${HOUSE.ipv4}:443`, '-servername', host, '-verify_hostname', host, '-CAfile', root, '-verify_return_error')
  assert.match(stdout, /Verify return code: 0 \(ok\)/)
}

/** Of the certificate that a host is served with now. */
async function serial({ around: { four } }: Town, host: string): Promise<string> {
  const { stdout } = await four.run('openssl', 's_client', '-connect', `${HOUSE.ipv4}:443`, '-servername', host)
  const { stdout: text } = await execa('openssl', ['x509', '-noout', '-serial'], { input: stdout })
  return text.replace('serial=', '')
}

const state = (json: string) => (JSON.parse(json) as { state: string }).state

/** The challenge by which a domain has its certificate. */
function wayOf({ house }: Town, domain: string): string {
  const { certified } = JSON.parse(readFileSync(`${places(house.data).certificates}/acme/names/${domain}.json`, 'utf8')) as { certified: { by: string } }
  return certified.by
}
