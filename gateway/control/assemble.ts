// Puts control's parts together, opens its two doors and keeps its clocks. Called by main.ts, and by tests with parts of their own.
import { setMaxListeners } from 'node:events'
import type { Provisioner } from '../../provisioner/api.ts'
import type { Registry } from '../../registry/registry.ts'
import { places, type AcmeFiles, type House } from '../../wire/house.ts'
import type { Logger } from '../../wire/log.ts'
import { Challenges } from '../certificates/challenges.ts'
import type { Desk } from '../desk.ts'
import { Admission } from './admission.ts'
import { AccessLogs } from './access.ts'
import { Activity } from './activity.ts'
import { ownAddresses } from './addresses.ts'
import { fixedRoutes, loadDomains, loadSites, zoneNames } from './begin.ts'
import { Signing } from './dnssec/signing.ts'
import { Domains } from './domains/domains.ts'
import { Orders } from './domains/orders.ts'
import { Diary } from './diary.ts'
import { certify } from './certify.ts'
import { frontDesk } from './front.ts'
import { Guests } from './guests.ts'
import { History } from './history.ts'
import { Keeper } from './keeper.ts'
import type { Archive, Parts } from './parts.ts'
import { Meters } from './meters.ts'
import { Metrics } from './metrics.ts'
import { Memory } from './memory.ts'
import { Relays, type Ears } from './push.ts'
import { RoutingTable } from './routes.ts'
import { Sleeps } from './sleeps.ts'
import { inPieces, Snapshot } from './snapshot.ts'
import { States } from './states.ts'
import { Turns } from './turns.ts'
import { Wakes } from './wakes.ts'
import { Zone } from './zone.ts'

/** Milliseconds the first look at the pods may take before relays are served without it. */
const FIRST_LOOK = 3_000
/** Milliseconds between two looks at the memory that pods hold. */
const PRESSURE = 5_000
/** Milliseconds between two looks at how sites are used. */
const LOOK = 30_000
/** Milliseconds between two looks for access logs that are old or too many. */
const SWEEP = 3_600_000
/** Milliseconds between two looks at what the zone's keys are due for. */
const KEYS = 60_000
/** Milliseconds between two versions of a signed zone that secondaries copy. */
const RESIGNED = 86_400_000
/** Milliseconds between two looks for custom domains whose turn it is. */
const DOMAINS = 300_000
/** Milliseconds in which changes of the routing table are written as one snapshot. */
const DELAY = 200

/** `acme`: what the files hold that the house's options for ACME name. */
export type Given = { house: House; acme?: AcmeFiles | null; registry: Registry; provisioner: Provisioner | null; archive: Archive; log: Logger }
/** `whole` resolves once every relay, DNS and the provisioner have come and know all that control knows. */
export type Control = { desk: Desk; zone: Zone; whole(): Promise<void>; close(): Promise<void> }

