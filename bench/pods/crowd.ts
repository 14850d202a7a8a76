// A house with very many reservations: how long it takes to start, what its processes hold, how fast a site that is awake and a name are found, beside the same house
// with few. Used by bench/scale.ts.
import { Resolver } from 'node:dns/promises'
import { compare, type Result } from '../table.ts'
import { page, reserve, withData, type Place, type Stage, type Started } from './house.ts'
import { memoryOf } from './memory.ts'
import { addReservations } from './registry.ts'
import { PARTS } from '../../test/helpers/holdings.ts'

const FEW = 100
const STARTS = 3
const LOOKS = 1_000
const RESERVATIONS = 5

type Figures = { starts: Started[]; memory: Record<string, number>; pages: number[]; names: number[]; reservation: number[] }

export async function crowd(count: number): Promise<Result[]> {
  const many = await withData(stage => figures(stage, count))
  const few = await withData(stage => figures(stage, FEW))
  const conditions = `a house with ${count} reservations of sites, ${count - 1} of them cold; "few" is the same house with ${FEW}`
  const both = (name: string, unit: string, what: (figures: Figures) => number[], more: string): Result => compare(`scale ${name}`, unit, { auberge: what(many), few: what(few) }, `${conditions}; ${more}`)
  return [
    both('start', 'ms', each => each.starts.map(({ ms }) => ms), 'from the command to "ready"'),
    both('start cpu', 's', each => each.starts.map(({ cpu }) => cpu), "of all the house's processes until then"),
    ...PARTS.map(part => both(`memory ${part}`, 'MB', each => [(each.memory[part] ?? 0) / 1e6], 'PSS, of all processes of that kind')),
    both('page', 'ms', each => each.pages, 'a small page of a site that is awake, one request after the other, kept alive'),
    both('name', 'ms', each => each.names, 'a query for an address, one after the other, each for another name'),
    both('reservation', 'ms', each => each.reservation, 'POST to 201 of one more'),
  ]
}

async function figures(stage: Stage, count: number): Promise<Figures> {
  await addReservations(stage.data, count - 1)
  const starts: Started[] = []
  let place: Place | null = null
  for (let i = 0; i < STARTS; i++) {
    await place?.house.stop()
    place = await stage.start()
    starts.push(place.started)
  }
  return { starts, ...await used(place!, count) }
}

async function used(place: Place, count: number): Promise<Omit<Figures, 'starts'>> {
  await reserve(place, 'bench')
  // What starting left to be collected is collected, and what runs often is compiled.
  for (let i = 0; i < LOOKS; i++) await page(place, 'bench')
  const pages: number[] = []
  for (let i = 0; i < LOOKS; i++) pages.push(await time(() => page(place, 'bench')))
  const resolver = new Resolver({ timeout: 2_000 })
  resolver.setServers([`127.0.0.1:${place.house.dns}`])
  const names: number[] = []
  for (let i = 0; i < LOOKS; i++) names.push(await time(() => resolver.resolve4(`cold${i * 7_919 % (count - 1)}.localhost`)))
  const reservation: number[] = []
  for (let i = 0; i < RESERVATIONS; i++) reservation.push(await time(() => reserve(place, `more${i}`)))
  const memory: Record<string, number> = {}
  for (const part of PARTS) memory[part] = memoryOf(await place.house.pids(part))
  return { memory, pages, names, reservation }
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}
