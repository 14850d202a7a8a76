// Bringing a backup back: its files and its settings together, or nothing of it. Called by front.ts, revive.ts and, after a kill, reconcile.ts.
//
// First the files are unpacked into a second volume while the site goes on. Then, in the site's turn, requests are held, that volume is adopted and
// the registry follows. Whether a kill in between came before or after the adoption is the provisioner's to say: a note in the registry tells what was meant.
import { isDeepStrictEqual } from 'node:util'
import type { Readable } from 'node:stream'
import type { Pod } from '../../../provisioner/api.ts'
import { mostLimits } from '../../../registry/parse.ts'
import { growth } from '../../../registry/quotas.ts'
import { parseRecords } from '../../../registry/records.ts'
import type { Account, Limits, Site } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import { pods, podOf, siteOf, specOf, type Parts } from '../parts.ts'
import { leadAnew } from '../domains/domains.ts'
import { isAway, patiently } from '../patience.ts'
import { namesFor, scopeOf } from '../records.ts'
import { byOf, type RestartParts } from '../restart.ts'
import { found } from '../states.ts'
import { parseDescription, type Settings } from './description.ts'
import { firstEntry } from './entry.ts'
import { unzipped } from './unzipped.ts'

/** Whose word the limits in a backup are: the house's own (a final backup), or somebody's who may only choose within bounds. */
export type Trust = 'house' | 'account'
type Request = { name: string; body: Readable; trust: Trust }

type AcceptParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone'>

const noteOf = (name: string) => `restore.${name}`

/** Resolves with the name in the backup once every relay knows and, where the site ran, it runs again. Of a failure nothing changes. */
export async function restoreSite(parts: RestartParts, actor: Account, { name, body, trust }: Request): Promise<string> {
  const { site } = siteOf(parts, name)
  await parts.turns.run(name, () => podOf(parts, site))
  const { id, settings, from } = await unzipped(body, async tar => {
    const { text, rest } = await firstEntry(tar, 'auberge.json')
    const description = parseDescription(text)
    const settings = { ...await fitting(parts, site, description.settings, actor.role === 'admin' ? 'house' : trust), ...recordsIn(parts, name, description) }
    // A further part of a backup has its entry here, before the files, and is put aside until the adoption.
    const { id } = await pods(parts).stage(name, rest, settings.limits.disk)
    return { id, settings, from: description.name }
  })
  await replace(parts, actor, name, id, settings)
  return from
}

/** Settings as this house can have them for this site: a version of an image that isn't here means its newest, limits end at what the account may have. */
async function fitting(parts: Parts, site: Site, settings: Settings, trust: Trust): Promise<Settings> {
  const [image = ''] = settings.image.split('@')
  const versions = (await pods(parts).images()).filter(each => each.name === image)
  if (versions.length === 0) throw new AubergeError('not_found', `the backup is of a site with the image ${image}, which isn't here: an administrator builds it with auberge image build ${image}`)
  const isHere = versions.some(({ name, version }) => `${name}@${version}` === settings.image)
  const limits = trust === 'house' ? settings.limits : least(settings.limits, mostLimits(site.limits))
  parts.registry.quotas.check(site.owner, growth(site.limits, limits))
  return { ...settings, image: isHere ? settings.image : image, limits }
}

/** As if its owner had written them now; none where the backup is from before there were any. */
function recordsIn(parts: Parts, name: string, { records, www }: { records: unknown; www: boolean | null }): Pick<Settings, 'records' | 'www'> {
  return { ...(records === null ? {} : { records: parseRecords(records, scopeOf(parts, name)) }), ...(www === null ? {} : { www }) }
}

function least(wanted: Limits, most: Limits): Limits {
  const one = (key: keyof Limits) => Math.min(wanted[key], most[key])
  return { memory: one('memory'), cpu: one('cpu'), disk: one('disk'), pids: one('pids'), database: one('database') }
}

/** New requests are held from the drain on; the site runs again afterwards, whatever came of it, where it did before. */
async function replace(parts: RestartParts, actor: Account, name: string, id: string, settings: Settings): Promise<void> {
  const ran = parts.states.get(name)?.state === 'running'
  try {
    await parts.sleeps.drain(name, { force: true })
    await parts.turns.run(name, () => adopt(parts, name, id, settings))
  } catch (error) {
    await pods(parts).unstage(name, id).catch((cause: unknown) => { parts.log.info({ err: cause, site: name }, 'what a restore left goes when the provisioner next starts') })
    throw error
  } finally {
    const by = byOf(actor, parts.registry.reservations.get(name)?.owner)
    if (ran) await parts.wakes.wake(name, { by }).catch((error: unknown) => { parts.log.info({ err: error, site: name }, 'a site did not start after a restore') })
    await parts.relays.settled(parts.table.version)
  }
}

async function adopt(parts: Parts, name: string, id: string, settings: Settings): Promise<void> {
  const { registry } = parts
  const { site } = siteOf(parts, name)
  registry.settings.set(noteOf(name), JSON.stringify(settings))
  try {
    const pod = await patiently(() => pods(parts).adopt(name, id, specOf({ ...site, ...settings })))
    await accept(parts, name, settings)
    parts.states.change(name, { ...found(pod), failures: 0, retryAt: null })
  } catch (error) {
    if (!isAway(error)) forgetRestore(parts, name)
    parts.states.change(name, { state: 'asleep' })
    throw error
  }
}

/** The registry and DNS follow what the provisioner has done. */
async function accept(parts: AcceptParts, name: string, { records, www, ...settings }: Settings): Promise<void> {
  const { registry } = parts
  registry.transaction(() => {
    registry.sites.update(name, settings)
    if (records !== undefined) registry.reservations.keep(name, records)
    if (www !== undefined) registry.reservations.setWww(name, www)
    forgetRestore(parts, name)
  })
  parts.states.change(name, { wakeForRobots: settings.wakeForRobots })
  leadAnew(parts, name)
  const reservation = registry.reservations.get(name)
  if ((records !== undefined || www !== undefined) && reservation?.phase === 'held') await parts.zone.put(name, namesFor(parts, reservation))
}

export function forgetRestore({ registry }: Pick<Parts, 'registry'>, name: string): void {
  registry.settings.forget(noteOf(name))
}

/** After a kill: what the pod is made of says whether the restore that was under way came to pass. Runs in the site's turn, or before anyone can ask. */
export async function finishRestore(parts: AcceptParts, pod: Pod): Promise<void> {
  const note = parts.registry.settings.get(noteOf(pod.name))
  const site = parts.registry.sites.get(pod.name)
  if (note === null || site === null) return
  const settings = JSON.parse(note) as Settings
  if (isDeepStrictEqual(pod.spec, specOf({ ...site, ...settings }))) await accept(parts, pod.name, settings)
  else forgetRestore(parts, pod.name)
}
