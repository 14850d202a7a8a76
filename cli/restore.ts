// `auberge restore FILE`: checks the file, sets the machine up as `auberge up` does, then brings the house back. Called by main.ts.
import type { Order } from '../bin/parse.mjs'
import { UsageError } from '../bin/usage.mjs'
import type { House } from '../wire/house.ts'
import { answer, type Streams } from './desk.ts'
import { lostKeys, type Manifest } from './house/manifest.ts'
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
  const lost = lostKeys(manifest)
  if (lost.length > 0) say(keylessStart(manifest, lost))
  const done = { data: order.data, zone: manifest.zone, sites: Object.keys(manifest.sites).length, start: startLine(order, manifest), lostKeys: lost }
  answer({ order, ...streams }, done, each => `${each.sites} site(s) restored to ${each.data}. Start the house with: ${each.start}`)
  return 0
}

/** Before the house starts: an administrator who reads this first has the parent changed first. */
function keylessStart({ zone }: Manifest, lost: string[]): string {
  return `WARNING: ${zone} was signed, and the backup was made without --with-keys. The parent zone may still have this DS of a key that is not here:
${lost.map(ds => `    ${zone}. IN DS ${ds}`).join('\n')}
Until it is replaced, resolvers that check signatures refuse the zone. Start the house with --dnssec, put the DS that auberge dns ds shows in its place, then run auberge dns confirm.
Without --dnssec, have it removed first. If the old machine still has dnssec/keyring.json in its data directory, bring that instead, before the house starts.`
}
