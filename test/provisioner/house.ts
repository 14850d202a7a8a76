// Houses of their own for tests of the provisioner: a data directory, an instance of the machine, a provisioner; all gone afterwards.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import type { SiteSpec } from '../../provisioner/api.ts'
import { provisionerClient } from '../../provisioner/client.ts'
import { ensureImage } from '../../provisioner/images/build.ts'
import { open, retireHouse, type Provisioning } from '../../provisioner/provision.ts'
import { run, succeeds } from '../../provisioner/run.ts'
import { until } from '../helpers/patience.ts'
import { mounted } from '../../provisioner/volume.ts'
import { logger } from '../../wire/log.ts'
import { places } from '../../wire/house.ts'

export const RUNTIMES = ['crun', 'runc'] as const
export type RuntimeName = (typeof RUNTIMES)[number] | 'rkt'

const log = logger('test')
log.level = 'fatal'

export const spec = (change: Partial<SiteSpec['limits']> = {}, env: Record<string, string> = {}): SiteSpec => ({
  image: 'php', limits: { memory: 256 * 2 ** 20, cpu: 1, disk: 64 * 2 ** 20, pids: 128, database: 64 * 2 ** 20, ...change }, env, php: {}, start: null, egress: 'internet', database: null, exposed: null,
})

/** What is to be closed before a test's house is removed: hooks run in the order they were registered. */
const closers = new WeakMap<TestContext, (() => Promise<unknown>)[]>()
const closing = (t: TestContext, close: () => Promise<unknown>) => closers.get(t)?.unshift(close)

/** A data directory whose house is removed from the host after the test. */
export async function dataDirectory(t: TestContext): Promise<string> {
  await ensureImage('php', () => {})
  const data = mkdtempSync(`${tmpdir()}/aub-`)
  if (!closers.has(t)) closers.set(t, [])
  t.after(async () => {
    for (const close of closers.get(t) ?? []) await close()
    await retireHouse(data)
    // A loop device lets go of its file a moment after its last use.
    await until('the data directory is unmounted', async () => !mounted(data) || (await succeeds(['umount', data])))
    rmSync(data, { recursive: true, force: true })
  })
  return data
}

/** A provisioner in this process, with its client. */
export async function house(t: TestContext, runtime: RuntimeName = 'crun', data?: string, images?: string) {
  const directory = data ?? (await dataDirectory(t))
  const provisioning: Provisioning = await open({ data: directory, runtime }, log, images)
  const client = provisionerClient(places(directory).provisionerSocket)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    client.close()
    await provisioning.close()
  }
  closing(t, close)
  return { data: directory, host: provisioning.host, client, close }
}

/** A provisioner in a process of its own, as the supervisor starts it. */
export async function provisioner(t: TestContext, data: string, runtime: RuntimeName = 'crun'): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../../provisioner/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => {})
  closing(t, () => killed(child))
  child.stdin.write(`${JSON.stringify({ house: { data, runtime }, index: 0, fds: { http: [], https: [], dnsUdp: [], dnsTcp: [] } })}\n`)
  await once(child.stdout, 'data')
  return child
}

/** kill -9, and its end. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

export async function page(address: string, path = '/', port = 80): Promise<{ status: number; text: string }> {
  const host = address.includes(':') ? `[${address}]` : address
  const { statusCode, body } = await request(`http://${host}:${port}${path}`, { reset: true })
  return { status: statusCode, text: await body.text() }
}

/** Everything on this host that bears an instance's name or is below its data directory, but for the database server: that is the house's, and stays while it runs. */
export async function traces(instance: string, data: string): Promise<string[]> {
  const texts = await Promise.all([
    run(['ip', '-oneline', 'link', 'show', 'master', instance]), run(['ip', 'netns', 'list']), run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE']),
    run(['findmnt', '--list', '--noheadings', '--output', 'TARGET']), run(['find', '/sys/fs/cgroup', '-mindepth', '2', '-type', 'd', '-path', `*/${instance}/*`]),
    run(['ip', 'neighbour', 'show', 'dev', instance, 'nud', 'permanent']), run(['find', `${data}/pods`, '-mindepth', '1', '-not', '-name', '.*', '-not', '-path', '*/.cni*', '-not', '-name', 'instance.json']),
    run(['find', `${data}/pods/.cni`, '-regex', '.*/[0-9a-f]+[.:][0-9a-f.:]+']).catch(() => ''), run(['find', `/run/auberge/${instance.replace('auberge', '')}`, '-mindepth', '2']),
    run(['nft', 'list', 'table', 'bridge', instance]).then(text => text.split('\n').filter(line => line.includes('elements')).join('\n')),
  ])
  const [links, netns, loops, mounts, ...rest] = texts.map(text => text.split('\n').filter(Boolean)) as [string[], string[], string[], string[], ...string[][]]
  const all = [...links, ...netns.filter(line => line.startsWith(`${instance}-`)), ...loops.filter(line => line.startsWith(data)), ...mounts.filter(line => line.startsWith(`${data}/`)), ...rest.flat()]
  return all.filter(line => !/_database|\/database\.json$|\/empty$/.test(line))
}
