// A whole house with certificates of a real ACME server (Pebble) that asks the house's own name server: from nothing to what curl accepts, with kills on the way.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { execa } from 'execa'
import { freePorts, Pebble } from '../gateway/certificates/acme/pebble.ts'
import { startHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'

const ZONE = 'auberge.test'

test('from nothing to a wildcard that clients accept; HTTP is sent there; kills and restarts cost nothing; a backup has no key', { timeout: 180_000 }, async t => {
  const [dns = 0] = await freePorts(1)
  // Looks are a second apart or more, so that there is something to kill.
  const pebble = await Pebble.start(t, { dns: `127.0.0.1:${dns}`, env: { PEBBLE_VA_NOSLEEP: '0', PEBBLE_VA_SLEEPTIME: '2' } })
  const files = temporary(t)
  writeFileSync(`${files}/server.pem`, pebble.ca)
  writeFileSync(`${files}/root.pem`, await pebble.root())
  const args = ['--runtime', 'none', '--zone', ZONE, '--dns', `127.0.0.1:${dns}`, '--public-ipv4', '127.0.0.1', '--acme', pebble.url, '--acme-ca-file', `${files}/server.pem`, '--acme-email', `admin@${ZONE}`]
  const house = await startHouse(t, { https: true, args })

  await t.test('before it has come, names are served with the house\'s own, and the doctor says so', async () => {
    const { stdout } = await house.auberge('doctor', '--runtime', 'none')
    assert.match(stdout, /(warn|ok ) +certificate of auberge\.test: /)
    assert.match(stdout, /ok +ACME server: https:/)
    assert.match(stdout, new RegExp(`ok +port ${dns} over TCP: answers for auberge\\.test`))
  })
  await t.test('control and the name server are killed amid the order, and it comes', async () => {
    for (const part of ['control', 'dns']) for (const pid of await house.pids(part)) process.kill(pid, 'SIGKILL')
    await until('the wildcard', async () => (await house.visitTls(ZONE, `${files}/root.pem`, '/healthz').catch(() => '')).includes('ready'), 90_000)
  })
  await t.test('any name below the zone is accepted, by OpenSSL with the whole chain', async () => {
    const { stdout } = await execa('openssl', ['s_client', '-connect', `127.0.0.1:${house.https}`, '-servername', `alice.${ZONE}`, '-verify_hostname', `alice.${ZONE}`, '-CAfile', `${files}/root.pem`, '-verify_return_error'], { input: '' })
    assert.match(stdout, /Verify return code: 0 \(ok\)/)
  })
  await t.test('plain HTTP is sent to HTTPS, which says that it stays so', async () => {
    const redirect = await until('a redirect', async () => { const answer = await house.visit(ZONE, '/login?x=1'); return answer.status === 308 && answer })
    assert.match(String(redirect.headers.location), /^https:\/\/auberge\.test(:\d+)?\/login\?x=1$/)
    const { stdout } = await execa('curl', ['--silent', '--include', '--cacert', `${files}/root.pem`, '--resolve', `${ZONE}:${house.https}:127.0.0.1`, `https://${ZONE}:${house.https}/healthz`])
    assert.match(stdout, /strict-transport-security: max-age=\d+\r?\n/i)
  })
  await t.test('acme show, renew and rollover; doctor and health have nothing to say', async () => {
    const before = await serial(house.https)
    assert.match((await house.auberge('acme', 'show')).stdout, /auberge\.test \*\.auberge\.test +issued/)
    assert.equal((await house.auberge('acme', 'rollover')).code, 0)
    const renewed = await house.auberge('acme', 'renew')
    assert.equal(renewed.code, 0, renewed.stderr)
    await until('the new one', async () => (await serial(house.https)) !== before)
    assert.equal((await house.auberge('acme', 'revoke')).code, 2)
    assert.match((await house.auberge('doctor', '--runtime', 'none')).stdout, /ok +certificate of auberge\.test: of the ACME server, until/)
  })
  await t.test('a backup holds keys where they are asked for', async () => {
    for (const [file, words, held] of [['plain.tar', [], false], ['keys.tar', ['--with-keys'], true]] as const) {
      assert.equal((await house.auberge('backup', `${files}/${file}`, ...words)).code, 0)
      const { stdout } = await execa('tar', ['--extract', '--to-stdout', '--file', `${files}/${file}`], { encoding: 'latin1' })
      assert.equal(stdout.includes('PRIVATE KEY'), held, file)
    }
  })
  await t.test('relays that start while control is dead serve it', async () => {
    const now = await serial(house.https)
    for (const part of ['control', 'relay']) for (const pid of await house.pids(part)) process.kill(pid, 'SIGKILL')
    assert.equal(await until('an answer', () => serial(house.https).catch(() => null)), now)
  })
})

/** Of the certificate that is served now. */
async function serial(port: number): Promise<string> {
  const { stdout } = await execa('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', ZONE], { input: '' })
  const { stdout: text } = await execa('openssl', ['x509', '-noout', '-serial', '-issuer'], { input: stdout })
  return text
}
