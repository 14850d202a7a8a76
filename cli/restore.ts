// `auberge restore FILE`: checks the file, sets the machine up as `auberge up` does, then brings the house back. Called by main.ts.
import type { Order } from '../bin/parse.mjs'
import { UsageError } from '../bin/usage.mjs'
import type { House } from '../wire/house.ts'
import { answer, type Streams } from './desk.ts'
import { needEmpty, restoreHouse, startLine } from './house/restore.ts'
import { verified } from './house/verify.ts'
import { progress } from './progress.ts'
import { alone } from './setup/alone.ts'
import { programOf } from './setup/program.ts'
import { goThrough } from './setup/step.ts'
import { steps } from './setup/steps.ts'

/** Nothing is touched before every entry of the file has its checksum. */
export async function restore(order: Order, { clone, asRoot }: { clone: string; asRoot: boolean }, streams: Streams): Promise<number> {
  const runtime: House['runtime'] = order.options.get('runtime') ?? 'crun'
  const path = order.args.FILE ?? ''
  if (runtime !== 'none' && !asRoot) throw new UsageError('restore: must be root, for volumes need it; run it with sudo, or with --runtime none for a house without sites')
  const say = progress(order.json)
  needEmpty(order.data)
  const manifest = await verified(path)
  say(`${path} is whole`)
  await goThrough(steps(clone, { runtime, asRoot, tests: false }), say, alone)
  await restoreHouse({ path, manifest, data: order.data, runtime, program: asRoot ? programOf(clone) : clone, say })
  const done = { data: order.data, zone: manifest.zone, sites: Object.keys(manifest.sites).length, start: startLine(order, manifest) }
  answer({ order, ...streams }, done, each => `${each.sites} site(s) restored to ${each.data}. Start the house with: ${each.start}`)
  return 0
}
