// Wakes a pod: thaws it, or starts the container that waits, and asks until it answers. Called by the server, in the site's queue.
import type { Tier, Woken } from '../api.ts'
import { AubergeError } from '../../wire/error.ts'
import { collect, signalName, type Ending } from '../children.ts'
import { imageOf } from '../container.ts'
import type { Host } from '../host.ts'
import { takesOf } from '../images/store.ts'
import { addresses, containerId, podCgroup } from '../instance.ts'
import { logSize, since } from '../log.ts'
import { takeOver } from '../network.ts'
import { podOf } from '../pod.ts'
import { answers } from '../probe.ts'
import { alive, startOf } from '../process.ts'
import { endedForSockets } from '../sockets.ts'
import { discard, fresh, prepare } from './prepare.ts'

const DEADLINE = 15_000

/** Resolves when the pod answers. `wake_failed` with the end of its log when it ends or doesn't answer in 15 s. */
export async function wake(host: Host, name: string): Promise<Woken> {
  const { tier } = host.states.life(name)
  return tier === 'frozen' && usable(host, name) ? thawed(host, name) : started(host, name, tier)
}

/** Alive, and not to be made otherwise now. */
function usable(host: Host, name: string): boolean {
  return alive(host.states.life(name)) && fresh(host, name)
}

/**
 * It answered before it was frozen and goes on where it was: what it is woken for asks it, nobody needs to ask first. It is thawed last of all, for then it wants
 * the processors for itself; after a kill in between its cgroup says what is true.
 */
async function thawed(host: Host, name: string): Promise<Woken> {
  const began = performance.now()
  host.states.live(name, { tier: 'running', usedAt: Date.now(), failure: null })
  const pod = podOf(host, name)
  const prepared = performance.now()
  await host.runtime.thaw(podCgroup(host.instance, name))
  return { pod, from: 'frozen', phases: { prepare: prepared - began, start: performance.now() - prepared, probe: 0 } }
}

async function started(host: Host, name: string, tier: Tier): Promise<Woken> {
  const began = performance.now()
  await readied(host, name)
  const prepared = performance.now()
  const from = await logSize(host, name)
  if (host.states.life(name).tier === 'prepared') await startContainer(host, name)
  host.states.live(name, { tier: 'running' })
  const running = performance.now()
  await answering(host, name, from)
  host.states.live(name, { tier: 'running', usedAt: Date.now(), failure: null })
  return { pod: podOf(host, name), from: tier, phases: { prepare: prepared - began, start: running - prepared, probe: performance.now() - running } }
}

/** Leaves the pod running, or prepared and up to date. */
async function readied(host: Host, name: string): Promise<void> {
  const life = host.states.life(name)
  if (life.tier === 'running' && alive(life)) return
  if (life.tier === 'prepared' && usable(host, name)) return
  await prepare(host, name)
}

async function startContainer(host: Host, name: string): Promise<void> {
  const { pid } = host.states.life(name)
  await host.runtime.start(containerId(host.instance, name), () => takeOver(host, name, pid)).catch(async error => {
    await discard(host, name)
    throw new AubergeError('wake_failed', `${name} could not be started: ${(error as Error).message}`, { cause: error })
  })
  host.states.live(name, { start: startOf(pid), release: host.states.site(name).release })
}

async function answering(host: Host, name: string, from: number): Promise<void> {
  const { ipv4 } = addresses(host.instance, host.states.site(name).slot)
  const life = host.states.life(name)
  const answer = await answers(ipv4, life.port, () => alive(life), DEADLINE)
  if (answer === 'ready') return
  const what = answer === 'exited' ? `its process ended before it answered${spelled(collect(life.pid))}` : `it did not answer on ${ipv4}, port ${life.port}, within ${DEADLINE / 1000} s${hint(host, name)}`
  const failure = `${what}. ${await cause(host, name)}Its log ends:\n${await since(host, name, from)}`
  await discard(host, name)
  host.states.live(name, { tier: 'failed', failure })
  throw new AubergeError('wake_failed', `${name} could not be woken: ${failure}`)
}

/** What an application's owner may have overlooked. */
function hint(host: Host, name: string): string {
  return takesOf(imageOf(host, name)) === 'start' ? ' (an application has to listen on all addresses, 0.0.0.0 or ::, and the port that the variable PORT says)' : ''
}

/** How a process ended, in brackets; nothing where nobody could tell. */
export function spelled(ending: Ending | null): string {
  if (!ending) return ''
  if ('signal' in ending) return ` (killed by ${ending.signal})`
  // What a shell, or an image's first process, says of a program that was killed.
  const signal = signalName(ending.code - 128)
  return ` (exit code ${ending.code}${signal ? `: killed by ${signal}` : ''})`
}

/** Why a process ended, as far as the kernel and the runtime tell. Ask before the cgroup is removed. */
export async function cause(host: Host, name: string): Promise<string> {
  if (endedForSockets(host, name)) return 'Its sockets held too much of the memory that the kernel has for the connections of all sites. '
  const kills = await host.cgroups.oomKills(podCgroup(host.instance, name))
  if (kills > 0) return `It wanted more memory than its limit of ${host.states.site(name).spec.limits.memory} bytes. `
  const status = await host.runtime.exitStatus(containerId(host.instance, name)).catch(() => null)
  return status === null ? '' : `It ended with status ${status}. `
}
