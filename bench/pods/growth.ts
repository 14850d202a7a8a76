// What one site, or one container, costs the machine, from what the machine grows by as many of them come. Used by bench/density.ts and docked.ts.
import { cgroups } from '../../provisioner/cgroup.ts'
import { median } from '../table.ts'
import { settle } from './house.ts'
import { groupMemory, kernelMemory } from './memory.ts'

/** Bytes of the kernel's memory, of what runs in the pods (page cache not counted: it is shared and can be had back), of the house's own processes; processes of the pods. */
export type Cost = { kernel: number; pods: number; own: number; processes: number }

/**
 * What one of `all` adds below the control group `path` when `act` happens to them, batch by batch. `whose` memory of the kernel: the whole machine's,
 * which serves others too, so the median batch counts; or what it holds for the control groups alone, where nothing else is made.
 */
export async function growth<T>(path: string, all: readonly T[], batch: number, whose: 'machine' | 'groups', act: (some: T[]) => Promise<unknown>): Promise<Cost> {
  const looks = [await look(path)]
  for (let from = 0; from < all.length; from += batch) {
    await act(all.slice(from, from + batch))
    looks.push(await look(path))
  }
  const [first, last] = [looks[0]!, looks.at(-1)!]
  const machine = median(looks.slice(1).map((after, i) => (after.machine - looks[i]!.machine) / batch))
  const per = (what: keyof Look): number => (last[what] - first[what]) / all.length
  return { kernel: whose === 'machine' ? machine + per('tables') : per('kernel'), pods: per('pods'), own: 0, processes: per('processes') }
}

export function plus(a: Cost, b: Cost): Cost {
  return { kernel: a.kernel + b.kernel, pods: a.pods + b.pods, own: a.own + b.own, processes: a.processes + b.processes }
}

/** Bytes, and processes of the pods. */
type Look = { machine: number; kernel: number; tables: number; pods: number; processes: number }

async function look(path: string): Promise<Look> {
  await settle()
  const pids = await cgroups().tasks(path)
  return { machine: kernelMemory(), ...groupMemory(path, pids), processes: pids.length }
}
