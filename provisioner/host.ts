// What every recipe acts on: one house's place on this machine. Made once by main.ts, passed everywhere.
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { House } from '../wire/house.ts'
import { AubergeError } from '../wire/error.ts'
import type { Logger } from '../wire/log.ts'
import { Benches } from './benches.ts'
import { cgroups, type Cgroups } from './cgroup.ts'
import { Gate } from './gate.ts'
import { Database } from './database/database.ts'
import { Pins } from './images/pins.ts'
import { groundsOf, type Grounds } from './grounds.ts'
import type { Instance } from './instance.ts'
import { Queue } from './queue.ts'
import { leaveRkt, openRkt } from './rkt/house.ts'
import { ociRuntime } from './runtime/oci.ts'
import { rktRuntime } from './runtime/rkt.ts'
import type { Runtime } from './runtime/runtime.ts'
import { States } from './state.ts'

/** Pods started at a time for each processor. Of forty that are asked for at once, half answer in half the time that they take all together, and the last sooner as well. */
const STARTS = 2
/** Milliseconds after which a start that takes so long keeps no other waiting: an application's, or one that fails. */
const SLOW = 1_000

export type Host = {
  data: string
  instance: Instance
  runtime: Runtime
  /** What runs the house's own containers, whatever runs sites: always one of OCI. */
  containers: Runtime
  cgroups: Cgroups
  states: States
  /** One recipe at a time for each site. */
  queue: Queue
  benches: Benches
  /** Few pods are started at a time. */
  starts: Gate
  /** Addresses pods may ask for names. */
  resolvers: string[]
  /** Sites' own IPv6 addresses, where the house has a prefix. */
  grounds: Grounds | null
  /** Where images are; the machine-wide store unless a test says otherwise. */
  images: string | undefined
  /** Versions of images this house's sites have in the newest's place. */
  pins: Pins
  database: Database
  log: Logger
}

/** What a provisioner is told of its house. */
export type Housed = Pick<House, 'data' | 'runtime'> & Partial<House>

/** `unavailable` for a runtime that runs no pods, and for rkt where there is none. */
export async function openHost(house: Housed, instance: Instance, log: Logger, images?: string): Promise<Host> {
  const { data, runtime } = house
  if (runtime === 'none') throw new AubergeError('unavailable', 'the runtime none runs no pods; choose crun, runc or rkt')
  const oci = runtime === 'rkt' ? 'crun' : runtime
  const root = `${instance.run}/${oci}`
  for (const dir of [instance.run, root, `${instance.run}/bundles`]) await mkdir(dir, { recursive: true, mode: 0o700 })
  const groups = cgroups()
  const containers = ociRuntime(oci, root, groups)
  if (runtime !== 'rkt') await leaveRkt(instance, data, groups)
  const host: Host = {
    data, instance, log, images, pins: new Pins(data), cgroups: groups, states: new States(data, instance), queue: new Queue(), benches: new Benches(),
    starts: new Gate(STARTS * availableParallelism(), SLOW),
    resolvers: resolvers(), grounds: groundsOf(house), get database() { return database },
    runtime: runtime === 'rkt' ? rktRuntime(await openRkt(instance, data, images), containers, groups) : containers, containers,
  }
  const database = new Database(host)
  return host
}

/** The host's own resolvers that a pod could reach: systemd-resolved's upstreams rather than its loopback address. */
function resolvers(): string[] {
  const files = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']
  for (const file of files) {
    const found = nameservers(file)
    if (found.length > 0) return found.slice(0, 3)
  }
  return []
}

function nameservers(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)
    return [...lines].map(match => match[1]!).filter(address => !/^(127\.|::1$|0\.)/.test(address))
  } catch {
    return []
  }
}
