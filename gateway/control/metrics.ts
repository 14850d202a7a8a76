// The metrics of the house in Prometheus' text format, gathered when they are asked for. Made by assemble.ts, served by the panel.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { WakeRecord } from '../desk.ts'
import type { Space } from '../../wire/space.ts'
import type { Activity } from './activity.ts'
import type { Memory } from './memory.ts'
import type { Meters } from './meters.ts'
import type { States } from './states.ts'

type Sources = { meters: Meters; states: States; activity: Activity; memory: Memory; space: () => Promise<Space | null> }

/** Seconds: a frozen site is awake in some milliseconds, a cold one within half a second. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export class Metrics {
  readonly #registry = new Registry()
  readonly #perSite = new Registry()
  readonly #meters: Meters
  readonly #askSpace: Sources['space']
  #space: Space | null = null
  readonly #wakes: Histogram<'by' | 'result'>

  /** Labels are bounded: statuses by class, problems by their fixed names, states; sites only where the reader asks for them. */
  constructor(sources: Sources) {
    const { meters } = sources
    this.#askSpace = sources.space
    this.#meters = meters
    collectDefaultMetrics({ register: this.#registry, prefix: 'auberge_control_' })
    this.#wakes = new Histogram({ name: 'auberge_wake_seconds', help: 'From the request to a site that answers', labelNames: ['by', 'result'], buckets: BUCKETS, registers: [this.#registry] })
    this.#total('auberge_requests_total', 'Requests to routed hosts, by the class of their answer; left: the visitor went first', 'class', () => meters.totals('requests.'))
    this.#total('auberge_answers_total', "Answers of the gateway's own, by their reason", 'reason', () => meters.totals('problem.'))
    this.#total('auberge_response_bytes_total', 'Bytes of bodies passed on to visitors', null, () => meters.totals('bytes'))
    this.#total('auberge_connections_refused_total', 'Connections turned away for being too many', null, () => meters.totals('refused'))
    this.#total('auberge_access_log_lines_lost_total', 'Lines of access logs that could not be written', null, () => meters.totals('lost'))
    this.#total('auberge_relay_cpu_seconds_total', 'Time of the processor that relays used', null, () => meters.totals('cpu').map(([name, value]) => [name, value / 1e6]))
    for (const [name, help] of GAUGES) this.#gauge(`auberge_${name}`, help, () => [['', meters.gauge(name)]])
    this.#gauge('auberge_relays', 'Relays that are connected', () => [['', meters.relays]])
    this.#gauge('auberge_sites', 'Sites, by their state', () => countStates(sources.states), 'state')
    this.#gauge('auberge_pods_memory_bytes', 'Memory that pods hold, the database server among them, as the budget counts it', () => [['', sources.memory.ofSites + sources.memory.ofDatabase]])
    for (const [name, help] of SPACE) this.#gauge(`auberge_disk_${name}_bytes`, help, () => (this.#space ? [['', this.#space[name]]] : []))
    this.#sites(sources)
  }

  /** Told once admission is there, which needs the metrics' house around it. */
  queued(waiting: () => number): void { this.#gauge('auberge_wakes_queued', 'Wakes that wait for memory', () => [['', waiting()]]) }

  /** Bytes all relays hold together. */
  get relayMemory(): number { return this.#meters.gauge('relay_resident_bytes') }

  /** Told where certificates come from an ACME server. */
  ordered(orders: () => { state: string; expiresAt: number | null }[]): void {
    const ends = (): number[] => orders().flatMap(({ expiresAt }) => expiresAt ?? [])
    this.#gauge('auberge_acme_certificates', 'Certificates of the ACME server, by how they stand', () => [...Map.groupBy(orders(), ({ state }) => state)].map(([state, all]) => [state, all.length]), 'state')
    this.#gauge('auberge_acme_first_end_seconds', 'Seconds until the first certificate of the ACME server ends', () => (ends().length === 0 ? [] : [['', (Math.min(...ends()) - Date.now()) / 1000]]))
  }

  /** A wake is over. `seconds` since it was asked for. */
  woke(by: string, result: WakeRecord['outcome'], seconds: number): void { this.#wakes.observe({ by, result }, seconds) }

  async text({ sites }: { sites: boolean }): Promise<string> {
    this.#space = await this.#askSpace().catch(() => null)
    const all = await this.#registry.metrics()
    return sites ? `${all}\n${await this.#perSite.metrics()}` : all
  }

  #total(name: string, help: string, label: string | null, values: () => [string, number][]): void {
    const labelNames = label === null ? [] : [label]
    new Counter({
      name, help, labelNames, registers: [this.#registry],
      collect() {
        this.reset()
        for (const [value, total] of values()) this.inc(label === null ? {} : { [label]: value }, total)
      },
    })
  }

  #gauge(name: string, help: string, values: () => [string, number][], label: string | null = null, register = this.#registry): void {
    new Gauge({
      name, help, labelNames: label === null ? [] : [label], registers: [register],
      collect() {
        this.reset()
        for (const [value, now] of values()) this.set(label === null ? {} : { [label]: value }, now)
      },
    })
  }

  /** Thousands of series in a large house: only for who wants them. */
  #sites({ states, activity }: Sources): void {
    const each = (value: (hosts: string[]) => number) => (): [string, number][] => states.list().map(({ name }) => [name, value(states.hosts(name))])
    this.#gauge('auberge_site_requests', 'Requests to a site since control started', each(hosts => activity.ofAll(hosts).requests), 'site', this.#perSite)
    this.#gauge('auberge_site_requests_in_flight', 'Requests to a site under way', each(hosts => activity.ofAll(hosts).inFlight), 'site', this.#perSite)
  }
}

/** What each relay tells of itself; summed. */
const GAUGES = [
  ['connections', "Visitors' connections"],
  ['requests_held', 'Requests that wait for a site to wake'],
  ['side_connections', "Connections to sites' own ports"],
  ['upstream_connections', 'Connections to upstreams'],
  ['relay_resident_bytes', 'Memory that relays hold'],
] as const

const SPACE = [['promised', 'Sizes of all volumes'], ['taken', 'What volumes occupy of the disk'], ['free', 'What is left of the disk']] as const

function countStates(states: States): [string, number][] {
  const counts = new Map<string, number>()
  for (const { state, suspended } of states.list()) {
    const shown = suspended === null ? state : 'suspended'
    counts.set(shown, (counts.get(shown) ?? 0) + 1)
  }
  return [...counts]
}
