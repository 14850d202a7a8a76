// Makes what control believes and what the provisioner has agree: at start, and again and again. Timed by assemble.ts.
import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../../provisioner/api.ts'
import type { Reservation } from '../../registry/types.ts'
import { describe } from './backup/description.ts'
import { finishRestore } from './backup/restore.ts'
import { undoCreate } from './create.ts'
import { pods, specOf, type Parts } from './parts.ts'
import { backupText, finishDelete } from './remove.ts'
import { found } from './states.ts'

/** Adopts pods as they are, finishes or undoes what was interrupted, and removes pods of nobody (a final backup is kept). */
export async function reconcile(parts: Parts): Promise<void> {
  parts.turns.note()
  const list = await pods(parts).list()
  const known = new Map(list.map(pod => [pod.name, pod]))
  for (const { name } of parts.states.list()) if (!parts.turns.touched(name)) adopt(parts, name, known.get(name))
  for (const reservation of parts.registry.reservations.unfinished()) await finish(parts, reservation)
  for (const pod of list) if (!parts.turns.touched(pod.name)) await settle(parts, pod)
}

/** Takes over what is, where it isn't what we believe. Failures that control counts itself stay until the pod runs. */
function adopt({ states }: Parts, name: string, pod: Pod | undefined): void {
  const status = states.get(name)
  if (!status) return
  if (!pod && status.pod === null && status.state === 'asleep') return
  if (!pod) return void states.change(name, { pod: null, state: 'asleep' })
  const change = found(pod)
  const stays = status.state === 'failed' && change.state !== 'running'
  states.change(name, stays ? { pod } : change)
}

async function finish(parts: Parts, { name, phase, kind }: Reservation): Promise<void> {
  if (parts.turns.touched(name)) return
  const act = phase === 'creating' && kind === 'site' ? () => undoCreate(parts, name) : () => finishDelete(parts, name)
  parts.log.info({ site: name, phase }, 'finishing what was interrupted')
  await attempt(parts, name, act)
}

async function settle(parts: Parts, pod: Pod): Promise<void> {
  await finishRestore(parts, pod)
  const site = parts.registry.sites.get(pod.name)
  if (!site) await attempt(parts, pod.name, () => destroyStray(parts, pod))
  else if (parts.states.get(pod.name) && !isDeepStrictEqual(pod.spec, specOf(site))) {
    parts.log.info({ site: pod.name }, 'telling the provisioner of a change it has missed')
    await attempt(parts, pod.name, async () => { parts.states.change(pod.name, { pod: await pods(parts).update(pod.name, specOf(site)) }) })
  }
}

async function destroyStray(parts: Parts, pod: Pod): Promise<void> {
  const { name } = pod
  if (parts.registry.reservations.get(name)) return
  const { backup } = await pods(parts).destroy(name, { description: describe({ ...pod.spec, name, wakeForRobots: false }) })
  parts.registry.audit.add({ actor: 'auberge', action: 'pod.removed', subject: name, detail: `nobody holds the name; ${backup ? backupText(backup) : 'no backup'}` })
}

/** One site's trouble is logged and doesn't keep the others from being looked after. */
async function attempt({ turns, log }: Parts, name: string, act: () => Promise<void>): Promise<void> {
  await turns.run(name, act).catch((error: unknown) => { log.error({ err: error, site: name }, 'a site could not be reconciled: trying again later') })
}
