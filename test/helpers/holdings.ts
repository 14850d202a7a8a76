// What a house holds of the machine at one moment: what must not grow while the same sites wake and sleep again. Used by tests and benchmarks of many sites.
import { readdirSync, readFileSync } from 'node:fs'
import { execa } from 'execa'
import { claims } from '../../provisioner/claim.ts'
import { netnsNames } from '../../provisioner/network.ts'
import { mountPoints } from '../../provisioner/volume.ts'
import type { TestHouse } from './house.ts'

export const PARTS = ['supervisor', 'provisioner', 'control', 'relay', 'dns'] as const

/** Counts; of each of the house's processes its open files. */
export type Holdings = {
  mounts: number; loops: number; netns: number; veths: number; neighbours: number; rules: number; cgroups: number; processes: number; containers: number; bundles: number
  files: Record<string, number>
}

/** The house's number on this machine. */
export function numberOf(data: string): number {
  const found = [...claims()].find(([, owner]) => owner === data)
  if (!found) throw new Error(`no house of this machine is in ${data}`)
  return found[0]
}

export async function holdings(house: Pick<TestHouse, 'data' | 'pids'>): Promise<Holdings> {
  const number = numberOf(house.data)
  const id = `auberge${number}`
  const { stdout: loops } = await execa('losetup', ['--noheadings', '--raw', '--output', 'BACK-FILE'])
  const { stdout: ports } = await execa('ip', ['-oneline', 'link', 'show', 'master', id])
  const { stdout: neighbours } = await execa('ip', ['-oneline', 'neighbour', 'show', 'dev', id, 'nud', 'permanent'])
  const { stdout: rules } = await execa('nft', ['list', 'set', 'bridge', id, 'ports'])
  return {
    mounts: mountPoints().filter(point => point.startsWith(`${house.data}/`) || point.startsWith(`/run/netns/${id}-`)).length,
    loops: lines(loops).filter(file => file.startsWith(`${house.data}/`)).length,
    netns: netnsNames().filter(name => name.startsWith(`${id}-`)).length,
    veths: lines(ports).length, neighbours: lines(neighbours).length, rules: rules.split('"').length >> 1,
    ...groups(id),
    containers: entries(`/run/auberge/${number}/crun`), bundles: entries(`/run/auberge/${number}/bundles`),
    files: await files(house),
  }
}

const lines = (text: string): string[] => text.split('\n').filter(Boolean)

function entries(directory: string): number {
  try { return readdirSync(directory).length } catch { return 0 }
}

/** Control groups in the hierarchy that counts processes (v1) or the only one (v2), and the processes in them. */
function groups(id: string): Pick<Holdings, 'cgroups' | 'processes'> {
  const root = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].map(each => `${each}/${id}`).find(each => entries(each) > 0)
  if (root === undefined) return { cgroups: 0, processes: 0 }
  const below = readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => `${entry.parentPath}/${entry.name}`)
  const processes = below.map(each => lines(readFileSync(`${each}/cgroup.procs`, 'utf8')).length)
  return { cgroups: below.length, processes: processes.reduce((sum, count) => sum + count, 0) }
}

async function files({ pids }: Pick<TestHouse, 'pids'>): Promise<Record<string, number>> {
  const all: Record<string, number> = {}
  for (const part of PARTS) for (const [index, pid] of (await pids(part)).entries()) all[`${part}${index}`] = entries(`/proc/${pid}/fd`)
  return all
}
