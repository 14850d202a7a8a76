// A pod as the outside sees it. Called by the server and the recipes that answer with one.
import type { Pod } from './api.ts'
import type { Host } from './host.ts'
import { addresses } from './instance.ts'
import { accessOf } from './database/access.ts'
import { imageFor, portIn } from './container.ts'
import { outdated } from './recipes/prepare.ts'

/** The pod of a site. `not_found` where there is none. */
export function podOf(host: Host, name: string): Pod {
  const { slot, spec, release, releases } = host.states.site(name)
  const { tier, image, port, failure } = host.states.life(name)
  const { ipv4, ipv6 } = addresses(host.instance, slot)
  return {
    name, tier, image: image ? `${image.name}@${image.version}` : spec.image, ipv4, ipv6, port: image ? port : usualPort(host, spec.image), database: accessOf(host, name), outdated: outdated(host, name), spec, release, releases,
    ...(tier === 'failed' && failure !== null ? { failure } : {}),
  }
}

/** Where a pod that isn't made yet will listen. */
function usualPort(host: Host, reference: string): number {
  try {
    return portIn(host, imageFor(host, reference))
  } catch {
    return 80
  }
}
