// What sites cost the host: memory, processes, disk. Used by bench/density.ts and scale.ts.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * Bytes the kernel holds that dropping caches doesn't give back, but for page tables: objects of slabs, per-CPU data, what vmalloc gave (stacks of threads
 * among it). Objects rather than pages: on a machine that has done much, new ones fill pages that are there already.
 */
export function kernelMemory(): number {
  const slabs = read('/proc/slabinfo').split('\n').slice(2).map(line => line.split(/\s+/))
  const objects = slabs.filter(([name = '']) => name !== '' && !isReclaimable(name)).reduce((sum, [, active, , size]) => sum + Number(active) * Number(size), 0)
  return objects + kilobytes('/proc/meminfo', 'Percpu') + kilobytes('/proc/meminfo', 'VmallocUsed')
}

const isReclaimable = (slab: string): boolean => read(`/sys/kernel/slab/${slab}/reclaim_account`).trim() === '1'

/**
 * Of the processes in a control group and below, bytes: anonymous memory (the group's own count misses what a process brought along when it entered) and
 * what is in their tmpfs; their page tables; and all that the kernel holds for the group, these included.
 */
export function groupMemory(path: string, pids: readonly number[]): { pods: number; tables: number; kernel: number } {
  const sum = (file: string, field: string): number => pids.reduce((all, pid) => all + kilobytes(`/proc/${pid}/${file}`, field), 0)
  const [anonymous, tables] = [sum('smaps_rollup', 'Pss_Anon'), sum('status', 'VmPTE')]
  const v1 = `/sys/fs/cgroup/memory${path}`
  if (existsSync(v1)) return { pods: anonymous + fields(`${v1}/memory.stat`, ['total_shmem']), tables, kernel: Number(read(`${v1}/memory.kmem.usage_in_bytes`)) }
  const v2 = `/sys/fs/cgroup${path}/memory.stat`
  return { pods: anonymous + fields(v2, ['shmem']), tables, kernel: fields(v2, ['kernel']) }
}

/** Lines such as `anon 12`, summed. */
function fields(file: string, wanted: string[]): number {
  return wanted.reduce((sum, field) => sum + Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(read(file))?.[1] ?? 0), 0)
}

/** Proportional memory (PSS) of processes, bytes. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0)
}

/** Resident memory of processes, bytes; what they share counts for each. */
export function residentOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytes(`/proc/${pid}/status`, 'VmRSS'), 0)
}

/** Processes and all their descendants. */
export function family(pids: readonly number[]): number[] {
  const parents = processes().map(pid => [pid, parentOf(pid)] as const)
  const found = new Set(pids)
  for (let before = 0; before < found.size;) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

/** A line such as `Pss:   12 kB`, in bytes. */
function kilobytes(file: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(file))?.[1] ?? 0) * 1024
}

/** Every process of the host with this text in its command line. */
export function processesWith(text: string): number[] {
  return processes().filter(pid => read(`/proc/${pid}/cmdline`).includes(text))
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(pid => pid > 0)

/** Field 4 of proc(5)'s stat; 0 of one that has ended. */
function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}

function read(file: string): string {
  try { return readFileSync(file, 'utf8') } catch { return '' }
}

/** Bytes allocated on disk for a directory and what is in it, without file systems mounted there. */
export function allocated(directory: string): number {
  return Number(execFileSync('du', ['--one-file-system', '--summarize', '--block-size=1', directory], { encoding: 'utf8' }).split('\t')[0])
}
