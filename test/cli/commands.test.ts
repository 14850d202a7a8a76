// The command line against a real house with real pods: every command, its answer and its exit code.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { execa } from 'execa'
import { startHouse, type TestHouse } from '../helpers/house.ts'
import { temporary } from '../helpers/temporary.ts'

const launcher = new URL('../../bin/auberge.mjs', import.meta.url).pathname

/** A command with something on its standard input. */
async function withInput(house: TestHouse, input: string, ...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [launcher, ...args.slice(0, 2), '--data', house.data, ...args.slice(2)], { input, reject: false, stripFinalNewline: false })
  return { code: exitCode, stdout: String(stdout), stderr: String(stderr) }
}

test('an administrator runs a house from the command line alone', { timeout: 240_000 }, async t => {
  const house = await startHouse(t)
  const well = async (...args: string[]) => {
    const done = await house.auberge(...args)
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`)
    return done.stdout
  }
  await t.test('accounts and invitations', async () => {
    assert.equal((await withInput(house, 'a long enough secret\n', 'account', 'create', 'kim', '--password-stdin')).code, 0)
    const twice = await withInput(house, 'a long enough secret\n', 'account', 'create', 'kim', '--password-stdin', '--json')
    assert.equal(twice.code, 1)
    assert.equal((JSON.parse(twice.stderr) as { error: { code: string } }).error.code, 'username_taken')
    const unasked = await house.auberge('account', 'create', 'lee')
    assert.equal(unasked.code, 2)
    assert.match(unasked.stderr, /--password-stdin/)
    assert.match(await well('account', 'list'), /^NAME +ROLE +STATE.*\nkim +user +active/)
    assert.match(await well('account', 'update', 'kim', '--names', '5', '--disk', '20G', '--memory', '512M', '--custom-domains', '3'), /role +user\nnames +0 of 5\ndisk +0 B of 20 GiB\nmemory +0 B of 512 MiB\ndomains +0 of 3$/)
    assert.match(await well('account', 'update', 'kim', '--disk', 'usual'), /names +0 of 5\ndisk +0 B\nmemory/)
    assert.equal((await house.auberge('account', 'update', 'kim', '--memory', 'lots')).code, 2)
    assert.match(await well('invite', 'create', '--uses', '3'), /^\S+$/)
    assert.match(await well('invite', 'list'), /0 +3/)
  })
  await t.test('a site from a directory, woken, put to sleep, looked at', async () => {
    const pages = temporary(t)
    mkdirSync(`${pages}/sub`)
    writeFileSync(`${pages}/index.php`, '<?php echo "from a directory ", 6*7;')
    assert.equal((await house.auberge('site', 'create', 'kims')).code, 2)
    assert.match(await well('site', 'create', 'kims', '--owner', 'kim'), /kims\.localhost/)
    assert.match(await well('site', 'deploy', 'kims', pages), /release/)
    assert.match(await well('site', 'files', 'kims', 'html'), /^NAME +SIZE +CHANGED\nsub\/ .*\nindex\.php +\d+ /)
    writeFileSync(`${pages}/extra.txt`, 'more')
    await well('site', 'put', 'kims', `${pages}/extra.txt`, 'html/new/extra.txt')
    await well('site', 'get', 'kims', 'html/new/extra.txt', `${pages}/back.txt`)
    assert.equal(readFileSync(`${pages}/back.txt`, 'utf8'), 'more')
    assert.match((await house.auberge('site', 'get', 'kims', '../etc/passwd', `${pages}/no.txt`)).stderr, /no path/)
    assert.equal((await house.visit('kims.localhost')).text, 'from a directory 42')
    assert.match(await well('site', 'list'), /kims +running +kim +php/)
    assert.match(await well('site', 'sleep', 'kims', '--tier', 'frozen'), /frozen/)
    assert.match(await well('site', 'wake', 'kims'), /running/)
    assert.match(await well('site', 'restart', 'kims'), /kims is/)
    assert.match(await well('site', 'show', 'kims'), /owner +kim[^]*last wake +.* ms, by an administrator\nawake +since .*: it was used a short time ago/)
    assert.equal((JSON.parse(await well('site', 'show', 'kims', '--json')) as { name: string }).name, 'kims')
    assert.match(await well('site', 'update', 'kims', '--memory', '128M'), /128 MiB/)
    assert.match(await well('routes'), /kims\.localhost +site/)
    assert.match(await well('image', 'list'), /php +\d+/)
  })
  await t.test('a command in the pod has our input, output, errors and exit code', async () => {
    await well('site', 'wake', 'kims')
    const done = await execa(process.execPath, [launcher, 'site', 'exec', 'kims', '--data', house.data, '--', 'sh', '-c', 'cat; echo no >&2; exit 7'], { input: 'line in\n', reject: false })
    assert.deepEqual([done.exitCode, done.stdout, done.stderr], [7, 'line in', 'no'])
    assert.equal((await well('site', 'exec', 'kims', '--', 'id', '-u')).trim(), '0')
    await well('site', 'sleep', 'kims')
    assert.equal((await well('site', 'exec', 'kims', '--', 'cat', '/var/www/html/index.php')).includes('6*7'), true)
    const big = await execa(process.execPath, [launcher, 'site', 'exec', 'kims', '--data', house.data, '--', 'head', '-c', '5000000', '/dev/zero'], { encoding: 'buffer', stdin: 'ignore' })
    assert.equal(big.stdout.length, 5_000_000)
  })
  await t.test('a terminal is passed through', async () => {
    const command = [process.execPath, launcher, 'site', 'exec', 'kims', '--data', house.data, '-t', '--', 'sh', '-c', 'tty; exit 5']
    const done = await execa('script', ['--quiet', '--return', '--command', command.join(' ').replace("sh -c tty; exit 5", "sh -c 'tty; exit 5'"), '/dev/null'], { reject: false, stdin: 'ignore' })
    assert.equal(done.exitCode, 5, String(done.stdout))
    assert.match(String(done.stdout), /\/dev\//)
  })
  await t.test('a backup brings back what was deleted', async () => {
    const file = `${temporary(t)}/kims.tar.gz`
    await well('site', 'backup', 'kims', file)
    assert.deepEqual([...readFileSync(file).subarray(0, 2)], [0x1f, 0x8b])
    await well('site', 'exec', 'kims', '--', 'sh', '-c', 'echo gone > /var/www/html/index.php')
    await well('site', 'restore', 'kims', file)
    assert.equal((await house.visit('kims.localhost')).text, 'from a directory 42')
    assert.match(await well('site', 'logs', 'kims'), /.*/)
    await well('site', 'restore', 'twin', file, '--owner', 'kim')
    assert.equal((await house.visit('twin.localhost')).text, 'from a directory 42')
    writeFileSync(`${file}.bad`, readFileSync(file).subarray(0, 500))
    const bad = await house.auberge('site', 'restore', 'third', `${file}.bad`, '--owner', 'kim')
    assert.deepEqual([bad.code, /no whole tar\.gz/.test(bad.stderr), (await house.auberge('site', 'show', 'third')).code], [1, true, 1], bad.stderr)
  })
  await t.test('a deleted site leaves a backup that is listed, fetched, brought back and removed', async () => {
    await well('site', 'delete', 'twin', '--yes')
    const [{ id, bytes } = { id: '', bytes: 0 }] = JSON.parse(await well('final', 'list', '--json')) as { id: string; bytes: number }[]
    assert.match(await well('final', 'list'), new RegExp(`^ID .*\n${id} +kim `))
    const file = `${temporary(t)}/twin.tar.gz`
    await well('final', 'fetch', id, file)
    assert.equal(readFileSync(file).length, bytes)
    assert.match(await well('final', 'restore', id), /^twin, of kim/)
    assert.equal((await house.visit('twin.localhost')).text, 'from a directory 42')
    await well('site', 'delete', 'twin', '--yes', '--purge')
    await well('final', 'remove', id)
    assert.match(await well('final', 'list'), /^no final backups$/m)
    assert.equal((await house.auberge('final', 'fetch', id, file)).code, 1)
  })
  await t.test('suspended, resumed, deleted', async () => {
    await well('account', 'suspend', 'kim', '--reason', 'unpaid')
    assert.match((await house.visit('kims.localhost')).text, /unpaid/)
    await well('account', 'resume', 'kim')
    assert.equal((await house.auberge('account', 'delete', 'kim')).code, 1)
    assert.equal((await house.auberge('site', 'delete', 'kims')).code, 2)
    await well('site', 'delete', 'kims', '--yes')
    await well('account', 'delete', 'kim')
    assert.equal((await house.auberge('site', 'show', 'kims')).code, 1)
  })
  await t.test('the doctor finds the house well', async () => {
    const { healthy, findings } = JSON.parse(await well('doctor', '--json')) as { healthy: boolean; findings: { subject: string; verdict: string }[] }
    assert.equal(healthy, true)
    for (const part of ['control', 'provisioner', 'dns']) assert.equal(findings.find(each => each.subject === part)?.verdict, 'well', part)
  })
  await t.test('what is not there is said', async () => {
    const expose = await house.auberge('site', 'expose', 'kims', '8081')
    assert.equal(expose.code, 1)
    assert.match(expose.stderr, /no site/)
    assert.equal((await house.auberge('site', 'expose', 'kims', 'http')).code, 2)
    const { code, stderr } = await house.auberge('ca', 'export', '/tmp/never')
    assert.equal(code, 1)
    assert.match(stderr, /--https off/)
  })
})

test('without a house, a command says how to start one', async t => {
  const { exitCode, stderr } = await execa(process.execPath, [launcher, 'site', 'list', '--data', temporary(t)], { reject: false })
  assert.equal(exitCode, 1)
  assert.match(String(stderr), /no Auberge runs with .*auberge up/)
})
