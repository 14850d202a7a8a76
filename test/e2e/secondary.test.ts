// A secondary of a whole house: knot copies the zone by the options of `auberge up`, through deaths of control and of the name server.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'node:test'
import { isAtLeast } from '../../registry/serial.ts'
import { COPY_KEY, freePort, recordsAt, serialAt, startCopy } from '../dns/copies.ts'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'

/** Kills a process of the house and resolves when it is at work again. */
async function killed(house: TestHouse, part: string): Promise<void> {
  const [pid = 0] = await house.pids(part)
  process.kill(pid, 'SIGKILL')
  await until(`${part} is back`, async () => (await house.pids(part)).some(now => now !== pid))
  await until(`${part} serves`, async () => (await house.auberge('site', 'list')).code === 0 && await serialAt(house.dns) !== null)
}

test('knot has every name that is reserved or given back, over kill -9 of control and of the name server, and serials only grow', { timeout: 120_000 }, async t => {
  const [data, port] = [dataFor(t), await freePort()]
  const keyFile = `${data}/ns2.key`
  writeFileSync(keyFile, `hmac-sha256:${COPY_KEY.name}:${COPY_KEY.secret}\n`, { mode: 0o600 })
  const house = await startHouse(t, { data, args: ['--zone', 'example', '--runtime', 'none', '--secondary', `ns2.example=127.0.0.1:${port},${keyFile}`] })
  const copy = startCopy('knot', port, house.dns)
  t.after(copy.close)
  await until('knot has the zone', async () => await serialAt(port) !== null)
  assert.equal((await house.auberge('account', 'create', 'alice', '--password-stdin', { input: 'a password for alice' })).code, 0)
  const serials = [await serialAt(port) ?? 0]
  const same = async (): Promise<void> => {
    await until('knot has the last change', async () => await serialAt(port) === await serialAt(house.dns))
    serials.push(await serialAt(port) ?? 0)
    assert.deepEqual(await recordsAt(port, 'unsigned'), await recordsAt(house.dns, 'signed'))
  }
  for (const [n, part] of ['control', 'dns', 'none'].entries()) {
    const made = await house.auberge('site', 'create', `away${n}`, '--owner', 'alice', '--address', `192.0.2.${n}`)
    assert.equal(made.code, 0, made.stderr)
    await same()
    if (part !== 'none') await killed(house, part)
  }
  assert.ok((await recordsAt(port, 'unsigned')).some(line => line.startsWith('ns2.example. ')))
  for (const [n, serial] of serials.entries()) assert.ok(n === 0 || isAtLeast(serial, serials[n - 1] ?? 0), String(serials))
  const { stdout } = await promisify(execFile)('ps', ['axeww', '-o', 'args'])
  assert.ok(!stdout.split('\n').some(line => !/\bdig\b/.test(line) && line.includes(COPY_KEY.secret)), 'no process shows the key')
})
