// Limits, freezing and killing by control group, v1 (hybrid) and v2 alike. Called by the runtime and the recipes.
// A cgroup is named by its path from the root of the hierarchies ("/auberge0/alice"); in v1 it is a directory in each of them.
import { existsSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { PodLimits } from '../registry/types.ts'
import { AubergeError } from '../wire/error.ts'

const ROOT = '/sys/fs/cgroup'
/** Microseconds. The kernel's 100,000 let a site with many processes take all processors for half of them, and its neighbours wait as long. */
const PERIOD = 20_000
/** Milliseconds in which all tasks stop: one that waits for a disk on a machine with twenty others at work does when it has its answer, after more than two seconds. */
const FREEZING = 10_000
/** The parts of `kernel` in memory.stat of v2, which has the sum only since Linux 5.18. */
const KERNEL = ['kernel_stack', 'pagetables', 'percpu', 'slab']
const V1_LIMITED = ['memory', 'cpu', 'pids', 'freezer', 'blkio']

/** Files that not every kernel has; I/O has weights only where the disk's scheduler is BFQ, or io.cost is set up. */
const OPTIONAL = /swap|(io|bfq)\.weight$/

export type Cgroups = {
  version: 1 | 2
  /** v1 with some controllers on the v2 side of a hybrid. */
  mixed: boolean
  /** Makes a cgroup with limits, or gives an existing one new limits. */
  limit(path: string, limits: PodLimits): Promise<void>
  /** Makes a cgroup where it isn't there and resolves with the files by which a process enters it, of every controller where that needs no more. */
  doors(path: string): Promise<string[]>
  /** Resolves once every task has stopped. */
  freeze(path: string): Promise<void>
  thaw(path: string): Promise<void>
  frozen(path: string): Promise<boolean>
  /** Ends every task below; thaws first, for a frozen task of v1 doesn't die. */
  kill(path: string): Promise<void>
  /** Resolves once no task is left, after `timeout` milliseconds, or when `hurried` says so. */
  emptied(path: string, timeout: number, hurried?: () => boolean): Promise<void>
  /** Process ids in it and below. */
  tasks(path: string): Promise<number[]>
  /** Removes an empty cgroup and those below; nothing of one that doesn't exist. */
  remove(path: string): Promise<void>
  /** Names of the cgroups directly below. */
  children(path: string): Promise<string[]>
  /** Bytes that aren't page cache: anonymous, shared and kernel memory. */
  memory(path: string): Promise<number>
  /** Bytes that sockets hold in the kernel beyond those of `memory`; version 2 has them among those of `memory.max`. */
  sockets(path: string): Promise<number>
  /** Tasks killed since it was made for want of memory. */
  oomKills(path: string): Promise<number>
}

/** The cgroups of this host, or those below another root (tests). */
export function cgroups(root = ROOT): Cgroups {
  return existsSync(`${root}/cgroup.controllers`) ? unified(root) : legacy(root)
}

type Files = {
  version: 1 | 2
  mixed: boolean
  dirs(path: string): string[]
  /** Those that a process can be put into. */
  entries(path: string): string[]
  tree: (path: string) => string
  limits(path: string, limits: PodLimits): [file: string, value: string][]
  parents(path: string): Promise<void>
  freezer(path: string): { dir: string; file: string; on: string; off: string; state: () => Promise<boolean> }
  memory(path: string): Promise<number>
  sockets(path: string): Promise<number>
  oom(path: string): Promise<number>
}

/** 100 for one core, as the kernel's defaults are; never 0. */
const weight = (cpu: number, one: number, max: number) => String(Math.max(2, Math.min(max, Math.round(cpu * one))))

function unified(root: string): Cgroups {
  const at = (path: string) => `${root}${path}`
  return operations({
    version: 2,
    mixed: false,
    dirs: path => [at(path)],
    entries: path => [at(path)],
    tree: at,
    limits: (path, { memory, cpu, pids }) => [
      [`${at(path)}/memory.max`, String(memory)], [`${at(path)}/memory.swap.max`, '0'],
      [`${at(path)}/cpu.max`, `${Math.round(cpu * PERIOD)} ${PERIOD}`], [`${at(path)}/cpu.weight`, weight(cpu, 100, 10_000)],
      [`${at(path)}/pids.max`, String(pids)], [`${at(path)}/io.weight`, weight(cpu, 100, 1000)],
    ],
    async parents(path) {
      const parts = path.split('/').slice(1)
      for (let depth = 0; depth <= parts.length; depth++) {
        const dir = [root, ...parts.slice(0, depth)].join('/')
        await mkdir(dir, { recursive: true })
        for (const controller of ['memory', 'cpu', 'pids', 'io']) await put(`${dir}/cgroup.subtree_control`, `+${controller}`, true)
      }
    },
    freezer: path => ({
      dir: at(path), file: `${at(path)}/cgroup.freeze`, on: '1', off: '0',
      state: async () => /^frozen 1$/m.test(await text(`${at(path)}/cgroup.events`)),
    }),
    memory: async path => {
      const file = `${at(path)}/memory.stat`
      return await sum(file, ['anon', 'shmem']) + (await sum(file, ['kernel']) || await sum(file, KERNEL))
    },
    sockets: async () => 0,
    oom: path => sum(`${at(path)}/memory.events`, ['oom_kill']),
  })
}

function legacy(root: string): Cgroups {
  const controllers = [...new Set(readdirSync(root).map(name => realpathSync(`${root}/${name}`)))]
  const at = (controller: string, path: string) => `${root}/${controller}${path}`
  return operations({
    version: 1,
    mixed: mixed(root),
    dirs: path => controllers.map(dir => `${dir}${path}`),
    // A new cgroup of cpuset has no processor; the others of v1 take anybody. What is v2 of a hybrid is the runtime's business.
    entries: path => controllers.filter(dir => !/\/(cpuset|unified)$/.test(dir)).map(dir => `${dir}${path}`),
    tree: path => at('pids', path),
    limits: (path, { memory, cpu, pids }) => [
      [at('memory', `${path}/memory.limit_in_bytes`), String(memory)], [at('memory', `${path}/memory.swappiness`), '0'],
      [at('cpu', `${path}/cpu.cfs_period_us`), String(PERIOD)], [at('cpu', `${path}/cpu.cfs_quota_us`), String(Math.round(cpu * PERIOD))],
      [at('cpu', `${path}/cpu.shares`), weight(cpu, 1024, 262_144)], [at('pids', `${path}/pids.max`), String(pids)], [at('blkio', `${path}/blkio.bfq.weight`), weight(cpu, 100, 1000)],
    ],
    async parents(path) {
      for (const controller of V1_LIMITED.filter(each => existsSync(`${root}/${each}`))) await mkdir(at(controller, path), { recursive: true })
      // At the root each process of the host competes with all pods together, as if they were one.
      await put(at('cpu', `/${path.split('/')[1]}/cpu.shares`), String(1024 * availableParallelism()), true)
    },
    freezer: path => ({
      dir: at('freezer', path), file: at('freezer', `${path}/freezer.state`), on: 'FROZEN', off: 'THAWED',
      state: async () => (await text(at('freezer', `${path}/freezer.state`))).trim() === 'FROZEN',
    }),
    memory: path => sum(at('memory', `${path}/memory.stat`), ['total_rss', 'total_shmem']).then(async own => own + Number(await text(at('memory', `${path}/memory.kmem.usage_in_bytes`)))),
    sockets: async path => Number(await text(at('memory', `${path}/memory.kmem.tcp.usage_in_bytes`))),
    oom: path => sum(at('memory', `${path}/memory.oom_control`), ['oom_kill']),
  })
}

function mixed(root: string): boolean {
  const file = `${root}/unified/cgroup.controllers`
  return existsSync(file) && readFileSync(file, 'utf8').trim() !== ''
}

function operations(files: Files): Cgroups {
  const tasks = (path: string) => tasksBelow(files.tree(path))
  /** A visitor waits for it: what the kernel does at once needs no thread for each step. A cgroup that is gone has nothing frozen. */
  const thaw = async (path: string) => {
    try { writeFileSync(files.freezer(path).file, files.freezer(path).off) } catch { /* gone */ }
  }
  /** Thawing a cgroup leaves those below that were frozen themselves as they are. */
  const thawTree = async (path: string): Promise<void> => {
    await thaw(path)
    for (const name of await below(files.freezer(path).dir)) await thawTree(`${path}/${name}`)
  }
  return {
    version: files.version,
    mixed: files.mixed,
    async limit(path, limits) {
      await files.parents(path)
      for (const [file, value] of files.limits(path, limits)) await put(file, value, OPTIONAL.test(file))
    },
    async doors(path) {
      for (const dir of files.entries(path)) await mkdir(dir, { recursive: true })
      return files.entries(path).map(dir => `${dir}/cgroup.procs`)
    },
    async freeze(path) {
      const freezer = files.freezer(path)
      await put(freezer.file, freezer.on, false)
      if (await until(freezer.state, FREEZING)) return
      await thaw(path)
      throw new AubergeError('failed', `cgroup ${path} did not freeze within ${FREEZING / 1000} s; it was thawed again`)
    },
    thaw,
    frozen: path => files.freezer(path).state(),
    async kill(path) {
      await thawTree(path)
      const killed = await until(async () => {
        const left = await tasks(path)
        for (const pid of left) end(pid)
        return left.length === 0
      }, 10_000)
      if (!killed) throw new AubergeError('failed', `processes of cgroup ${path} did not die within 10 s`)
    },
    emptied: async (path, timeout, hurried = () => false) => void (await until(async () => hurried() || (await tasks(path)).length === 0, timeout)),
    tasks,
    async remove(path) { for (const dir of files.dirs(path)) await removeTree(dir) },
    children: async path => [...new Set((await Promise.all(files.dirs(path).map(below))).flat())],
    memory: files.memory,
    sockets: files.sockets,
    oomKills: files.oom,
  }
}

function end(pid: number): void {
  try { process.kill(pid, 'SIGKILL') } catch { /* it has ended already */ }
}

async function tasksBelow(dir: string): Promise<number[]> {
  const own = (await text(`${dir}/cgroup.procs`)).split('\n').filter(Boolean).map(Number)
  const deeper = await Promise.all((await below(dir)).map(name => tasksBelow(`${dir}/${name}`)))
  return [...own, ...deeper.flat()].filter(pid => pid > 0)
}

const below = async (dir: string) => (await readdir(dir, { withFileTypes: true }).catch(() => [])).filter(entry => entry.isDirectory()).map(entry => entry.name)

async function removeTree(dir: string): Promise<void> {
  for (const name of await below(dir)) await removeTree(`${dir}/${name}`)
  let failure: NodeJS.ErrnoException | null = null
  await until(async () => {
    failure = await rmdir(dir).then(() => null, (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : error))
    return failure === null
  }, 2000)
  if (failure !== null) throw failure
}

/** Polls every few milliseconds; false after `timeout` milliseconds. */
async function until(done: () => Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout
  for (;;) {
    if (await done()) return true
    if (performance.now() > deadline) return false
    await delay(2)
  }
}

const text = (file: string) => readFile(file, 'utf8').catch(() => '')

async function put(file: string, value: string, optional: boolean): Promise<void> {
  await writeFile(file, value).catch(cause => {
    if (!optional) throw new AubergeError('failed', `can't write ${value} to ${file}: ${(cause as Error).message}`, { cause })
  })
}

async function sum(file: string, keys: string[]): Promise<number> {
  const lines = (await text(file)).split('\n').map(line => line.split(' '))
  return lines.filter(([key]) => keys.includes(key ?? '')).reduce((total, [, value]) => total + Number(value), 0)
}
