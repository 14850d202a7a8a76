// Reserving a name: registry, pod, DNS and route, or none of them. Called by front.ts, and by reconcile.ts for what a kill interrupted.
import { growth } from '../../registry/quotas.ts'
import { DEFAULT_LIMITS, type Account, type Reservation } from '../../registry/types.ts'
import { parseAddresses, parseImage, parseSiteName } from '../../registry/parse.ts'
import { AubergeError } from '../../wire/error.ts'
import { ownIpv6, siteRecords } from './addresses.ts'
import { pods, specOf, type Parts } from './parts.ts'
import { reachOf } from './records.ts'
import { found } from './states.ts'

/** Names an account that isn't an admin's may hold. */
const MOST_NAMES = 20
const DEFAULT_IMAGE = 'php'

export type CreateParts = Pick<Parts, 'house' | 'registry' | 'provisioner' | 'states' | 'zone' | 'relays' | 'turns' | 'table' | 'certificates' | 'log'>
export type CreateRequest = { name: string; owner: Account; image?: string; addresses?: Reservation['addresses'] }

/** Resolves with a reservation whose name resolves and, for a site, whose pod is ready to start. */
export async function createSite(parts: CreateParts, actor: Account, request: CreateRequest): Promise<Reservation> {
  const name = parseSiteName(request.name)
  if (parts.table.get(parts.states.host(name))?.kind === 'static') throw new AubergeError('name_taken', `${name} is taken by a static route: choose another name`)
  if (request.addresses) {
    const wish = { ...request, name, addresses: request.addresses }
    return await parts.turns.run(name, () => pointElsewhere(parts, actor, wish))
  }
  pods(parts)
  const image = parseImage(request.image ?? DEFAULT_IMAGE)
  return await parts.turns.run(name, () => makeSite(parts, actor, { name, owner: request.owner, image }))
}

async function makeSite(parts: CreateParts, actor: Account, { name, owner, image }: { name: string; owner: Account; image: string }): Promise<Reservation> {
  const { registry, states, zone, relays, certificates } = parts
  // In this turn nobody is making it: a half-made one is left from an attempt that could not be undone yet.
  if (registry.reservations.get(name)?.phase === 'creating') await undoCreate(parts, name)
  const site = registry.transaction(() => {
    registry.reservations.create({ name, owner: owner.id, kind: 'site', most: MOST_NAMES, phase: 'creating' })
    registry.audit.add({ actor: actor.username, action: 'site.create', subject: name, detail: `owner ${owner.username}, image ${image}` })
    registry.quotas.check(owner.id, growth(null, DEFAULT_LIMITS))
    return registry.sites.create({ name, owner: owner.id, image })
  })
  try {
    const ipv6 = ownIpv6(parts.house, site)
    states.add(name, { state: 'creating', suspended: owner.suspended, ipv6 })
    const pod = await pods(parts).create(name, specOf(site))
    await zone.set(name, siteRecords(zone.own, ipv6))
    // Relays hear of the certificate before the route below, so who has applied the one serves the other.
    await certificates?.want(states.host(name))
    registry.reservations.mark(name, 'held')
    await relays.settled(states.change(name, found(pod)))
    return held(parts, name)
  } catch (error) {
    await undoCreate(parts, name).catch((cause: unknown) => {
      parts.log.error({ err: cause, site: name }, 'a site that could not be made could not be undone yet: trying again later')
    })
    throw error
  }
}

/** Takes back a half-made site in the opposite order. May be called again until it succeeds. Runs in the site's turn. */
export async function undoCreate(parts: CreateParts, name: string): Promise<void> {
  const { registry, states, zone } = parts
  states.forget(name)
  if (zone.get(name)) await zone.set(name, null)
  await pods(parts).destroy(name, { purge: true })
  registry.transaction(() => {
    registry.reservations.remove(name, 0)
    registry.audit.add({ actor: 'auberge', action: 'site.create.undone', subject: name })
  })
}

/** A name with addresses somewhere else: DNS answers them, nothing is routed. */
async function pointElsewhere(parts: CreateParts, actor: Account, request: CreateRequest & { addresses: Reservation['addresses'] }): Promise<Reservation> {
  const { registry, zone } = parts
  const { name, owner } = request
  const addresses = parseAddresses(request.addresses, reachOf(parts.house))
  if (request.image !== undefined) throw new AubergeError('invalid', 'a name that points elsewhere has no image')
  registry.transaction(() => {
    registry.reservations.create({ name, owner: owner.id, kind: 'external', addresses, most: MOST_NAMES })
    const detail = `owner ${owner.username}, ${[...addresses.a, ...addresses.aaaa].join(' ')}`
    registry.audit.add({ actor: actor.username, action: 'name.create', subject: name, detail })
  })
  try {
    await zone.set(name, addresses)
  } catch (error) {
    registry.reservations.remove(name, 0)
    throw error
  }
  return held(parts, name)
}

function held({ registry }: CreateParts, name: string): Reservation {
  const reservation = registry.reservations.get(name)
  if (!reservation) throw new AubergeError('not_found', `the name ${name} was deleted meanwhile`)
  return reservation
}
