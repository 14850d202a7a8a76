// What a site costs the host in each tier: memory, processes, disk; and what the house itself needs for each pod that is awake. Beside Docker.
// Called by bench/main.ts as `npm run bench -- density`. Must be root. `--sites=N` sets how many; `--docker=off` leaves Docker out.
import { instance } from '../provisioner/instance.ts'
import { collectDead } from '../provisioner/reconcile.ts'
import { holdings, numberOf, type Holdings } from '../test/helpers/holdings.ts'
import { places } from '../wire/house.ts'
import { dockerDensity } from './pods/docked.ts'
import { growth, plus, type Cost } from './pods/growth.ts'
import { each, names, page, reserve, settle, sleep, withData, type Place, type Stage } from './pods/house.ts'
import { allocated, family, memoryOf } from './pods/memory.ts'
import { flag } from './relay/rig.ts'
import { median, type Result } from './table.ts'

const SITES = 60
/** Sites that are made between two looks at the machine. */
const BATCH = 5
const MB = 1e6

/** What one site costs in each tier, and what of it is memory of the house's own processes. */
type Tiers = Record<'prepared' | 'awake' | 'frozen' | 'asleep' | 'cold', Cost>
type Figures = { tiers: Tiers; disk: number[]; cold: Holdings }

export async function run(flags: string[]): Promise<Result[]> {
  const count = Number(flag(flags, 'sites') ?? SITES)
  const docker = flag(flags, 'docker') === 'off' ? null : await dockerDensity(Math.min(count, 20))
  return withData(async stage => results(await figures(stage, names(count)), docker, count))
}

/** A house is started anew before it is compared with an empty one: what making sites leaves in its heaps is none of their cost. */
async function figures(stage: Stage, sites: string[]): Promise<Figures> {
  const first = await stage.start()
  const number = numberOf(stage.data)
  const grown = (act: (name: string) => Promise<unknown>, whose: 'machine' | 'groups' = 'groups'): Promise<Cost> => growth(`/auberge${number}`, sites, whose === 'machine' ? BATCH : sites.length, whose, batch => each(batch, 2, act))
  const empty = await own(first)
  const made = await grown(name => reserve(first, name), 'machine')
  await first.house.stop()
  const place = await stage.start()
  const house = async (): Promise<number> => (await own(place) - empty) / sites.length
  const prepared = { ...made, own: await house() }
  const woken = await grown(name => page(place, name))
  const awake = { ...plus(prepared, woken), own: await house() }
  const disk = sites.map(name => besides(place, name))
  const frozen = { ...plus(awake, await grown(name => sleep(place, name, 'frozen'))), own: await house() }
  const asleep = { ...plus(frozen, await grown(name => sleep(place, name, 'asleep'))), own: await house() }
  await place.house.stop()
  // What a restart of the machine leaves: the files.
  await collectDead(instance(number, 'fd00:1:1'), stage.data)
  const last = await stage.start()
  const cold = { kernel: 0, pods: 0, processes: 0, own: (await own(last) - empty) / sites.length }
  return { tiers: { prepared, awake, frozen, asleep, cold }, disk, cold: await holdings(last.house) }
}

/** Memory of the house's own processes, bytes. */
async function own({ house }: Place): Promise<number> {
  await settle()
  return memoryOf(family(await house.pids('supervisor')))
}

/** Bytes on the host's disk that are there for a site, less what its owner's files take in its volume. */
function besides({ house }: Place, name: string): number {
  const directory = `${places(house.data).pods}/${name}`
  return allocated(directory) - allocated(`${directory}/volume`)
}

function results({ tiers, disk, cold }: Figures, docker: (Cost & { disk: number }) | null, count: number): Result[] {
  const result = (name: string, unit: string, ours: number, conditions: string, peer?: number): Result => ({
    name: `density ${name}`, unit, ours, peers: peer === undefined ? {} : { docker: peer }, ratios: peer === undefined ? {} : { docker: ours / peer }, n: count, conditions: `${count} sites of the image php; ${conditions}`,
  })
  const memory = (name: string, cost: Cost, more: string, peer?: Cost): Result =>
    result(`memory ${name}`, 'MB', total(cost) / MB, `${more}; ${parts(cost)}${peer === undefined ? '' : `; Docker's: ${parts(peer)}`}`, peer && total(peer) / MB)
  const { files: _, ...nothing } = cold
  return [
    memory('prepared', tiers.prepared, 'ready to start'), result('processes prepared', 'processes', tiers.prepared.processes, 'in its control group'),
    memory('cold', tiers.cold, `after a restart of the machine; the house holds of it: ${JSON.stringify(nothing)}`), result('processes cold', 'processes', cold.processes / count, 'in its control group'),
    memory('awake', tiers.awake, 'after one page', docker ?? undefined), result('processes awake', 'processes', tiers.awake.processes, 'in its control group', docker?.processes),
    memory('frozen', tiers.frozen, 'after one page'), memory('asleep', tiers.asleep, 'prepared again after it was awake'),
    result('own awake', 'MB', (tiers.awake.own - tiers.prepared.own) / MB, "PSS of all the house's own processes, what it grew by as the sites woke; Docker's: dockerd, containerd, shims", docker === null ? undefined : docker.own / MB),
    result('disk', 'MB', median(disk) / MB, `allocated besides the owner's files, journal included; ${(Math.min(...disk) / MB).toFixed(2)} to ${(Math.max(...disk) / MB).toFixed(2)}`, docker === null ? undefined : docker.disk / MB),
  ]
}

const total = ({ kernel, pods, own }: Cost): number => kernel + pods + own

function parts({ kernel, pods, own }: Cost): string {
  return `${(pods / MB).toFixed(2)} its processes, ${(kernel / MB).toFixed(2)} the kernel, ${(own / MB).toFixed(2)} the house's own`
}
