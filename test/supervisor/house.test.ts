// The real processes of a house: whose they are, what they may, what they can reach, and how they come and go.
import assert from 'node:assert/strict'
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { execa } from 'execa'
import { places } from '../../wire/house.ts'
import { USERS } from '../../wire/users.ts'
import { dataFor, startHouse } from '../helpers/house.ts'
import { until } from '../helpers/patience.ts'

const launcher = new URL('../../bin/auberge.mjs', import.meta.url).pathname
const GATEWAY = ['--runtime', 'none', '--workers', '2']

/** The id of a user, or of a group. */
function idIn(file: '/etc/passwd' | '/etc/group', name: string): number {
  const line = readFileSync(file, 'utf8').split('\n').find(each => each.startsWith(`${name}:`)) ?? assert.fail(`no ${name} in ${file}`)
  return Number(line.split(':')[2])
}

function status(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map(line => line.split(/:\s*/, 2)))
}

const PARTS = ['relay', 'control', 'dns'] as const

test('relay, control and dns have their own user, their edges\' groups, no capability and no way to any; the provisioner is root', async t => {
  const house = await startHouse(t)
  for (const part of PARTS) {
    const uid = idIn('/etc/passwd', USERS[part].user)
    const gid = idIn('/etc/group', USERS[part].user)
    for (const pid of await house.pids(part)) {
      const now = status(pid)
      assert.deepEqual(now.Uid?.split('\t').map(Number), [uid, uid, uid, uid], part)
      assert.deepEqual(now.Gid?.split('\t').map(Number), [gid, gid, gid, gid], part)
      assert.deepEqual(now.Groups?.trim().split(' ').map(Number).sort(), USERS[part].groups.map(group => idIn('/etc/group', group)).sort(), part)
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(now[set] ?? '', /^0+$/, `${part} ${set}`)
      assert.equal(now.NoNewPrivs, '1', part)
    }
  }
  assert.equal(new Set(PARTS.map(part => idIn('/etc/passwd', USERS[part].user))).size, 3)
  const [provisioner = 0] = await house.pids('provisioner')
  assert.match(status(provisioner).Uid ?? '', /^0\t0/)
  assert.deepEqual(listeners(provisioner), [], 'the provisioner listens on no network')
})

/** Inodes of the process's sockets that are TCP or UDP, in its network namespace. */
function listeners(pid: number): string[] {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).flatMap(fd => socketInode(pid, fd)))
  const rows = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap(file => readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n').slice(1))
  return rows.map(row => row.trim().split(/\s+/)[9] ?? '').filter(inode => sockets.has(inode))
}

function socketInode(pid: number, fd: string): string[] {
  const target = linkOf(`/proc/${pid}/fd/${fd}`)
  return /^socket:\[(\d+)\]$/.exec(target)?.slice(1) ?? []
}

test('each socket can be reached by the processes of its edge and by nobody else', async t => {
  const house = await startHouse(t)
  const at = places(house.data)
  const may: Record<string, string[]> = {
    [at.routesSocket]: ['relay', 'control'], [at.panelSocket]: ['relay', 'control'], [at.zoneSocket]: ['dns', 'control'],
    [at.provisionerSocket]: ['control'], [at.adminSocket]: ['control'],
  }
  const seen: Record<string, string[]> = {}
  for (const socket of Object.keys(may)) seen[socket] = await reaching(socket)
  assert.deepEqual(seen, may)
})

const CONNECT = "require('net').connect(process.argv[1]).on('connect', () => process.exit(0)).on('error', error => process.exit(error.code === 'EACCES' ? 13 : 1))"

