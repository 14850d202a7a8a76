// Brings a house's provisioner up: its instance, its host, what is true of it, its server. Called by main.ts and by tests.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { places } from '../wire/house.ts'
import type { Logger } from '../wire/log.ts'
import { adoptOrphans } from './children.ts'
import { claim, retire } from './claim.ts'
import { writeResolvConf } from './container.ts'
import { Exits } from './exits.ts'
import { fortify } from './firewall.ts'
import { dropPartialBackups, sweepBackups } from './final.ts'
import { Guard } from './guard.ts'
import { openHost, type Host, type Housed } from './host.ts'
import { lock } from './lock.ts'
import { tidyImages } from './images/verbs.ts'
import { shareLimits, widenMachine } from './machine.ts'
import { ensureBridge } from './network.ts'
import { route, unroute } from './prefix.ts'
import { collectDead, reconcile } from './reconcile.ts'
import { serve } from './server.ts'
import { letGo } from './snapshot.ts'
import { Sockets } from './sockets.ts'

/** Milliseconds a recipe under way has to end when we are told to; what doesn't is reconciled at the next start. */
const PATIENCE = 8000
const DAY = 24 * 3600 * 1000

/** Removes a house that doesn't run from this host: whatever its pods left, its bridge, its number. The data directory stays. */
export const retireHouse = (data: string) => retire(data, collectDead)

async function daybreak(host: Host): Promise<void> {
  await sweepBackups(host)
  await tidyImages(host)
}

export type Provisioning = { host: Host; close: () => Promise<void> }

/** Resolves once the verbs are served. `close` stops serving and leaves the pods as they are. `images`: another image store. */
export async function open(house: Housed, log: Logger, images?: string): Promise<Provisioning> {
  mkdirSync(dirname(places(house.data).provisionerSocket), { recursive: true, mode: 0o700 })
  const release = await lock(`${dirname(places(house.data).provisionerSocket)}/provisioner.lock`)
  const instance = await claim(house.data, collectDead)
  adoptOrphans()
  const host = await openHost(house, instance, log, images)
  widenMachine(log)
  await shareLimits(log)
  await ensureBridge(instance, house.data)
  await route(instance, house).catch((error: unknown) => { log.error({ err: error }, 'sites can not be reached at IPv6 addresses of their own: the prefix could not be made local') })
  await writeResolvConf(host)
  await fortify(host)
  const guard = new Guard(host)
  const exits = new Exits(host)
  const sockets = new Sockets(host)
  await dropPartialBackups(host)
  await reconcile(host, exits)
  host.database.begin()
  const server = await serve(host, exits)
  const daily = setInterval(() => void daybreak(host), DAY)
  await sweepBackups(host)
  void tidyImages(host)
  return { host, close: () => closed() }

  async function closed(): Promise<void> {
    clearInterval(daily)
    exits.close()
    sockets.close()
    guard.close()
    server.close()
    host.database.close()
    await host.queue.settled(PATIENCE)
    await letGo()
    await unroute(instance)
    server.closeAllConnections()
    await release()
  }
}
