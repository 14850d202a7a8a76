// Each verb of the provisioner: what it parses and which recipe it calls, in which queue. Called by server.ts.
import { PassThrough, Readable } from 'node:stream'
import { setImmediate as breathe } from 'node:timers/promises'
import { AubergeError } from '../wire/error.ts'
import { space } from '../wire/space.ts'
import type { Pod, PodEvent, Released } from './api.ts'
import { building, imageViews, pinImage } from './images/verbs.ts'
import { removeImage } from './images/remove.ts'
import { dropBackup, listBackups, readBackup } from './final.ts'
import type { Host } from './host.ts'
import { siteCgroup } from './instance.ts'
import { readLog } from './log.ts'
import { DATABASE } from './places.ts'
import { podOf } from './pod.ts'
import { adopt } from './recipes/adopt.ts'
import { create, update } from './recipes/create.ts'
import { destroy } from './recipes/destroy.ts'
import { servesRelease } from './recipes/prepare.ts'
import { sleep } from './recipes/sleep.ts'
import { wake } from './recipes/wake.ts'
import type { Call } from './server.ts'
import { giveUp } from './staging.ts'
import { description, disk, fields, fileChange, filePath, fileVersion, flag, headed, imageName, siteSpec, text, tierOf, version } from './valid.ts'
import { volumeUsage } from './volume.ts'
import { backup } from './workshop/backup.ts'
import { deploy, rollback } from './workshop/deploy.ts'
import { changeFiles, listFiles, readFile, writeFile } from './workshop/files.ts'
import { stage } from './workshop/restore.ts'

type SiteVerb = (call: Call, name: string) => Promise<unknown>

export const SITE_VERBS: Record<string, SiteVerb> = {
  create: async ({ host, json }, name) => {
    const spec = siteSpec(await json())
    return host.queue.run(name, () => create(host, name, spec))
  },
  update: async ({ host, json }, name) => {
    const spec = siteSpec(await json())
    return host.queue.run(name, () => update(host, name, spec))
  },
  wake: ({ host }, name) => host.queue.run(name, () => woken(host, known(host, name))),
  sleep: async ({ host, json }, name) => {
    const tier = tierOf(await json())
    return host.queue.run(name, () => sleep(host, known(host, name), tier))
  },
  destroy: async ({ host, json }, name) => {
    const request = await json()
    const last = flag(request, 'purge') ? null : description(request)
    return host.queue.run(name, () => destroy(host, name, last))
  },
  deploy: async ({ host, body }, name) => released(host, name, await deploy(host, known(host, name), body)),
  rollback: async ({ host, json }, name) => {
    const release = text(await json(), 'release')
    return released(host, name, await rollback(host, known(host, name), release))
  },
  'list-files': async ({ host, json }, name) => listFiles(host, known(host, name), filePath(fields(await json(), 'the request').path, 'home too')),
  'read-file': async ({ host, json, closed }, name) => endedBy(await readFile(host, known(host, name), filePath(fields(await json(), 'the request').path)), closed),
  'write-file': async ({ host, body }, name) => {
    const { path, expected } = fields(headed(body.headers['auberge-file']), 'the request')
    return writeFile(host, known(host, name), filePath(path), fileVersion(expected), body)
  },
  'change-files': async ({ host, json }, name) => changeFiles(host, known(host, name), fileChange(await json())).then(() => null),
  logs: async ({ host, json, closed }, name) => {
    const follow = flag(await json(), 'follow')
    return endedBy(readLog(host, known(host, name), { follow }), closed)
  },
  backup: async ({ host, json }, name) => backup(host, known(host, name), description(await json())),
  stage: async ({ host, body }, name) => {
    const { id } = await stage(host, known(host, name), body, disk(body.headers['auberge-disk']))
    return { id }
  },
  adopt: async ({ host, json }, name) => {
    const { id, spec } = fields(await json(), 'an adoption')
    const wanted = siteSpec(spec)
    return host.queue.run(name, () => adopt(host, known(host, name), String(id), wanted))
  },
  unstage: async ({ host, json }, name) => {
    const id = text(await json(), 'id')
    return host.queue.run(name, () => giveUp(host, known(host, name), id)).then(() => null)
  },
  usage: async ({ host }, name) => {
    known(host, name)
    const [memory, { disk, files }] = await Promise.all([host.cgroups.memory(siteCgroup(host.instance, name)), volumeUsage(host, name)])
    return { memory, disk, files, database: host.database.sizeOf(name) }
  },
}

