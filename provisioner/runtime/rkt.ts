// rkt behind the runtime interface: pods by rkt, workshops by an OCI runtime with the same ids, for what rkt runs in a pod from outside (`rkt enter`)
// runs as the host's root. Made by host.ts. rkt gives a pod its network when it starts, and its root no port below 1024.
import { chmod, chown, mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AubergeError } from '../../wire/error.ts'
import type { ociConfig } from '../bundle.ts'
import type { Cgroups } from '../cgroup.ts'
import * as commands from '../commands/rkt.ts'
import { alive, startOf } from '../process.ts'
import type { RktPlace } from '../rkt/house.ts'
import { complaint, openGate, passGate } from '../rkt/gate.ts'
import { imageAt, imported } from '../rkt/images.ts'
import { podManifest, SCRATCH } from '../rkt/manifest.ts'
import { exitStatus, idOf, mappedTo, networked, pin, pods, removed, settle, type RktPod } from '../rkt/pods.ts'
import { run, succeeds } from '../run.ts'
import { unmounted } from '../volume.ts'
import type { Container, Runtime } from './runtime.ts'

/** Milliseconds rkt has from the start of a pod to its first process in the site's ids: ten where eight start at once on two processors. One that ends is seen at once. */
const PATIENCE = 60_000
/** Milliseconds for what copies an image. */
const COPYING = 300_000
/** A pod that waits has its own copy of rkt's systemd and of the image but for /usr: 90 MB of disk. */
const PREPARED = 50

type OciConfig = ReturnType<typeof ociConfig>

/** rkt with its state below `place.dir`, a directory of this house alone. */
export function rktRuntime(place: RktPlace, workshops: Runtime, cgroups: Cgroups): Runtime {
  const bundleOf = (id: string) => `${place.bundles}/${id}`
  return {
    ...workshops,
    name: 'rkt', network: 'start', execs: 'beside', firstPort: 1024, prepared: PREPARED,
    prepare: (id, bundle, output, ipv4 = '') => prepare(place, cgroups, { id, bundle, output, ipv4 }),
    start: (id, guard) => start(place, cgroups, bundleOf(id), guard),
    async stop(id, cgroup, grace, hurried) {
      await cgroups.thaw(cgroup)
      const uuid = await kept(bundleOf(id), 'uuid')
      if (grace > 0 && uuid && (await succeeds(commands.stop(place, uuid)))) await cgroups.emptied(cgroup, grace, hurried)
      await cgroups.kill(cgroup)
    },
    async remove(id) {
      await workshops.remove(id)
      for (const uuid of await uuidsOf(place, id, bundleOf(id))) await removed(place, uuid)
      await unmounted(scratchOf(bundleOf(id)))
    },
    async exitStatus(id) {
      const uuid = await kept(bundleOf(id), 'uuid')
      return uuid ? exitStatus(place, uuid) : null
    },
    async list() {
      const own = (await pods(place)).filter(pod => idOf(pod) !== undefined)
      return [...(await workshops.list()), ...(await Promise.all(own.map(pod => container(pod, bundleOf(idOf(pod)!)))))]
    },
  }
}

type Making = { id: string; bundle: string; output: number; ipv4: string }

async function prepare(place: RktPlace, cgroups: Cgroups, { id, bundle, output, ipv4 }: Making): Promise<number> {
  const config = await configOf(bundle)
  const firstId = firstIdOf(config)
  const manifest = podManifest(config, {
    id, image: await imported(place, imageAt(config.root.path)), log: await lent(output), scratch: await makeScratch(bundle, firstId),
  })
  await writeFile(`${bundle}/pod.json`, JSON.stringify(manifest), { mode: 0o600 })
  const uuid = (await run(commands.prepare(place, `${bundle}/pod.json`), { timeout: COPYING })).trim()
  await writeFile(`${bundle}/uuid`, uuid)
  await settle(place, uuid)
  await pin(place, uuid, firstId)
  const command = commands.runPrepared(place, uuid, place.network, ipv4, config.hostname)
  const pid = await openGate(bundle, await cgroups.doors(config.linux.cgroupsPath), command, place.programs)
  await writeFile(`${bundle}/pid`, String(pid))
  return pid
}

