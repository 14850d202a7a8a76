// DNS records and names that point elsewhere, by the command line alone, in a whole house; and that they outlive a kill.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { temporary } from '../helpers/temporary.ts'

test('an administrator keeps records by the command line, and DNS has them when it says so', { timeout: 120_000 }, async t => {
  const house = await startHouse(t, { args: ['--runtime', 'none'] })
  const well = async (...args: Parameters<typeof house.auberge>) => {
    const done = await house.auberge(...args)
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`)
    return done.stdout
  }
  await well('account', 'create', 'kim', '--password-stdin', { input: 'seven wet umbrellas\n' })
  assert.match(await well('site', 'create', 'attic', '--owner', 'kim', '--address', '192.0.2.7', '--address', '2001:db8::7'), /attic points at 192\.0\.2\.7, 2001:db8::7/)
  assert.equal(await house.dig('attic.localhost'), '192.0.2.7')
  await well('site', 'update', 'attic', '--address', '192.0.2.8')
  assert.equal(await house.dig('attic.localhost'), '192.0.2.8')
  await well('site', 'update', 'attic', '--www')
  assert.equal(await house.dig('www.attic.localhost'), '192.0.2.8')
  const file = join(temporary(t), 'records')
  writeFileSync(file, '; the attic\n@ MX 10 mail.example.org\nftp 60 A 192.0.2.9\n')
  assert.equal(await well('site', 'records', 'attic', file), '@ 300 MX 10 mail.example.org.\nftp 60 A 192.0.2.9')
  assert.equal(await house.dig('ftp.attic.localhost'), '192.0.2.9')
  assert.deepEqual(JSON.parse(await well('site', 'records', 'attic', '--json')), [{ name: '@', type: 'MX', ttl: 300, data: '10 mail.example.org.' }, { name: 'ftp', type: 'A', ttl: 60, data: '192.0.2.9' }])
  const wrong = await house.auberge('site', 'records', 'attic', '-', { input: 'ftp A nowhere\n' })
  assert.deepEqual([wrong.code, await house.dig('ftp.attic.localhost')], [1, '192.0.2.9'])
  assert.match(wrong.stderr, /record 1: "nowhere" can't be the data of a record of type A/)
  assert.equal(await well('zone', 'records', '-', { input: '@ TXT hello there\nmail A 192.0.2.25\n' }), '@ 300 TXT "hello there"\nmail 300 A 192.0.2.25')
  assert.deepEqual([await house.dig('localhost', 'TXT'), await house.dig('mail.localhost')], ['"hello there"', '192.0.2.25'])
  for (const part of ['control', 'dns']) for (const pid of await house.pids(part)) process.kill(pid, 'SIGKILL')
  await until('all of it is answered again', async () => (await house.dig('ftp.attic.localhost')) === '192.0.2.9' && (await house.dig('localhost', 'TXT')) === '"hello there"', 30_000)
  await until('control is back and has them', async () => (await house.auberge('site', 'records', 'attic')).stdout.includes('ftp 60 A'), 30_000)
})
