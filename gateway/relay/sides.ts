// The house's side doors: connections to ports of sites' own, which the firewall leads here, one door for each port that a site may have. Made by relay.ts.
import { listen, plain, type Accepted } from './listener.ts'
import { keyOf, type Crowd } from './crowd.ts'
import { Splice, type Errand, type Parts } from './splice.ts'
import type { Guest } from './place.ts'
import type { Meter } from './meter.ts'
import type { ListenOptions, Server } from 'node:net'

type SideParts = Parts & { crowd: Crowd; meter: Meter; take: (guest: Guest) => void; gone: (guest: Guest) => void }

export class Sides {
  private readonly parts: SideParts
  private readonly splices = new Map<string, Set<Splice>>()

  constructor(parts: SideParts) { this.parts = parts }

  /** Connections under way and those that wait. */
  get size(): number { return [...this.splices.values()].reduce((sum, each) => sum + each.size, 0) }

  /** Serves the door of a slot on an inherited descriptor, or on a port. */
  listen(where: ListenOptions | { fd: number }, slot: number): Promise<Server> {
    return listen(where, accepted => this.welcome(accepted, slot))
  }

  /** Takes a connection to a site's address in, unless the site has no such port, or it is one too many. */
  welcome(accepted: Accepted, slot: number): void {
    const errand = this.errandOf(accepted, slot)
    if (errand === null) return refuse(accepted)
    const place = this.hasRoom(errand) ? this.parts.crowd.enter(accepted.address, false) : null
    if (place === null) {
      this.parts.meter.turnedAway()
      return refuse(accepted)
    }
    const splice = new Splice(accepted, errand, this.parts, ended => this.leave(ended, place))
    this.splices.set(errand.site.name, (this.splices.get(errand.site.name) ?? new Set()).add(splice))
    this.parts.take(splice)
    splice.go()
  }

  private errandOf({ local, address }: Accepted, slot: number): Errand | null {
    const { table } = this.parts
    const site = table.at(local)
    const entry = site === undefined ? undefined : table.find(`${site.name}.${table.zone}`)
    const open = entry?.route.kind === 'site' ? entry.route.ports?.find(each => each.slot === slot) : undefined
    return site === undefined || entry === undefined || open === undefined ? null : { entry, site, open, local, key: keyOf(address) }
  }

  private hasRoom({ site, key }: Errand): boolean {
    const { splices, splicesPerAddress } = this.parts.settings
    const all = [...this.splices.get(site.name) ?? []]
    return all.length < splices && all.filter(each => each.errand.key === key).length < splicesPerAddress
  }

  private leave(splice: Splice, place: string): void {
    const { name } = splice.errand.site
    const all = this.splices.get(name)
    all?.delete(splice)
    if (all?.size === 0) this.splices.delete(name)
    this.parts.crowd.leave(place)
    this.parts.gone(splice)
  }

  /** A site's route has changed: what may not go on ends. */
  review(site: string): void {
    for (const splice of this.splices.get(site) ?? []) if (!splice.isAllowed) splice.destroy()
  }

  reviewAll(): void {
    for (const site of [...this.splices.keys()]) this.review(site)
  }
}

/** With a reset, as a port where nobody listens. */
function refuse(accepted: Accepted): void {
  plain(accepted).on('error', () => {}).resetAndDestroy()
}