/** Resolves when relays and DNS can connect. `close` leaves pods as they are. */
export async function assemble(given: Given): Promise<Control> {
  const { house, registry, provisioner, log } = given
  const { records: own, guessed } = ownAddresses(house)
  if (guessed) log.warn({ own }, 'nobody said the public addresses: DNS answers those of an interface; say --public-ipv4 and --public-ipv6')
  const where = places(house.data)
  const table = new RoutingTable()
  const states = new States(house.zone, table)
  const activity = new Activity()
  const turns = new Turns()
  const signing = await Signing.open({ zone: house.zone, wanted: house.dnssec, file: where.keyring, lostFile: where.lostKeys, log, changed: keys => zone.sign(keys) })
  const zone = new Zone({ served: house.dns.length > 0, zone: house.zone, own, names: zoneNames(registry, house, own), keys: signing.keys, file: where.zoneSnapshot, settings: registry.settings, log })
  fixedRoutes(table, house)
  loadDomains(registry, states)
  loadSites(registry, states, house)
  const meters = new Meters()
  const memory = new Memory({ registry, provisioner })
  const metrics = new Metrics({ meters, states, activity, memory, space: async () => provisioner?.space() ?? null })
  const diary = new Diary(where.wakes, log)
  const history = new History(where.history, log)
  const { certificates, acme } = await certify({ house, files: given.acme ?? null, table, zone, log })
  const challenges = new Challenges(() => table.next())
  const relays = new Relays({ zone: house.zone, table, certificates, challenges, ears: earsFor({ table, activity, history, meters, wakes: () => wakes, log }), log })
  const parts: Parts = { ...given, table, states, activity, guests: new Guests(), memory, diary, history, relays, certificates, acme, zone, signing, turns, access: new AccessLogs(where.access), metrics }
  const sleeps = new Sleeps({ ...parts, isWanted: name => wakes.wanted(name) })
  const admission = new Admission({ ...parts, sleeps })
  metrics.queued(() => admission.waiting)
  if (acme) metrics.ordered(() => acme.view())
  const wakes = new Wakes({ ...parts, admission })
  states.follow((name, status) => {
    memory.follow(name, status)
    history.woken(name, status?.lastWake?.at ?? null)
  })
  const keeper = new Keeper(parts)
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  if (provisioner) {
    provisioner.watch(event => wakes.exited(event.name, event.failure), stop.signal)
    await keeper.start(FIRST_LOOK)
    sleeps.start()
    await rememberWakes(parts)
    every(PRESSURE, () => admission.relieve(), log, stop.signal)
  }
  const domains = new Domains(parts, stop.signal)
  if (acme && certificates) new Orders({ ...parts, schedule: acme, certificates, challenges, domains }).start()
  every(DOMAINS, () => domains.round(), log, stop.signal)
  every(LOOK, async () => {
    for (const { name, bytes } of memory.holders()) history.memory(name, bytes)
    await history.turn(async name => (await provisioner?.usage(name))?.disk ?? null)
  }, log, stop.signal)
  every(SWEEP, () => parts.access.sweep(site => states.get(site) !== undefined), log, stop.signal)
  every(KEYS, () => signing.round(), log, stop.signal)
  // What secondaries copied is signed for three weeks.
  if (house.secondaries.length > 0) every(RESIGNED, async () => { if (signing.keys !== null) await zone.sign(signing.keys) }, log, stop.signal)
  const snapshot = new Snapshot({
    file: where.routesSnapshot,
    content: () => inPieces(`{"type":"table","version":${table.version},"zone":${JSON.stringify(house.zone)},"routes":[`, table.all(), route => JSON.stringify(route), ']}'),
    delay: DELAY,
    failed: error => { log.error({ err: error }, 'the snapshot of the routes could not be written') },
  })
  table.follow(() => snapshot.touch())
  await snapshot.flush()
  const doors = [await zone.listen(where.zoneSocket), await relays.listen(where.routesSocket)]
  const close = async (): Promise<void> => {
    sleeps.stop()
    stop.abort()
    await acme?.close()
    await Promise.all([keeper.stop(), ...doors.map(door => door.close())])
    await Promise.all([snapshot.flush(), zone.flush(), certificates?.close(), diary.flush(), history.flush()])
  }
  const workers = house.http.length + house.https.length > 0 ? house.workers : 0
  const whole = async (): Promise<void> => {
    await Promise.all([relays.gathered(workers), zone.arrived(), provisioner ? keeper.arrived() : null])
  }
  return { desk: frontDesk({ ...parts, wakes, sleeps, keeper, domains, admission }), zone, whole, close }
}

/** Who woke the sites that were awake when control started, from what was written down. */
async function rememberWakes({ states, diary }: Pick<Parts, 'states' | 'diary'>): Promise<void> {
  for (const { name, state } of states.list()) {
    if (state !== 'running' && state !== 'frozen') continue
    const { at, cause, ms, from, phases } = (await diary.last(name)).find(({ outcome }) => outcome === 'ok') ?? {}
    if (at && cause && ms && from) states.change(name, { lastWake: { at, cause, ms, from, phases: { queue: 0, prepare: 0, start: 0, probe: 0, ...phases } } })
  }
}

type EarParts = Pick<Parts, 'table' | 'activity' | 'history' | 'log'> & { wakes: () => Wakes; meters: Meters }

/** What happens when relays say something. */
function earsFor({ table, activity, history, meters, wakes, log }: EarParts): Ears {
  return {
    wake(relay, { site, cause }) {
      wakes().wake(site, cause, relay).catch((error: unknown) => { log.debug({ err: error, site }, 'a visitor could not wake a site') })
    },
    unwanted: (relay, { site }) => wakes().unwanted(site, relay),
    down({ site, upstream }) {
      wakes().down(site, upstream).catch((error: unknown) => { log.error({ err: error, site }, 'a pod that does not answer could not be looked at') })
    },
    counts(relay, { counts }) {
      activity.add(relay, counts, host => table.get(host) !== undefined)
      for (const { host, requests } of counts) {
        const route = table.get(host)
        if (route?.kind === 'site') history.requests(route.site, requests)
      }
    },
    meter: (relay, message) => meters.add(relay, message),
    gone(relay) {
      activity.drop(relay)
      wakes().gone(relay)
      meters.drop(relay)
    },
  }
}

/** Calls `act` at once and again and again, never twice at a time, until `signal` aborts. */
function every(period: number, act: () => Promise<void>, log: Logger, signal: AbortSignal): void {
  let busy = false
  const round = async (): Promise<void> => {
    if (busy) return
    busy = true
    await act().catch((error: unknown) => { log.error({ err: error }, 'a periodic task failed') })
    busy = false
  }
  void round()
  const timer = setInterval(() => void round(), period)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}
