// The main job by curl's means alone: sign up, reserve, deploy, visit, delete; and nothing is left but a final backup.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { execa } from 'execa'
import { startHouse, type TestHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'
import { newOwner, zipOf } from './owner.ts'

test('the demo site answers from PHP in its pod as soon as the house is ready', async t => {
  const house = await startHouse(t, { args: ['--demo'] })
  const page = await house.visit('hello.localhost')
  assert.equal(page.status, 200)
  assert.match(page.text, /8\.2\.\d+/)
  assert.equal(await house.dig('hello.localhost'), '127.0.0.1')
  assert.equal((await house.visit(new URL(house.ready.panel).host, '/healthz')).status, 200)
})

test('a person signs up, reserves a name, deploys a zip, is visited, deletes it, and nothing is left but a backup', async t => {
  const house = await startHouse(t)
  const alice = await newOwner(house, 'alice')
  assert.equal(await house.dig('alice.localhost'), '')
  assert.equal((await house.visit('alice.localhost')).status, 404)

  const made = await alice.api('POST', '/api/sites', { name: 'alice' })
  assert.equal(made.status, 201, made.text)
  assert.equal(await house.dig('alice.localhost'), '127.0.0.1')
  const zip = await zipOf({ 'index.php': '<?php echo "alice on ", PHP_SAPI, " asks for ", $_SERVER["HTTP_HOST"];' })
  const deployed = await alice.raw('PUT', '/api/sites/alice/content', { body: zip })
  assert.equal(deployed.status, 200, deployed.text)
  const page = await house.visit('alice.localhost')
  assert.equal(page.text, 'alice on apache2handler asks for alice.localhost')
  await until('the visit is in the log', async () => /"GET \/ HTTP\/1\.1" 200 48 /.test((await alice.api('GET', '/api/sites/alice/logs?source=access')).text))
  const bob = await newOwner(house, 'bob')
  assert.equal((await bob.api('GET', '/api/sites/alice/logs?source=access')).status, 404)

  assert.ok((await traces(house, 'alice')).length > 0)
  assert.equal((await alice.api('DELETE', '/api/sites/alice')).status, 204)
  assert.equal(await house.dig('alice.localhost'), '')
  assert.equal((await house.visit('alice.localhost')).status, 404)
  assert.deepEqual((JSON.parse((await alice.api('GET', '/api/sites')).text) as unknown[]), [])
  await until('all traces are gone', async () => (await traces(house, 'alice')).length === 0)
  assert.deepEqual(readdirSync(`${house.data}/access`), [])
  assert.match(readdirSync(`${house.data}/backups`).join(), /^alice-.*\.tar\.gz$/)
})

test('the command line makes, shows, runs in, deploys to and deletes a site', async t => {
  const house = await startHouse(t)
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await house.auberge(...args)
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const bob = await newOwner(house, 'bob')
  await ok('site', 'create', 'bobs', '--owner', 'bob')
  assert.match(await ok('site', 'exec', 'bobs', '--', 'id', '-u'), /^0$/m)
  assert.equal((await house.auberge('site', 'exec', 'bobs', '--', 'sh', '-c', 'exit 7')).code, 7)
  await ok('site', 'wake', 'bobs')
  assert.match(await ok('routes'), /bobs\.localhost/)
  await house.visit('bobs.localhost', '/seen')
  await until('the visit is in the log', async () => (await ok('site', 'logs', 'bobs', '--access')).includes('GET /seen HTTP/1.1'))
  assert.match(await ok('site', 'show', 'bobs', '--json'), /"state":\s*"running"/)
  assert.equal((await bob.api('GET', '/api/sites/bobs')).status, 200)
  assert.equal((await house.auberge('site', 'show', 'nobody')).code, 1)
  assert.equal((await house.auberge('site', 'shwo', 'bobs')).code, 2)
  await ok('site', 'delete', 'bobs', '--yes')
  assert.equal((await bob.api('GET', '/api/sites/bobs')).status, 404)
})

/** Whatever on this host bears the name of a house's site: namespaces, mounts, loop devices, cgroups, files. */
async function traces(house: TestHouse, site: string): Promise<string[]> {
  const { number } = JSON.parse(readFileSync(`${house.data}/pods/instance.json`, 'utf8')) as { number: number }
  const instance = `auberge${number}`
  const commands: [string, string[]][] = [
    ['ip', ['netns', 'list']], ['findmnt', ['--list', '--noheadings', '--output', 'TARGET']], ['losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']],
    ['find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*${instance}*${site}*`]], ['find', [house.data, '/run/auberge', '-name', `*${site}*`, '-not', '-path', '*/backups/*']],
  ]
  const outputs = await Promise.all(commands.map(async ([file, args]) => (await execa(file, args, { reject: false })).stdout))
  return outputs.flatMap(text => text.split('\n')).filter(line => line.includes(site) && (line.includes(house.data) || line.includes(instance)))
}
