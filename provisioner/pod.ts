// A pod as the outside sees it. Called by the server and the recipes that answer with one.
import type { Pod } from './api.ts'
import type { Host } from './host.ts'
import { addresses } from './instance.ts'

/** Where Apache listens in every pod. */
export const PORT = 80

/** The pod of a site. `not_found` where there is none. */
export function podOf(host: Host, name: string): Pod {
  const { slot, spec, release, releases } = host.states.site(name)
  const { tier, image, failure } = host.states.life(name)
  const { ipv4, ipv6 } = addresses(host.instance, slot)
  return {
    name, tier, image: image ? `${image.name}@${image.version}` : spec.image, ipv4, ipv6, port: PORT, spec, release, releases,
    ...(tier === 'failed' && failure !== null ? { failure } : {}),
  }
}