export const HOUSE_VERBS: Record<string, (call: Call) => Promise<unknown>> = {
  ping: async () => null,
  list: ({ host }) => pods(host),
  memory: async ({ host }) => {
    const awake = host.states.awake()
    const asleep = host.benches.names().filter(name => !awake.includes(name))
    const [sites, working, { [DATABASE]: database = 0 }] = await Promise.all([awake, asleep, [DATABASE]].map(names => memoryOf(host, names))) as [Bytes, Bytes, Bytes]
    return { sites, working, database }
  },
  space: async ({ host }) => space(host.data),
  events: async ({ exits, closed }) => {
    const events = new PassThrough()
    const tell = (event: PodEvent) => void events.write(`${JSON.stringify(event)}\n`)
    exits.on('exit', tell)
    events.once('close', () => exits.off('exit', tell))
    return endedBy(events, closed)
  },
  'final-backups': async ({ host }) => listBackups(host),
  'final-backup': async ({ host, json }) => readBackup(host, text(await json(), 'id')),
  'drop-final-backup': async ({ host, json }) => dropBackup(host, text(await json(), 'id')).then(() => null),
  images: async ({ host }) => imageViews(host),
  'build-image': async ({ host, json, closed }) => {
    const request = await json()
    return endedBy(building(host, imageName(text(request, 'name')), flag(request, 'ifChanged')), closed)
  },
  'remove-image': async ({ host, json }) => removeImage(text(await json(), 'name'), host.images).then(() => null),
  'pin-image': async ({ host, json }) => {
    const request = await json()
    return pinImage(host, imageName(text(request, 'name')), version(request)).then(() => null)
  },
}

type Bytes = Record<string, number>

async function memoryOf(host: Host, names: string[]): Promise<Bytes> {
  return Object.fromEntries(await Promise.all(names.map(async name => [name, await host.cgroups.memory(siteCgroup(host.instance, name))])))
}

/** A pod that is started has its turn; one that is only thawed needs none. */
function woken(host: Host, name: string): ReturnType<typeof wake> {
  const { tier } = host.states.life(name)
  return tier === 'running' || tier === 'frozen' ? wake(host, name) : host.starts.pass(() => wake(host, name))
}

/** Pods looked at in one go: it takes a look at files for each, and wakes wait meanwhile. */
const AT_ONCE = 50

async function pods(host: Host): Promise<Pod[]> {
  const found: Pod[] = []
  const names = host.states.names()
  for (let from = 0; from < names.length; from += AT_ONCE) {
    if (from > 0) await breathe()
    const there = names.slice(from, from + AT_ONCE).filter(name => host.states.has(name) && host.states.site(name).intent === null)
    found.push(...there.map(name => podOf(host, name)))
  }
  return found
}

function known(host: Host, name: string): string {
  return host.states.site(name).name
}

function endedBy(stream: Readable, closed: AbortSignal): Readable {
  if (closed.aborted) stream.destroy()
  closed.addEventListener('abort', () => stream.destroy())
  return stream
}

type Releases = { release: string | null; releases: string[] }

async function released(host: Host, name: string, { release, releases }: Releases & { release: string }): Promise<Released> {
  await keepReleases(host, name, { release, releases })
  return { release, releases, restart: !servesRelease(host, name) }
}

/** In the site's queue, so that no other change of its state is lost; a site destroyed meanwhile has no releases. */
function keepReleases(host: Host, name: string, { release, releases }: Releases): Promise<void> {
  return host.queue.run(name, async () => {
    if (!host.states.has(name)) throw new AubergeError('not_found', `the site ${name} was deleted meanwhile`)
    await host.states.save({ ...host.states.site(name), release, releases })
  })
}
