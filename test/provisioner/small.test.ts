import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import test from 'node:test'
import { ociConfig, type BundleSpec } from '../../provisioner/bundle.ts'
import { cgroups } from '../../provisioner/cgroup.ts'
import { alive, startOf } from '../../provisioner/process.ts'
import { run } from '../../provisioner/run.ts'
import { Queue } from '../../provisioner/queue.ts'

const UNIFIED = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'

test('work on one site is done in order, whatever fails, and sites do not wait for each other', async () => {
  const queue = new Queue()
  const done: string[] = []
  let go = () => {}
  const first = queue.run('a', () => new Promise<void>(resolve => { go = resolve }).then(() => void done.push('a1')))
  const second = queue.run('a', async () => { done.push('a2'); throw new Error('no') })
  const third = queue.run('a', async () => { done.push('a3') })
  await queue.run('b', async () => { done.push('b') })
  assert.equal(queue.waiting('a'), 2)
  go()
  await assert.rejects(second, /no/)
  await Promise.all([first, third])
  assert.deepEqual(done, ['b', 'a1', 'a2', 'a3'])
  assert.equal(queue.waiting('a'), 0)
})

test('a program has its input and nothing of ours, says what it said and how it ended, and is killed when its time is up', async () => {
  const much = 'one line\n'.repeat(50_000)
  assert.equal(await run(['cat'], { input: much }), much.slice(0, -1), 'less the newline at its end')
  assert.equal(await run(['env'], { env: { OWN: 'x' } }), 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\nOWN=x')
  assert.equal(await run(['sh', '-c', 'echo said; exit 3'], { ok: [3] }), 'said')
  await assert.rejects(run(['sh', '-c', 'echo why >&2; exit 4']), { code: 'failed', message: 'sh -c echo why >&2; exit 4: exit 4: why' })
  await assert.rejects(run(['sleep', '60'], { timeout: 20 }), { message: 'sleep 60: SIGKILL' })
  for (const program of ['nonesuch', '/nonesuch']) await assert.rejects(run([program]), { code: 'failed', message: /nonesuch: not started/ })
  assert.equal((await Promise.all(Array.from({ length: 50 }, (_, index) => run(['echo', String(index)])))).join(''), Array.from({ length: 50 }, (_, index) => String(index)).join(''))
  const choir = await run(['sh', '-c', 'for one in 1 2 3 4; do (for line in $(seq 500); do echo $one $line; done) & done; wait'])
  assert.equal(new Set(choir.split('\n')).size, 2000, 'of many that write at once nothing is lost')
})

test('in cgroup v2 a process is frozen, thawed, killed and its cgroup removed', async t => {
  const path = `/augtest-${process.pid}`
  const groups = cgroups(UNIFIED)
  assert.equal(groups.version, 2)
  await mkdir(`${UNIFIED}${path}/inner`, { recursive: true })
  const child = spawn('sleep', ['1000'])
  t.after(() => child.kill('SIGKILL'))
  t.after(() => groups.remove(path))
  await writeFile(`${UNIFIED}${path}/inner/cgroup.procs`, String(child.pid))
  assert.deepEqual(await groups.tasks(path), [child.pid])
  await groups.freeze(`${path}/inner`)
  assert.equal(await groups.frozen(`${path}/inner`), true)
  await groups.thaw(`${path}/inner`)
  await groups.freeze(`${path}/inner`)
  await groups.kill(path)
  assert.deepEqual(await groups.tasks(path), [])
  assert.deepEqual(await groups.children(path), ['inner'])
  await groups.remove(path)
  assert.equal(existsSync(`${UNIFIED}${path}`), false)
})

test('limits are written as cgroup v2 wants them', async t => {
  const root = mkdtempSync(`${tmpdir()}/aub-`)
  t.after(() => rmSync(root, { recursive: true, force: true }))
  await writeFile(`${root}/cgroup.controllers`, '')
  await cgroups(root).limit('/h/alice', { memory: 1 << 28, cpu: 0.5, disk: 0, pids: 64 })
  const read = (file: string) => readFile(`${root}/h/alice/${file}`, 'utf8')
  assert.deepEqual(await Promise.all(['memory.max', 'memory.swap.max', 'cpu.max', 'cpu.weight', 'pids.max'].map(read)), ['268435456', '0', '10000 20000', '50', '64'])
})

test('a process is told from a later one of the same pid', () => {
  const start = startOf(process.pid)
  assert.equal(alive({ pid: process.pid, start }), true)
  assert.equal(alive({ pid: process.pid, start: '1' }), false)
  assert.equal(alive({ pid: 0, start: '' }), false)
})

test('a container may do little and write in few places', () => {
  const spec: BundleSpec = {
    hostname: 'alice', rootfs: '/i', firstId: 1000, netns: '/n', cgroup: '/c', cgroupVersion: 2, volume: '/v', files: { '/etc/resolv.conf': '/r' },
    process: { args: ['x'], env: [], cwd: '/', tty: false },
  }
  const { root, process: own, mounts, linux } = ociConfig(spec)
  assert.deepEqual(root, { path: '/i', readonly: true })
  assert.equal(own.noNewPrivileges, true)
  assert.ok(!own.capabilities.bounding.some(each => /SYS_|NET_ADMIN|NET_RAW|MKNOD|SETPCAP|CHROOT/.test(each)))
  assert.deepEqual(linux.namespaces.map(each => each.type).sort(), ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts'])
  const writable = mounts.filter(each => !each.options.includes('ro')).map(each => each.destination)
  assert.deepEqual(writable, ['/proc', '/dev', '/dev/pts', '/dev/shm', '/dev/mqueue', '/tmp', '/run', '/var/log', '/var/www'])
  for (const { destination, options } of mounts) if (destination !== '/dev' && destination !== '/dev/pts') assert.ok(options.includes('nosuid') && options.includes('nodev'), destination)
})
