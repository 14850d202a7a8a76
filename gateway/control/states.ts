// What control knows of each site at this moment: its state, its pod, its last wake. Every change is a change of its route.
import { isDeepStrictEqual } from 'node:util'
import type { Pod, Tier } from '../../provisioner/api.ts'
import type { OpenPort } from '../../registry/ports.ts'
import type { SiteRoute, SiteState } from '../../registry/types.ts'
import type { LastWake } from '../desk.ts'
import type { RoutingTable } from './routes.ts'

export type SiteStatus = {
  readonly name: string
  readonly state: Exclude<SiteState, 'suspended'>
  /** Null while the provisioner has none: it is made at the first wake. */
  readonly pod: Pod | null
  /** Why the owner's account is suspended, as visitors may read it, or null. */
  readonly suspended: string | null
  /** Whether robots and scanners wake it, too. */
  readonly wakeForRobots: boolean
  /** Its own IPv6 address, or null where it shares the house's. */
  readonly ipv6: string | null
  /** Ports of that address which lead to its pod. */
  readonly ports: readonly OpenPort[]
  readonly lastWake: LastWake | null
  readonly failure: string | null
  /** Wakes that failed, and exits, one after the other. */
  readonly failures: number
  /** Epoch milliseconds before which visitors wake it no more. */
  readonly retryAt: number | null
  /** Epoch milliseconds of the last change of state. */
  readonly since: number
}

/** What leads to a site besides its own name: hosts, and the one to which visitors of all others are sent. */
export type Lead = { hosts: string[]; canonical: string | null }

const OWN_NAME_ALONE: Lead = { hosts: [], canonical: null }

type Change = Partial<Omit<SiteStatus, 'name' | 'since'>>

const STATE_OF: Record<Tier, SiteStatus['state']> = { running: 'running', frozen: 'frozen', prepared: 'asleep', cold: 'asleep', failed: 'failed' }

/** States in which visitors are refused until `retryAt`: after a failure, or where the house had no memory to spare. */
const RESTS = new Set<SiteState>(['failed', 'asleep', 'frozen'])

/** The status of a pod that was found, rather than changed by us. */
export function found(pod: Pod): Change {
  return { state: STATE_OF[pod.tier], pod, failure: pod.failure ?? null }
}

export class States {
  readonly #zone: string
  readonly #table: RoutingTable
  readonly #all = new Map<string, SiteStatus>()
  readonly #leads = new Map<string, Lead>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #followers = new Set<(name: string, status: SiteStatus | null) => void>()

  constructor(zone: string, table: RoutingTable) {
    this.#zone = zone
    this.#table = table
  }

  host(name: string): string {
    return `${name}.${this.#zone}`
  }

  /** All that lead to the site, its own first. */
  hosts(name: string): string[] {
    return [this.host(name), ...this.#leadOf(name).hosts]
  }

  get(name: string): SiteStatus | undefined {
    return this.#all.get(name)
  }

  list(): SiteStatus[] {
    return [...this.#all.values()]
  }

  /** Begins with a site; returns the table's version that routes it. */
  add(name: string, change: Change): number {
    const blank = { state: 'asleep', pod: null, suspended: null, wakeForRobots: false, ipv6: null, ports: [], lastWake: null, failure: null, failures: 0, retryAt: null } as const
    return this.#put({ name, since: Date.now(), ...blank, ...change })
  }

  /** Changes a site, if it is still there; returns the table's version that has the change. */
  change(name: string, change: Change): number {
    const before = this.#all.get(name)
    if (!before) return this.#table.version
    const since = change.state !== undefined && change.state !== before.state ? Date.now() : before.since
    return this.#put({ ...before, ...change, since })
  }

  /** Its owner has changed something: earlier failures count no more, and the next request tries at once. */
  forgive(name: string): void {
    if (this.#all.get(name)?.state === 'failed') this.change(name, { failures: 0, retryAt: null })
  }

  /** Tells every relay the site's route although it did not change: after a sleep that was called off. */
  repeat(name: string): number {
    const status = this.#all.get(name)
    return status ? this.#table.setAll(this.#routes(status), true) : this.#table.version
  }

  /** Changes what leads to a site; returns the table's version that has it. A site that isn't there yet has it when it comes. */
  lead(name: string, lead: Lead): number {
    const gone = this.#leadOf(name).hosts.filter(host => !lead.hosts.includes(host))
    if (lead.hosts.length > 0) this.#leads.set(name, lead)
    else this.#leads.delete(name)
    this.#remove(name, gone)
    const status = this.#all.get(name)
    return status ? this.#table.setAll(this.#routes(status)) : this.#table.version
  }

  forget(name: string): number {
    this.#all.delete(name)
    this.#remove(name, this.hosts(name))
    this.#leads.delete(name)
    this.#tell(name, null)
    return this.#table.version
  }

  /** Calls `each` after every change of every site; null: it is gone. */
  follow(each: (name: string, status: SiteStatus | null) => void): void {
    this.#followers.add(each)
  }

  /** Calls `each` after every change of the site, its end included, until `signal` aborts. */
  watch(name: string, each: () => void, signal: AbortSignal): void {
    if (signal.aborted) return
    const watchers = this.#watchers.get(name) ?? new Set()
    this.#watchers.set(name, watchers.add(each))
    signal.addEventListener('abort', () => {
      watchers.delete(each)
      if (watchers.size === 0 && this.#watchers.get(name) === watchers) this.#watchers.delete(name)
    }, { once: true })
  }

  #put(status: SiteStatus): number {
    if (isDeepStrictEqual(this.#all.get(status.name), status)) return this.#table.version
    this.#all.set(status.name, status)
    const version = this.#table.setAll(this.#routes(status))
    this.#tell(status.name, status)
    return version
  }

  #tell(name: string, status: SiteStatus | null): void {
    for (const follower of this.#followers) follower(name, status)
    for (const watcher of this.#watchers.get(name) ?? []) watcher()
  }

  #leadOf(name: string): Lead { return this.#leads.get(name) ?? OWN_NAME_ALONE }

  /** A host that another site has meanwhile stays its. */
  #remove(name: string, hosts: string[]): void {
    for (const host of hosts) {
      const route = this.#table.get(host)
      if (route?.kind === 'site' && route.site === name) this.#table.remove(host)
    }
  }

  #routes(status: SiteStatus): SiteRoute[] {
    const { canonical } = this.#leadOf(status.name)
    const route = this.#route(status)
    return this.hosts(status.name).map(host => ({ ...route, host, ...(canonical === null || canonical === host ? {} : { redirect: canonical }) }))
  }

  #route({ name, state, pod, suspended, wakeForRobots, ipv6, ports, retryAt }: SiteStatus): SiteRoute {
    const route: SiteRoute = { host: this.host(name), kind: 'site', site: name, state, upstream: null, ...(wakeForRobots ? { uninvited: 'wake' } : {}), ...(ipv6 === null ? {} : { ipv6, ...(ports.length > 0 ? { ports: [...ports] } : {}) }) }
    if (suspended !== null) return { ...route, state: 'suspended', reason: suspended }
    if (state === 'running' && pod) return { ...route, upstream: { address: pod.ipv4, port: pod.port } }
    return retryAt !== null && RESTS.has(state) ? { ...route, retryAt } : route
  }
}
