// kill -9 at every step of an order: the next process has the certificate, goes on with the order, or begins anew; never is a key lost that a certificate was made for.
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { execa } from 'execa'
import { STEPS, type Step } from '../../../../gateway/certificates/acme/steps.ts'
import { temporary } from '../../../helpers/temporary.ts'
import { nameServer } from './names.ts'
import { freePorts, Pebble } from './pebble.ts'

const program = fileURLToPath(new URL('../../../fixtures/order.ts', import.meta.url))
/** Where the next process goes on with the order of before. Elsewhere it may begin anew: the server doesn't know of the order, or has looked for what nobody showed. */
const GOES_ON: Step[] = ['presented', 'validated', 'cleaned', 'finalized', 'downloaded', 'kept']

test('an order that is killed at any step comes to its end in the next process', { timeout: 180_000 }, async t => {
  const [port = 0] = await freePorts(1)
  const pebble = await Pebble.start(t, { dns: await nameServer(t, ['alice']), httpPort: port, env: { PEBBLE_AUTHZREUSE: '0' } })
  for (const until of STEPS) await t.test(until, async t => {
    const directory = temporary(t)
    const run = (until: Step | null) => execa(process.execPath, [program, JSON.stringify({ server: pebble.url, ca: pebble.ca, directory, port, name: 'alice.auberge.test', until })], { reject: false })
    const killed = await run(until)
    assert.equal(killed.signal, 'SIGKILL', String(killed.stderr))
    const key = keyOf(directory)
    const next = await run(null)
    assert.equal(next.exitCode, 0, String(next.stderr))
    const steps = String(next.stdout).split('\n')
    if (GOES_ON.includes(until)) assert.ok(!steps.includes('ordered'), `it went on: ${steps}`)
    const kept = JSON.parse(readFileSync(`${directory}/certificate.json`, 'utf8')) as { key: string; chain: string }
    if (!steps.includes('begun')) assert.equal(kept.key, key)
    assert.ok(new X509Certificate(kept.chain).checkPrivateKey(createPrivateKey(kept.key)))
    assert.deepEqual(readdirSync(`${directory}/orders`), [])
  })
})

/** The key of the order on disk. */
function keyOf(directory: string): string | null {
  const [order] = readdirSync(`${directory}/orders`)
  return order === undefined ? null : (JSON.parse(readFileSync(`${directory}/orders/${order}`, 'utf8')) as { key: string }).key
}
