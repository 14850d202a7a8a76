// Storms of wakes: in each round other sites, all asleep, are asked for at once; then they sleep again. All must be answered and nothing be left. Used by bench/scale.ts.
import { setTimeout as pause } from 'node:timers/promises'
import { holdings, type Holdings } from '../../test/helpers/holdings.ts'
import { median, type Result } from '../table.ts'
import { each, names, page, reserve, sleep, withData, type Place } from './house.ts'
import { family, residentOf } from './memory.ts'
import { addReservations } from './registry.ts'

/** Milliseconds after which relays have closed every connection that is idle: they keep one for 55 s. */
const IDLE = 60_000

export type Load = { sites: number; awake: number; cold: number; rounds: number }

/** Milliseconds of each answer of a storm; what the house held and its processes' memory in bytes when the sites slept again. */
type Round = { took: number[]; statuses: Record<number, number>; held: Holdings; resident: number }

export async function storm(load: Load): Promise<Result[]> {
  return withData(async stage => {
    await addReservations(stage.data, load.cold)
    const place = await stage.start()
    const sites = names(load.sites)
    const created = await timed(() => each(sites, 2, name => reserve(place, name)))
    const rounds: Round[] = []
    // One more than asked for: the first warms the house's own heaps and pages up.
    for (let i = 0; i <= load.rounds; i++) rounds.push(await round(place, some(sites, load.awake, i)))
    return results(load, created, rounds)
  })
}

/** Each round other sites, as far as there are. */
function some(sites: string[], count: number, turn: number): string[] {
  return Array.from({ length: count }, (_, i) => sites[(turn * count + i) % sites.length]!)
}

async function round(place: Place, sites: string[]): Promise<Round> {
  const took: number[] = []
  const statuses: Record<number, number> = {}
  await Promise.all(sites.map(async name => {
    const start = performance.now()
    const { status } = await page(place, name)
    took.push(performance.now() - start)
    statuses[status] = (statuses[status] ?? 0) + 1
  }))
  await each(sites, 2, name => sleep(place, name, 'asleep'))
  await pause(IDLE)
  return { took, statuses, held: await holdings(place.house), resident: residentOf(family(await place.house.pids('supervisor'))) }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

function results({ sites, awake, cold, rounds: count }: Load, created: number, rounds: Round[]): Result[] {
  const conditions = `${sites} sites of the image php with a volume, ${cold} cold ones that were never asked for, ${awake} asked for at once, ${count} rounds after one that isn't counted`
  const one = (name: string, unit: string, ours: number, n: number, more: string): Result => ({ name: `scale ${name}`, unit, ours, peers: {}, ratios: {}, n, conditions: `${conditions}; ${more}` })
  const counted = rounds.slice(1)
  const took = counted.flatMap(each => each.took)
  const failed = counted.flatMap(each => Object.entries(each.statuses)).reduce((sum, [status, times]) => sum + (status === '200' ? 0 : times), 0)
  const [first, last] = [rounds[0]!, rounds.at(-1)!]
  const more = leftOver(first.held, last.held)
  return [
    one('not answered', 'requests', failed, took.length, `by status: ${JSON.stringify(counted.map(each => each.statuses))}`),
    one('storm', 'ms', median(took), took.length, `from the request to the last byte; the last of each round: ${counted.map(each => Math.max(...each.took).toFixed(0)).join(', ')}`),
    one('left over', 'things', Object.values(more).reduce((sum, count) => sum + count, 0), count, `what the house holds more after the last round than after the first: ${JSON.stringify(more)}; it holds ${JSON.stringify(last.held)}`),
    one('resident growth', 'MB', (last.resident - first.resident) / 1e6, count, `of all the house's processes; after each round: ${rounds.map(each => (each.resident / 1e6).toFixed(0)).join(', ')}`),
    one('creation', 'ms', created / sites, sites, 'two at a time, the time for all by their number'),
  ]
}

/** What there is more of, and by how many; descriptors of each process included. */
function leftOver({ files: before, ...first }: Holdings, { files: after, ...last }: Holdings): Record<string, number> {
  const was: Record<string, number> = { ...first, ...before }
  return Object.fromEntries(Object.entries({ ...last, ...after }).map(([what, count]) => [what, count - (was[what] ?? 0)] as const).filter(([, more]) => more > 0))
}
