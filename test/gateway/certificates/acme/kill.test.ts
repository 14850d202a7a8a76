// kill -9 at every step of an order: the next process has the certificate, goes on with the order, or begins anew; never is a key lost that a certificate was made for.
import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { pino } from 'pino'
import { Engine } from '../../../../gateway/certificates/acme/engine.ts'
import { STEPS, type Step } from '../../../../gateway/certificates/acme/steps.ts'
import { keep } from '../../../../gateway/certificates/files.ts'
import { temporary } from '../../../helpers/temporary.ts'
import { nameServer, Web } from './names.ts'
import { freePorts, Pebble } from './pebble.ts'

const NAME = 'alice.auberge.test'
const program = fileURLToPath(new URL('../../../fixtures/order.ts', import.meta.url))
/** Where the next process goes on with the order of before. Elsewhere it may begin anew: the server doesn't know of the order, or has looked for what nobody showed. */
const GOES_ON: Step[] = ['presented', 'validated', 'cleaned', 'finalized', 'downloaded', 'kept']

test('an order that is killed at any step comes to its end in the next process', { timeout: 180_000 }, async t => {
  const [port = 0] = await freePorts(1)
  const pebble = await Pebble.start(t, { dns: await nameServer(t, ['alice']), httpPort: port, env: { PEBBLE_AUTHZREUSE: '0' } })
  for (const until of STEPS) await t.test(until, async t => {
    const directory = temporary(t)
    const killed = await execa(process.execPath, [program, JSON.stringify({ server: pebble.url, ca: pebble.ca, directory, port, name: NAME, until })], { reject: false })
    assert.equal(killed.signal, 'SIGKILL', String(killed.stderr))
    const key = keyOf(directory)
    const steps = await next(t, pebble, directory, port)
    if (GOES_ON.includes(until)) assert.ok(!steps.includes('ordered'), `it went on: ${steps}`)
    const kept = JSON.parse(readFileSync(`${directory}/certificate.json`, 'utf8')) as { key: string; chain: string }
    if (!steps.includes('begun')) assert.equal(kept.key, key)
    assert.ok(new X509Certificate(kept.chain).checkPrivateKey(createPrivateKey(kept.key)))
    assert.deepEqual(readdirSync(`${directory}/orders`), [])
  })
})

/** What the next process does: the steps it takes, until the certificate is kept. */
async function next(t: TestContext, { url, ca }: Pebble, directory: string, port: number): Promise<Step[]> {
  const web = await Web.start(t, port)
  const steps: Step[] = []
  const engine = await Engine.open({ server: url, ca, email: null, directory, log: pino({ level: 'silent' }), patience: { first: 50, most: 500, deadline: 20_000 }, reached: step => steps.push(step) })
  t.after(() => engine.close())
  await engine.issue({ identifiers: [NAME], solver: web.solver }, issued => keep(`${directory}/certificate.json`, issued))
  return steps
}

/** The key of the order on disk. */
function keyOf(directory: string): string | null {
  const [order] = readdirSync(`${directory}/orders`)
  return order === undefined ? null : (JSON.parse(readFileSync(`${directory}/orders/${order}`, 'utf8')) as { key: string }).key
}
