// Puts a pod to sleep: freezes it, or ends it and prepares it anew. Called by the server, in the site's queue; also makes the idlest cold.
import type { Pod } from '../api.ts'
import type { Host } from '../host.ts'
import { podCgroup } from '../instance.ts'
import { podOf } from '../pod.ts'
import { alive } from '../process.ts'
import { growsLater, releaseVolume } from '../volume.ts'
import { discard, fresh, goCold, prepare } from './prepare.ts'

/** A pod that sleeps that deep already, or deeper, is left as it is. */
export async function sleep(host: Host, name: string, tier: 'frozen' | 'asleep'): Promise<Pod> {
  if (tier === 'frozen') await frozen(host, name)
  else await asleep(host, name)
  return podOf(host, name)
}

async function frozen(host: Host, name: string): Promise<void> {
  const life = host.states.life(name)
  if (life.tier !== 'running' || !alive(life)) return
  await host.runtime.freeze(podCgroup(host.instance, name))
  host.states.live(name, { tier: 'frozen' })
}

async function asleep(host: Host, name: string): Promise<void> {
  const life = host.states.life(name)
  if (life.tier === 'cold' || (life.tier === 'prepared' && alive(life) && fresh(host, name))) return
  await discard(host, name, life.tier === 'running' ? 'gentle' : 'at once')
  host.states.live(name, { failure: null })
  if (growsLater(host, name)) await releaseVolume(host, name)
  await prepare(host, name)
  keepFew(host)
}

/** Lets the least recently used prepared pods go cold, each in its own queue and time. */
export function keepFew(host: Host, limit = host.runtime.prepared): void {
  const prepared = host.states.names().filter(name => host.states.life(name).tier === 'prepared')
  prepared.sort((a, b) => host.states.life(b).usedAt - host.states.life(a).usedAt)
  for (const name of prepared.slice(limit)) void host.queue.run(name, () => coldIfPrepared(host, name)).catch(error => host.log.error({ site: name, error: String(error) }, 'could not go cold'))
}

async function coldIfPrepared(host: Host, name: string): Promise<void> {
  if (host.states.has(name) && host.states.life(name).tier === 'prepared') await goCold(host, name)
}
