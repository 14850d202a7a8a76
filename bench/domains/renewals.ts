// How many orders custom domains make in an hour, by the times that the schedule itself would choose, and what one order costs control. Used by bench/domains.ts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pino } from 'pino'
import { BOUNDS } from '../../gateway/certificates/acme/budget.ts'
import { Engine } from '../../gateway/certificates/acme/engine.ts'
import { renewalOf } from '../../gateway/certificates/acme/timing.ts'
import { nameServer, Web } from '../../test/gateway/certificates/acme/names.ts'
import { Pebble } from '../../test/gateway/certificates/acme/pebble.ts'

const HOUR = 3600 * 1000
const DAY = 24 * HOUR
const YEAR = 365 * DAY
/** Milliseconds from one first order of a day to the next. */
const APART = 1_000

/** Orders an hour in a year's second half, on average and in the worst hour, of `count` domains that came as fast as the budget of a day allows. `life`: days. */
export function ordersAnHour(count: number, life: number): { mean: number; most: number } {
  const hours = new Map<number, number>()
  for (let index = 0; index < count; index++) {
    let at = Math.floor(index / BOUNDS.all) * DAY + (index % BOUNDS.all) * APART
    for (; at < YEAR; at = renewalOf({ validFromDate: new Date(at), validToDate: new Date(at + life * DAY) }, Math.random())) {
      if (at >= YEAR / 2) hours.set(Math.floor(at / HOUR), (hours.get(Math.floor(at / HOUR)) ?? 0) + 1)
    }
  }
  const all = [...hours.values()]
  return { mean: all.reduce((sum, each) => sum + each, 0) / (YEAR / 2 / HOUR), most: Math.max(...all) }
}

/** Milliseconds of this process's CPU for a whole order at a real server, by HTTP-01. One to warm up. */
export async function orderCost(orders: number): Promise<number[]> {
  const endings: (() => unknown)[] = []
  const t = { after: (end: () => unknown) => { endings.push(end) } }
  const directory = await mkdtemp(`${tmpdir()}/auberge-orders-`)
  try {
    const web = await Web.start(t)
    const pebble = await Pebble.start(t, { dns: await nameServer(t, ['alice']), httpPort: web.port, env: { PEBBLE_AUTHZREUSE: '0' } })
    const engine = await Engine.open({ server: pebble.url, ca: pebble.ca, email: null, directory, log: pino({ level: 'silent' }), patience: { first: 50, most: 500, deadline: 20_000 } })
    t.after(() => engine.close())
    const costs: number[] = []
    for (let index = 0; index <= orders; index++) {
      const before = process.cpuUsage()
      await engine.issue({ identifiers: ['alice.auberge.test'], solver: web.solver })
      const { user, system } = process.cpuUsage(before)
      if (index > 0) costs.push((user + system) / 1000)
    }
    return costs
  } finally {
    for (const end of endings.reverse()) await end()
    await rm(directory, { recursive: true, force: true })
  }
}
