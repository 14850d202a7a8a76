// A house that signs its zone, from the option to what a resolver finds, by the command line alone.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { places } from '../../wire/house.ts'
import { dataFor, startHouse, type TestHouse } from '../helpers/house.ts'

const ARGS = ['--runtime', 'none', '--zone', 'example.test', '--public-ipv4', '192.0.2.1', '--acme', 'off', '--route', 'shop.example.test=http://127.0.0.1:9']
type View = { stage: string; signed: boolean; keys: { role: string; tag: number; ds: string; dnskey: string }[] }

test('a house signs its zone, shows its DS, keeps signing once the parent has it, and changes its key', { timeout: 120_000 }, async t => {
  const data = dataFor(t)
  const house = await startHouse(t, { data, args: [...ARGS, '--dnssec'] })
  const dns = async (at: TestHouse, verb: string): Promise<View> => {
    const { code, stdout, stderr } = await at.auberge('dns', verb, '--json')
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as View
  }
  const { signed, keys: [first] } = await dns(house, 'ds')
  assert.ok(signed && first !== undefined)
  const checked = async (at: TestHouse, name: string): Promise<string> => {
    writeFileSync(`${data}/anchor.conf`, `trust-anchors { example.test. static-ds ${first.ds.replace(/(\S+)$/, '"$1"')}; };\n`)
    const asked = promisify(execFile)('delv', ['@127.0.0.1', '-p', String(at.dns), '-a', `${data}/anchor.conf`, '+root=example.test', name, 'A'])
    const { stdout, stderr } = await asked.catch((error: { stdout: string; stderr: string }) => error)
    return stdout + stderr
  }
  for (const name of ['example.test', 'shop.example.test', 'nothing.example.test']) assert.match(await checked(house, name), /fully validated/, name)
  assert.match((await house.auberge('dns', 'ds')).stdout, new RegExp(`^example\\.test\\. IN DS ${first.ds}$`, 'm'))
  assert.equal(statSync(places(data).keyring).mode & 0o007, 0)
  assert.match((await house.auberge('dns', 'cancel')).stderr, /nothing that can be called off/)
  assert.equal((await dns(house, 'confirm')).stage, 'steady')
  assert.equal((await dns(house, 'roll')).stage, 'publishing')
  assert.match(await checked(house, 'shop.example.test'), /fully validated/)
  assert.equal(await house.stop(), 0)

  const again = await startHouse(t, { data, args: ARGS })
  const after = await dns(again, 'ds')
  assert.deepEqual([after.signed, after.stage, after.keys.length, after.keys[0]?.tag], [true, 'publishing', 2, first.tag])
  assert.match(await checked(again, 'shop.example.test'), /fully validated/)
})
