// The name server's process: started by the supervisor with its sockets, an unprivileged user's rights and no way to the registry.
// Serves from the snapshot at once, with or without control; without a snapshot, from control's first message.
import { isIPv6 } from 'node:net'
import { briefed, ready } from '../wire/child.ts'
import { places, type Briefing } from '../wire/house.ts'
import { logger } from '../wire/log.ts'
import { zoneKeys, type ZoneKeys } from '../registry/keyring.ts'
import type { ToDns, ZoneSnapshot } from '../registry/types.ts'
import { follow } from './control.ts'
import { changed } from './journal.ts'
import { Notifier } from './notify.ts'
import { Responder } from './respond.ts'
import { readKeyring } from './dnssec/keyring.ts'
import { nameServersOf, peersOf } from './secondaries.ts'
import { readSnapshot } from './snapshot.ts'
import { Keys } from './tsig.ts'
import { serveTcp } from './tcp.ts'
import { Transfers } from './transfer.ts'
import { serveUdp } from './udp.ts'
import { Zone } from './zone.ts'

const log = logger('dns')
const leaving = new AbortController()
const closers: (() => Promise<void>)[] = []
let responder: Responder | null = null

const briefing = await briefed(stop)
const place = places(briefing.house.data)
const servers = nameServersOf(briefing.house.secondaries)
const peers = peersOf(briefing.house, briefing.keys ?? {})
const transfers = new Transfers(peers)
const notifier = new Notifier(peers, {
  heard: ({ address }, serial) => log.debug({ secondary: address, serial }, 'a secondary heard of the change'),
  failed: failure => log.warn(failure, 'a secondary does not answer NOTIFY; it will see the change when it refreshes'),
})
const snapshot = readSnapshot(place.zoneSnapshot, briefing.house.zone, why => log.warn(why))
const keyring = readKeyring(place.keyring, briefing.house.zone, why => log.warn(why))
const keys = zoneKeys(keyring, briefing.house.dnssec)
// A signed zone without its signatures would be taken for a forgery: control has the keys.
if (snapshot !== null && (keys !== null || !briefing.house.dnssec || keyring?.stage.is === 'withdrawn')) await begin(new Zone(snapshot, servers, keys)).catch(fail)
follow(place.zoneSocket, apply, leaving.signal)

/** Takes a message of control's; queries that arrive from now on see it. False where a change came before any zone, or what came is no zone. */
async function apply(message: ToDns): Promise<boolean> {
  try {
    if (message.type === 'zone') await replace(message)
    else if (responder !== null) transfers.journal.add(changed(responder.zone, message.names, message.serial))
    if (responder !== null) announce(responder.zone)
  } catch (error) {
    log.error({ err: error, type: message.type, serial: message.serial }, 'cannot apply what control sent')
    return false
  }
  return responder !== null
}

async function replace(message: ZoneSnapshot & { keys?: ZoneKeys | null }): Promise<void> {
  const zone = await Zone.gradually(message, servers, message.keys ?? null)
  if (responder === null) await begin(zone).catch(fail)
  else responder.zone = zone
  transfers.journal.clear()
}

async function begin(zone: Zone): Promise<void> {
  responder = new Responder(zone, { keys: new Keys(peers.flatMap(({ key }) => key ?? [])), transfers })
  await serve(briefing, responder)
  announce(zone)
  log.info({ zone: zone.name, serial: zone.serial, names: zone.size, signed: zone.signed !== null }, 'serving')
  ready()
}

function announce({ key, serial }: Zone): void {
  notifier.tell({ key, serial })
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
  notifier.close()
  await Promise.all(closers.map(close => close()))
}