/** Resolves when the pod's first process has the site's ids; `failed` when it gets others: then nothing of it may go on. */
async function start(place: RktPlace, cgroups: Cgroups, bundle: string, guard = async () => {}): Promise<void> {
  const [config, uuid, pid] = [await configOf(bundle), await kept(bundle, 'uuid'), Number(await kept(bundle, 'pid'))]
  const starting = { bundle, pid, start: startOf(pid), deadline: performance.now() + PATIENCE }
  await until(starting, () => passGate(bundle, 'start'))
  await until(starting, () => networked(place, uuid))
  await guard()
  await until(starting, () => passGate(bundle, 'guarded'))
  await until(starting, () => hasIds(cgroups, config))
}

type Starting = { bundle: string; pid: number; start: string; deadline: number }

async function until(starting: Starting, done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) {
    if (!alive(starting)) throw new AubergeError('failed', `rkt ended before the pod began: ${await complaint(starting.bundle)}`)
    if (performance.now() > starting.deadline) throw new AubergeError('failed', `rkt did not start the pod within ${PATIENCE / 1000} s (its stage1 must be of the flavor "host"): ${await complaint(starting.bundle)}`)
    await delay(5)
  }
}

async function hasIds(cgroups: Cgroups, config: OciConfig): Promise<boolean> {
  const first = await mappedTo(await cgroups.tasks(config.linux.cgroupsPath))
  if (first !== null && first !== firstIdOf(config)) throw new AubergeError('failed', `rkt gave the pod the ids from ${first} on rather than its own; this rkt can't run sites`)
  return first !== null
}

const configOf = async (bundle: string) => JSON.parse(await readFile(`${bundle}/config.json`, 'utf8')) as OciConfig
const firstIdOf = (config: OciConfig) => config.linux.uidMappings[0]!.hostID
const scratchOf = (bundle: string) => `${bundle}/scratch`

/** What a bundle's small file says; empty where there is none. */
const kept = async (bundle: string, file: string) => (await readFile(`${bundle}/${file}`, 'utf8').catch(() => '')).trim()

/** The file behind the descriptor, for any of the pod's users to append to; the directory it is in is root's alone. */
async function lent(output: number): Promise<string> {
  const path = await readlink(`/proc/self/fd/${output}`)
  await chmod(path, 0o666)
  return path
}

/** Small file systems are one of ours, limited as one, whose directories the pod has as its own. */
async function makeScratch(bundle: string, firstId: number): Promise<string> {
  const scratch = scratchOf(bundle)
  await mkdir(scratch, { mode: 0o700 })
  await run(commands.mountScratch(scratch))
  for (const path of SCRATCH) {
    await mkdir(`${scratch}${path}`, { recursive: true })
    await chmod(`${scratch}${path}`, path === '/tmp' ? 0o1777 : 0o755)
    await chown(`${scratch}${path}`, firstId, firstId)
  }
  return scratch
}

/** All of a container's pods: one was forgotten if we died while it was made. */
async function uuidsOf(place: RktPlace, id: string, bundle: string): Promise<string[]> {
  const known = await kept(bundle, 'uuid')
  return known ? [known] : (await pods(place)).filter(pod => idOf(pod) === id).map(pod => pod.name)
}

async function container(pod: RktPod, bundle: string): Promise<Container> {
  const status = pod.state === 'running' ? 'running' : pod.state === 'prepared' ? 'created' : 'stopped'
  const pid = status === 'stopped' || (await kept(bundle, 'uuid')) !== pod.name ? 0 : Number(await kept(bundle, 'pid'))
  return { id: idOf(pod)!, status, pid }
}
