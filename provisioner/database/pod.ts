// The pod of the house's database server: the same runtime, ids of its own, limits and read-only image as a site's, with a volume and a network of its own.
// It outlives the provisioner as sites' pods do. Called by database.ts.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import type { PodLimits } from '../../registry/types.ts'
import { imageProcess, writeBundle, type BundleSpec } from '../bundle.ts'
import { collect } from '../children.ts'
import { imageFor } from '../container.ts'
import type { Host } from '../host.ts'
import type { Image } from '../images/store.ts'
import { MARIADB } from '../images/recipes/mariadb.ts'
import { containerId, databaseFirstId, netnsName, podCgroup, siteCgroup } from '../instance.ts'
import { newLog, openLog, releaseLog } from '../log.ts'
import { bundlePlace, DATABASE, netnsPlace, podPlaces } from '../places.ts'
import { alive, startOf } from '../process.ts'
import { replaceDurably } from '../state.ts'
import { ensureVolume, mounted, newVolume, unmounted } from '../volume.ts'
import { administratorSql } from './administrator.ts'
import { ensureLink, removeLink } from './link.ts'

const MiB = 2 ** 20
/** The volume is sparse: `disk` is what it may grow to. Of `pids`, most are threads. */
const LIMITS: PodLimits = { memory: 512 * MiB, cpu: 2, disk: 32 * 1024 * MiB, pids: 1024 }
/** Milliseconds the server has to write down what it has in memory; what it doesn't get to, it recovers at its next start. Less than a provisioner has to end. */
const GRACE = 5_000

/** A server that was started: its first process, and the fingerprint of what it was made from. */
export type Server = { pid: number; start: string; bundle: string }

const lifeFile = (host: Host) => `${host.instance.run}/database.json`
const idOf = (host: Host) => containerId(host.instance, DATABASE)

/** The server that was started last and still runs, or null. */
export async function running(host: Host): Promise<Server | null> {
  const server = remembered(host)
  if (server === null || !alive(server)) return null
  const container = (await host.containers.list()).find(each => each.id === idOf(host))
  return container?.status === 'running' && container.pid === server.pid ? server : null
}

function remembered(host: Host): Server | null {
  try {
    return JSON.parse(readFileSync(lifeFile(host), 'utf8')) as Server
  } catch {
    return null
  }
}

/** Whether it would be made otherwise now: of another version of the image, above all. */
export async function isOutdated(host: Host, { bundle }: Server): Promise<boolean> {
  return fingerprint(await bundleOf(host, imageFor(host, 'mariadb'))) !== bundle
}

/** Starts the server, from whatever is there. It accepts connections some moments later. `not_found` where its image was never built. */
export async function startServer(host: Host): Promise<Server> {
  const image = imageFor(host, 'mariadb')
  const owner = databaseFirstId(host.instance) + MARIADB
  await mkdir(podPlaces(host.data, DATABASE).dir, { recursive: true, mode: 0o700 })
  await newVolume(host, DATABASE, LIMITS.disk, owner)
  await ensureVolume(host, DATABASE)
  await newLog(host, DATABASE, owner)
  await host.cgroups.limit(siteCgroup(host.instance, DATABASE), LIMITS)
  await ensureLink(host)
  await stopServer(host, 0)
  const spec = await bundleOf(host, image)
  await writeBundle(bundlePlace(host.instance, idOf(host)), spec)
  const output = await openLog(host, DATABASE)
  const pid = await host.containers.prepare(idOf(host), bundlePlace(host.instance, idOf(host)), output.fd).finally(() => output.close())
  const server = { pid, start: startOf(pid), bundle: fingerprint(spec) }
  await replaceDurably(lifeFile(host), JSON.stringify(server))
  await host.containers.start(idOf(host))
  return server
}

/** Ends the server, gently unless `grace` is 0, and removes its container; volume, network and log stay. */
export async function stopServer(host: Host, grace = GRACE): Promise<void> {
  const cgroup = podCgroup(host.instance, DATABASE)
  await host.containers.stop(idOf(host), cgroup, grace)
  collect(remembered(host)?.pid ?? 0)
  await host.containers.remove(idOf(host))
  await host.cgroups.remove(cgroup)
  await rm(bundlePlace(host.instance, idOf(host)), { recursive: true, force: true })
}

/** Ends the server that was started last, if there is one, and gives back all that it has of the host but its files. */
export async function retireServer(host: Host): Promise<void> {
  const { log, volume } = podPlaces(host.data, DATABASE)
  if (remembered(host) === null && !mounted(log) && !mounted(volume)) return
  await stopServer(host)
  await removeLink(host)
  await host.cgroups.remove(siteCgroup(host.instance, DATABASE))
  await releaseLog(host, DATABASE)
  await unmounted(volume)
  await rm(lifeFile(host), { force: true })
}

async function bundleOf(host: Host, image: Image): Promise<BundleSpec> {
  return {
    hostname: 'database', cgroupVersion: host.cgroups.version, rootfs: image.rootfs, firstId: databaseFirstId(host.instance), netns: netnsPlace(netnsName(host.instance, DATABASE)),
    cgroup: podCgroup(host.instance, DATABASE), volume: podPlaces(host.data, DATABASE).volume, files: {},
    texts: { '/etc/auberge/accounts.sql': await administratorSql(host) }, process: imageProcess(image.config, {}),
  }
}

const fingerprint = (spec: BundleSpec): string => createHash('sha256').update(JSON.stringify(spec)).digest('hex')
