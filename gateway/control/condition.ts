// How the house is, in figures: memory, disk, sites, processes, names, the machine. Called by front.ts for the administrator's page.
import { availableParallelism, freemem, loadavg, totalmem, uptime } from 'node:os'
import type { Condition } from '../desk.ts'
import type { FrontParts } from './front.ts'
import { health } from './health.ts'

/** When control started; epoch milliseconds. */
const STARTED = Date.now()

/** What can't be asked just now is null; the rest is said all the same. */
export async function condition(parts: FrontParts): Promise<Condition> {
  const { house, registry, memory, provisioner, table, zone } = parts
  const disk = await provisioner?.space().catch(() => null) ?? null
  return {
    zone: house.zone, signup: house.signup, startedAt: STARTED,
    memory: { budget: house.memoryBudget, held: memory.ofSites + memory.ofDatabase, waiting: parts.admission.waiting },
    disk, sites: byState(parts), accounts: registry.accounts.list().length, routes: table.all().length,
    processes: processes(parts), dns: house.dns.length === 0 ? null : { serial: zone.serial, names: zone.size, servers: zone.connected },
    machine: { load: loadavg()[0] ?? 0, cores: availableParallelism(), memory: totalmem(), free: freemem(), since: Date.now() - uptime() * 1000 },
  }
}

function byState({ states }: FrontParts): Condition['sites'] {
  const counts: Condition['sites'] = {}
  for (const { state, suspended } of states.list()) {
    const shown = suspended === null ? state : 'suspended'
    counts[shown] = (counts[shown] ?? 0) + 1
  }
  return counts
}

function processes(parts: FrontParts): Condition['processes'] {
  const { relays = true, dns, provisioner } = health(parts, parts.keeper).parts
  const resident = parts.metrics.relayMemory
  return [
    { name: 'control', ready: true, count: 1, memory: process.memoryUsage.rss() },
    { name: 'relay', ready: relays, count: parts.relays.connected, memory: resident },
    ...(dns === undefined ? [] : [{ name: 'dns', ready: dns, count: parts.zone.connected, memory: null }]),
    ...(provisioner === undefined ? [] : [{ name: 'provisioner', ready: provisioner, count: Number(provisioner), memory: null }]),
  ]
}
