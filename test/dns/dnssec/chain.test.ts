import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startSigned } from './validators.ts'

const run = promisify(execFile)

test('a transfer of a signed zone is whole: ldns-verify-zone finds every signature and the chain of names right', async t => {
  const zone = await startSigned()
  t.after(zone.end)
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(zone.port), '+onesoa', 'example', 'AXFR'])
  const file = join(zone.data, 'example.zone')
  writeFileSync(file, stdout)
  assert.match((await run('ldns-verify-zone', [file])).stdout, /Zone is verified and complete/)
  const forged = join(zone.data, 'forged.zone')
  writeFileSync(forged, stdout.replace('192.0.2.4', '203.0.113.4'))
  await assert.rejects(run('ldns-verify-zone', [forged]))
})
