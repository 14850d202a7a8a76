import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'node:test'
import { firstId, siteCgroup } from '../../../provisioner/instance.ts'
import { welcome } from '../../../provisioner/workshop/welcome.ts'
import { newest } from '../../../provisioner/images/store.ts'
import { seed } from '../../../provisioner/workshop/seed.ts'
import { inWorkshop, openWorkshop } from '../../../provisioner/workshop/workshop.ts'
import { house, owner, volume } from './house.ts'

test('a new volume has a first page, a place for sessions and uploads, and nothing of root', async t => {
  const host = await house(t)
  const root = firstId(host.instance, host.states.site('alice').slot)
  const at = (path: string) => { const { uid, mode } = statSync(`${volume(host)}/${path}`); return [uid - root, mode & 0o7777] }
  assert.equal(readlinkSync(`${volume(host)}/html`), 'releases/initial')
  assert.equal(readFileSync(`${volume(host)}/html/index.php`, 'utf8'), welcome(newest('php')!, 'alice').text)
  assert.deepEqual([at('.'), at('releases'), at('html'), at('html/index.php'), at('sessions'), at('tmp')], [[0, 0o755], [0, 0o755], [33, 0o755], [33, 0o644], [33, 0o700], [33, 0o700]])
  assert.equal(await owner(host, 'alice', 'find /var/www -user nobody'), '')
  assert.deepEqual(host.states.site('alice').releases, ['initial'])
})

test('a seed that was interrupted is finished, and one that was done is left alone', async t => {
  const host = await house(t)
  rmSync(`${volume(host)}/html`)
  rmSync(`${volume(host)}/sessions`, { recursive: true })
  await seed(host, 'alice')
  assert.equal(readlinkSync(`${volume(host)}/html`), 'releases/initial')
  assert.ok(statSync(`${volume(host)}/sessions`).isDirectory())
})

test('the first page greets in the language of the visitor', async t => {
  const host = await house(t)
  const speak = (language: string) => inWorkshop(host, 'alice', 30_000, shop => shop.run(['php', '-r', '$_SERVER["HTTP_ACCEPT_LANGUAGE"] = $argv[1]; require "/var/www/html/index.php";', language]))
  const [english, french] = [await speak('en-GB,en'), await speak('fr-CH, en;q=0.5')]
  assert.match(english.stdout, /<html lang="en">[^]*Your site <strong>alice<\/strong> is ready/)
  assert.match(french.stdout, /<html lang="fr">[^]*Votre site <strong>alice<\/strong> est prêt/)
})

test('a workshop is the site alone: its ids, its volume, no network, a root file system it can not change', async t => {
  const host = await house(t)
  const seen = await owner(host, 'alice', 'id -u; cat /proc/self/uid_map; cat /proc/net/dev | grep -vc "|"; mount | grep -c " / .*ro[,)]"; (echo x > /usr/x) 2>&1 || true; (mount -t tmpfs none /mnt 2>&1; mknod /var/www/sda b 8 0 2>&1; unshare -U true 2>&1) || true')
  const [uid, map = '', interfaces, readonly] = seen.split('\n')
  assert.equal(uid, '0')
  assert.deepEqual(map.trim().split(/\s+/).map(Number), [0, firstId(host.instance, host.states.site('alice').slot), 65_536])
  assert.equal(interfaces, '1')
  assert.equal(readonly, '1')
  assert.match(seen, /Read-only file system/)
  assert.match(seen, /mount: .*(permission denied|not permitted)|must be superuser/i)
  assert.match(seen, /mknod: .*not permitted/)
})

test('when its time is up everything in it ends', async t => {
  const host = await house(t)
  await assert.rejects(inWorkshop(host, 'alice', 500, shop => shop.run(['sh', '-c', 'trap : TERM HUP; setsid sleep 1000 & sleep 1000'])), { code: 'timeout' })
  assert.deepEqual(await host.runtime.list(), [])
  assert.deepEqual(await host.cgroups.tasks(siteCgroup(host.instance, 'alice')), [])
})

test('its memory and processes are bounded by the site\'s limits', async t => {
  const host = await house(t, { memory: 64 * 2 ** 20, pids: 24 })
  const hungry = await inWorkshop(host, 'alice', 30_000, shop => shop.run(['php', '-d', 'memory_limit=-1', '-r', 'str_repeat("x", 200 << 20); echo "had it";']))
  assert.doesNotMatch(hungry.stdout, /had it/)
  const forking = await inWorkshop(host, 'alice', 30_000, shop => shop.run(['sh', '-c', 'for i in $(seq 40); do sleep 5 & done; echo all']))
  assert.match(forking.stderr, /fork/i)
})

test('it dies with the process that opened it, however that ends', async t => {
  const host = await house(t)
  const shop = await openWorkshop(host, 'alice', 60_000)
  t.after(() => shop.close())
  // The leash is a pipe: a program that outlives its opener would show here as one that outlives the leash.
  const [command, ...args] = shop.argv(['sh', '-c', 'trap : HUP TERM; setsid sleep 1000 & echo up; sleep 1000'])
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout!, 'data')
  const tasks = await host.cgroups.tasks(shop.cgroup)
  const leash = tasks.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'latin1') === 'cat\0')
  assert.ok(leash)
  process.kill(leash, 'SIGKILL')
  const deadline = Date.now() + 10_000
  while ((await host.cgroups.tasks(shop.cgroup)).length > 0) {
    assert.ok(Date.now() < deadline)
    await delay(10)
  }
  child.stdout!.destroy()
})
