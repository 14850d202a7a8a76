// A house of its own for tests of the workshop: an instance, a site with a real volume, and all of it gone afterwards.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { pack, type Header } from 'tar-stream'
import { claim, CLAIMS } from '../../../provisioner/claim.ts'
import { podBundle, imageOf, writeResolvConf } from '../../../provisioner/container.ts'
import { writeBundle } from '../../../provisioner/bundle.ts'
import { openHost, type Host } from '../../../provisioner/host.ts'
import { containerId, netnsName, podCgroup, siteCgroup } from '../../../provisioner/instance.ts'
import { bundlePlace, podPlaces } from '../../../provisioner/places.ts'
import { run, succeeds } from '../../../provisioner/run.ts'
import { ensureVolume, makeVolume, removeVolume } from '../../../provisioner/volume.ts'
import { seed } from '../../../provisioner/workshop/seed.ts'
import { inWorkshop } from '../../../provisioner/workshop/workshop.ts'
import { logger } from '../../../wire/log.ts'
import type { Limits } from '../../../registry/types.ts'

const LIMITS: Limits = { memory: 256 * 2 ** 20, cpu: 2, disk: 64 * 2 ** 20, pids: 64, database: 64 * 2 ** 20 }

/** A host with one site `alice` whose volume is mounted and seeded; removed when the test ends. */
export async function house(t: TestContext, limits: Partial<Limits> = {}, runtime: 'crun' | 'runc' = 'crun'): Promise<Host> {
  const data = mkdtempSync(`${tmpdir()}/auberge-workshop-`)
  const host = await openHost({ data, runtime }, await claim(data, async () => {}), logger('test'))
  t.after(() => dismantle(host))
  await writeResolvConf(host)
  await site(host, 'alice', limits)
  return host
}

/** Makes a site with a volume, without a pod. */
export async function site(host: Host, name: string, limits: Partial<Limits> = {}): Promise<void> {
  await mkdir(podPlaces(host.data, name).dir, { recursive: true, mode: 0o700 })
  const slot = host.states.freeSlot()
  await host.states.save({ name, slot, spec: { image: 'php', limits: { ...LIMITS, ...limits }, env: { COLOR: 'green' }, php: {}, start: null, egress: 'internet', database: null, exposed: null }, intent: null, release: null, releases: [] })
  await makeVolume(host, name)
  await ensureVolume(host, name)
  await seed(host, name)
  // So that the volume stays mounted for the test to look at: that of a cold site is released after each workshop.
  host.states.live(name, { tier: 'prepared' })
}

/** Starts the site's pod, with a network namespace but nothing in it. */
export async function startPod(host: Host, name: string): Promise<void> {
  const bundle = bundlePlace(host.instance, containerId(host.instance, name))
  await host.cgroups.limit(siteCgroup(host.instance, name), host.states.site(name).spec.limits)
  const { spec } = podBundle(host, name, imageOf(host, name))
  await run(['ip', 'netns', 'add', netnsName(host.instance, name)])
  await writeBundle(bundle, { ...spec, process: { ...spec.process, args: ['sleep', 'infinity'] } })
  const output = openSync(`${podPlaces(host.data, name).dir}/output`, 'w')
  try {
    await host.runtime.prepare(containerId(host.instance, name), bundle, output)
  } finally {
    closeSync(output)
  }
  await host.runtime.start(containerId(host.instance, name))
  host.states.live(name, { tier: 'running' })
}

async function dismantle(host: Host): Promise<void> {
  for (const { id } of await host.runtime.list()) await host.runtime.remove(id)
  for (const name of host.states.names()) {
    await succeeds(['ip', 'netns', 'delete', netnsName(host.instance, name)])
    await host.cgroups.kill(podCgroup(host.instance, name))
    // Its loop device may be on its way out by itself at the first try.
    await removeVolume(host, name).catch(() => removeVolume(host, name))
  }
  await host.cgroups.remove(`/${host.instance.id}`)
  rmSync(host.instance.run, { recursive: true, force: true })
  rmSync(host.data, { recursive: true, force: true })
  rmSync(`${CLAIMS}/${host.instance.number}`, { force: true })
}

/** What an owner does in a shell of a sleeping site: a script as the site's root. Fails when the script does. */
export async function owner(host: Host, name: string, script: string): Promise<string> {
  const { status, stdout, stderr } = await inWorkshop(host, name, 60_000, shop => shop.run(['sh', '-ec', script]))
  if (status !== 0) throw new Error(`${script}: ${status}: ${stderr}`)
  return stdout
}

/** What is at a path of the volume, as the host sees it. */
export const volume = (host: Host, name = 'alice') => podPlaces(host.data, name).volume

/** A plain tar of files (a value) and directories (null). */
export function tarOf(entries: Record<string, string | null>): Readable {
  const tar = pack()
  for (const [name, text] of Object.entries(entries)) {
    if (text === null) tar.entry({ name, type: 'directory', mode: 0o755 })
    else tar.entry({ name, mode: 0o644 }, text)
  }
  tar.finalize()
  return Readable.from(tar)
}

/** A tar with entries as they are given. */
export function rawTar(entries: [Partial<Header> & { name: string }, string][]): Readable {
  const tar = pack()
  for (const [headers, text] of entries) tar.entry(headers, text)
  tar.finalize()
  return Readable.from(tar)
}

/** All that is in a stream. */
export async function bytes(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Names in a tar.gz. */
export function listing(archive: Buffer): Promise<string> {
  const child = spawn('tar', ['-tvzf', '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(archive)
  return bytes(child.stdout).then(String)
}
