// rkt's pods as it keeps them on disk and tells of them. Called by runtime/rkt.ts.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import * as commands from '../commands/rkt.ts'
import { IDS } from '../instance.ts'
import { run } from '../run.ts'
import { ID } from './manifest.ts'

/** What `rkt list` and `rkt status` say of a pod, as far as it matters here. `exit_code` is there once the app has ended. */
export type RktPod = { name: string; state: string; apps?: { name: string; exit_code?: number }[]; user_annotations?: Record<string, string> }

export const idOf = (pod: RktPod) => pod.user_annotations?.[ID]

export async function pods(rkt: commands.Rkt): Promise<RktPod[]> {
  return (JSON.parse((await run(commands.list(rkt))) || 'null') as RktPod[] | null) ?? []
}

/** Removes a pod, or finds it gone: somebody's `rkt gc` may have been here, or we died after an earlier removal. */
export async function removed(rkt: commands.Rkt, uuid: string): Promise<void> {
  try {
    await run(commands.remove(rkt, uuid))
  } catch (error) {
    if ((await pods(rkt)).some(pod => pod.name === uuid)) throw error
  }
}

/** The status the pod's app ended with, or null where it hasn't. */
export async function exitStatus(rkt: commands.Rkt, uuid: string): Promise<number | null> {
  const { apps } = JSON.parse(await run(commands.status(rkt, uuid))) as RktPod
  return apps?.[0]?.exit_code ?? null
}

/**
 * How systemd runs a pod: what doesn't end by itself is killed soon (rkt's pods wait 90 s), and nothing is kept of what the pod says to the journal, on the
 * host's disk least of all.
 */
const SETTINGS: Record<string, string> = {
  'system.conf': '[Manager]\nDefaultTimeoutStopSec=2s\n', 'journald.conf': '[Journal]\nStorage=none\nForwardToConsole=no\n',
}

/** Writes the settings into a prepared pod, before it has its ids. */
export async function settle(rkt: commands.Rkt, uuid: string): Promise<void> {
  const directory = `${rkt.dir}/pods/prepared/${uuid}/stage1/rootfs/etc/systemd`
  await mkdir(directory, { recursive: true })
  for (const [file, text] of Object.entries(SETTINGS)) await writeFile(`${directory}/${file}`, text, { mode: 0o644 })
}

/**
 * Gives a prepared pod the ids of its site. rkt takes a range at random and writes it down beside the pod; what is written there is what it runs the pod with
 * (stage0/run.go, `preparedWithPrivateUsers`). Nothing has run in the tree, so that changing its owners follows nobody's links.
 */
export async function pin(rkt: commands.Rkt, uuid: string, firstId: number): Promise<void> {
  const pod = `${rkt.dir}/pods/prepared/${uuid}`
  await run(commands.own(`${pod}/stage1/rootfs`, firstId))
  await writeFile(`${pod}/private-users-prepared`, `${firstId}:${IDS}`)
}

/** Whether a running pod's network is there: rkt writes it down when it is. */
export async function networked(rkt: commands.Rkt, uuid: string): Promise<boolean> {
  const text = await readFile(`${rkt.dir}/pods/run/${uuid}/net-info.json`, 'utf8').catch(() => '')
  return text.trimEnd().endsWith(']')
}

/** First host id of the user namespace that the processes are in; null while none of them is in one of its own. */
export async function mappedTo(pids: number[]): Promise<number | null> {
  const maps = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/uid_map`, 'utf8').catch(() => '')))
  const firsts = maps.map(map => /^\s*0\s+(\d+)\s+\d+\s*$/.exec(map)?.[1]).filter(first => first !== undefined && first !== '0')
  return firsts.length > 0 ? Number(firsts[0]) : null
}