/** Which of our users, and nobody, can connect to a socket. Any refusal must be the permission's. */
async function reaching(socket: string): Promise<string[]> {
  const people = [...PARTS.map(part => ({ name: part as string, user: USERS[part].user as string, groups: USERS[part].groups.join(',') })), { name: 'nobody', user: 'nobody', groups: 'nogroup' }]
  const outcomes = await Promise.all(people.map(async ({ name, user, groups }) => {
    const group = user === 'nobody' ? 'nogroup' : user
    const { exitCode } = await execa('setpriv', [`--reuid=${user}`, `--regid=${group}`, `--groups=${groups}`, process.execPath, '-e', CONNECT, socket], { reject: false, cwd: '/' })
    assert.ok(exitCode === 0 || exitCode === 13, `${name} at ${socket}: exit ${exitCode}`)
    return exitCode === 0 ? [name] : []
  }))
  return outcomes.flat().sort((a, b) => b.localeCompare(a))
}

test('no process of the house but control can open the registry, or the other\'s snapshot', async t => {
  const house = await startHouse(t, { args: GATEWAY })
  const at = places(house.data)
  await until('both snapshots', () => exists(at.zoneSnapshot) && exists(at.routesSnapshot))
  const read = async (part: keyof typeof USERS, file: string) => {
    const { user, groups } = USERS[part]
    return (await execa('setpriv', [`--reuid=${user}`, `--regid=${user}`, `--groups=${groups.join(',')}`, 'cat', file], { reject: false, cwd: '/' })).exitCode === 0
  }
  const who = async (file: string) => (await Promise.all(PARTS.map(async part => ((await read(part, file)) ? [part] : [])))).flat()
  assert.deepEqual(await who(at.registry), ['control'])
  assert.deepEqual(await who(at.zoneSnapshot), ['control', 'dns'])
  assert.deepEqual(await who(at.routesSnapshot), ['relay', 'control'])
})

test('a process that is killed is started again with the same sockets', async t => {
  const house = await startHouse(t, { args: GATEWAY })
  for (const part of PARTS) {
    const before = await house.pids(part)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await until(`${part} is back`, async () => {
      const now = await house.pids(part)
      return now.length === before.length && now.every(pid => !before.includes(pid))
    })
  }
  await until('all of them know each other', async () => (await house.visit('localhost', '/healthz')).status === 200)
  assert.equal(await house.dig('localhost'), '127.0.0.1')
})

test('the supervisor\'s sudden death ends every process, and the next house starts at once in the same place', async t => {
  const data = dataFor(t)
  const first = await startHouse(t, { data, args: GATEWAY })
  const pids = (await Promise.all(PARTS.map(part => first.pids(part)))).flat()
  const [supervisor = 0] = await first.pids('supervisor')
  process.kill(supervisor, 'SIGKILL')
  const second = await startHouse(t, { data, args: [...GATEWAY, '--http', `127.0.0.1:${first.http}`] })
  assert.equal((await second.visit('localhost', '/healthz')).status, 200)
  assert.deepEqual(pids.filter(isAlive), [])
})

test('the launcher\'s sudden death ends the house', async t => {
  const house = await startHouse(t, { args: GATEWAY })
  const [supervisor = 0] = await house.pids('supervisor')
  const launched = Number(status(supervisor).PPid)
  process.kill(launched, 'SIGKILL')
  await until('the supervisor has left', () => !isAlive(supervisor))
})

test('a second house in the same data directory is refused', async t => {
  const house = await startHouse(t, { args: GATEWAY })
  const { exitCode, stderr } = await execa(process.execPath, [launcher, 'up', '--data', house.data, '--http', '127.0.0.1:0', '--https', 'off', '--dns', 'off', '--runtime', 'none'], { reject: false })
  assert.equal(exitCode, 1)
  assert.match(String(stderr), /another Auberge uses .*--data/)
  assert.equal((await house.visit('localhost', '/healthz')).status, 200)
})

test('SIGTERM and SIGINT end everything with exit code 0 and leave no process', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const house = await startHouse(t, { args: GATEWAY })
    const pids = (await Promise.all([...PARTS, 'supervisor'].map(part => house.pids(part)))).flat()
    const [supervisor = 0] = await house.pids('supervisor')
    process.kill(supervisor, signal)
    assert.equal(await house.stop(), 0)
    assert.deepEqual(pids.filter(isAlive), [])
  }
})

function isAlive(pid: number): boolean {
  try {
    return status(pid).State?.startsWith('Z') === false
  } catch {
    return false
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
