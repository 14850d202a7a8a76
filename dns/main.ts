// The name server's process: started by the supervisor with its sockets, an unprivileged user's rights and no way to the registry.
// Serves from the snapshot at once, with or without control; without a snapshot, from control's first message.
import { isIPv6 } from 'node:net'
import { briefed, ready } from '../wire/child.ts'
import { places, type Briefing } from '../wire/house.ts'
import { logger } from '../wire/log.ts'
import type { ToDns, ZoneSnapshot } from '../registry/types.ts'
import { follow } from './control.ts'
import { Responder } from './respond.ts'
import { readSnapshot } from './snapshot.ts'
import { keyFrom, Keys } from './tsig.ts'
import { serveTcp } from './tcp.ts'
import { serveUdp } from './udp.ts'
import { Zone } from './zone.ts'

const log = logger('dns')
const leaving = new AbortController()
const closers: (() => Promise<void>)[] = []
let responder: Responder | null = null

const briefing = await briefed(stop)
const place = places(briefing.house.data)
const snapshot = readSnapshot(place.zoneSnapshot, briefing.house.zone, why => log.warn(why))
if (snapshot !== null) await begin(new Zone(snapshot)).catch(fail)
follow(place.zoneSocket, apply, leaving.signal)

/** Takes a message of control's; queries that arrive from now on see it. False where a change came before any zone, or what came is no zone. */
async function apply(message: ToDns): Promise<boolean> {
  try {
    if (message.type === 'zone') await replace(message)
    else responder?.zone.change(message.names, message.serial)
  } catch (error) {
    log.error({ err: error, type: message.type, serial: message.serial }, 'cannot apply what control sent')
    return false
  }
  return responder !== null
}

async function replace(snapshot: ZoneSnapshot): Promise<void> {
  const zone = await Zone.gradually(snapshot)
  if (responder === null) await begin(zone).catch(fail)
  else responder.zone = zone
}

async function begin(zone: Zone): Promise<void> {
  responder = new Responder(zone, { keys: new Keys(Object.values(briefing.keys ?? {}).map(keyFrom)) })
  await serve(briefing, responder)
  log.info({ zone: zone.name, serial: zone.serial, names: zone.size }, 'serving')
  ready()
}

/** The house's addresses and the numbers of their sockets come in the same order. */
async function serve({ house, fds }: Briefing, by: Responder): Promise<void> {
  for (const [n, fd] of fds.dnsUdp.entries()) closers.push(await serveUdp(fd, isIPv6(house.dns[n]?.address ?? '') ? 6 : 4, by))
  for (const fd of fds.dnsTcp) closers.push((await serveTcp({ fd }, by)).close)
}

function fail(error: unknown): void {
  log.fatal({ err: error }, 'cannot serve')
  process.exit(1)
}

async function stop(): Promise<void> {
  leaving.abort()
  await Promise.all(closers.map(close => close()))
}
