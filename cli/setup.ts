// `auberge setup`: installs what is missing and starts nothing. Called by main.ts.
import type { Order } from '../bin/parse.mjs'
import type { House } from '../wire/house.ts'
import { progress } from './progress.ts'
import { alone } from './setup/alone.ts'
import { goThrough } from './setup/step.ts'
import { steps } from './setup/steps.ts'

/** Resolves the exit code. Throws AubergeErrors where a step can't be done. */
export async function setUp(order: Order, { clone, asRoot }: { clone: string; asRoot: boolean }): Promise<number> {
  const runtime: House['runtime'] = order.options.get('runtime') ?? 'crun'
  const say = progress(order.json)
  await goThrough(steps(clone, { runtime, asRoot, tests: order.options.has('tests') }), say, alone)
  say('Everything is set up.')
  return 0
}
