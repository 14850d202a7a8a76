// The same pod by other means: the runtime's `run` by hand, Docker and Podman, each as an administrator would, with a poll for its page. Used by bench/wake.ts.
// Docker's daemon is started for the time of the benchmark alone, with directories and a bridge of its own.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import * as oci from '../../provisioner/commands/oci.ts'
import { cgroups } from '../../provisioner/cgroup.ts'
import { newest, type Image } from '../../provisioner/images/store.ts'
import { exec, type Rig } from '../relay/rig.ts'
import { installed } from '../pods/docker.ts'
import type { House } from './house.ts'
import { PAGE, polled, type Target } from './page.ts'

/** One way to have the page: what it takes to start it and get the page, in milliseconds, and to end it again. */
export type Peer = { name: string; wake(): Promise<number>; end(): Promise<unknown>; close(): Promise<unknown> }

const BRIDGE = 'wakebench0'
/** The first that Docker gives, to its only container; the MAC follows from it. */
const ADDRESS = '10.251.77.2'
const MAC = '02:42:0a:fb:4d:02'
const TMPFS = ['/run', '/tmp', '/var/log'].flatMap(path => ['--tmpfs', path])

/** Those that work here; what doesn't is said on standard error. */
export async function peersFor(rig: Rig, house: House): Promise<Peer[]> {
  const image = newest('php')
  if (!image) throw new Error('there is no image php')
  mkdirSync(`${rig.dir}/www/html`, { recursive: true })
  writeFileSync(`${rig.dir}/www/html/index.php`, PAGE)
  const peers: Peer[] = []
  for (const make of [byHand, docker, podman]) {
    await make(rig, house, image).then(peer => peers.push(peer), (error: Error) => console.error(`bench: left out: ${error.message.slice(0, 500)}`))
  }
  return peers
}

/** `crun run` of our own bundle, in the site's network, while the site itself sleeps. On mixed cgroups through the same wrapper as ours. */
async function byHand(rig: Rig, house: House): Promise<Peer> {
  const { instance, bundle: ours } = house.container
  const bundle = `${rig.dir}/bundle`
  const cgroup = `/${instance}/bench/hand`
  const target = await podTarget(house)
  const tool = { program: 'crun', root: `${rig.dir}/crun`, mixed: cgroups().mixed }
  const copy = (): void => {
    cpSync(ours, bundle, { recursive: true })
    const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as { linux: { cgroupsPath: string } }
    config.linux.cgroupsPath = cgroup
    writeFileSync(`${bundle}/config.json`, JSON.stringify(config))
  }
  const end = async (): Promise<void> => {
    await cgroups().kill(cgroup)
    await exec('crun', oci.remove(tool, 'hand').slice(1)).catch(() => {})
    await cgroups().remove(cgroup)
  }
  const wake = async (): Promise<number> => {
    copy()
    const [file = '', ...args] = oci.runForeground(tool, 'hand', bundle)
    const begun = performance.now()
    spawn(file, args, { stdio: 'ignore' })
    return polled(target, begun)
  }
  return { name: 'crun by hand', wake, end, close: end }
}

async function docker(rig: Rig, _house: House, { rootfs, config }: Image): Promise<Peer> {
  if (!installed()) throw new Error('Docker: there is no dockerd')
  const dir = `${rig.dir}/docker`
  const call = (...args: string[]) => exec('docker', ['--host', `unix://${dir}/sock`, ...args])
  await exec('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
  const close = async (): Promise<void> => {
    await call('rm', '--force', 'bench').catch(() => {})
    const ended = new Promise(resolve => { daemon.exitCode === null ? daemon.once('exit', resolve) : resolve(null) })
    daemon.kill('SIGTERM')
    await ended
    await exec('ip', ['link', 'delete', BRIDGE])
  }
  await exec('ip', ['address', 'add', '10.251.77.1/24', 'dev', BRIDGE])
  await exec('ip', ['link', 'set', BRIDGE, 'up'])
  mkdirSync(dir)
  const daemon = spawn('dockerd', ['--data-root', `${dir}/data`, '--exec-root', `${dir}/exec`, '--pidfile', `${dir}/pid`, '--host', `unix://${dir}/sock`, '--bridge', BRIDGE, '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--userland-proxy=false'], { stdio: 'ignore' })
  try {
    await settled(() => existsSync(`${dir}/sock`))
    const tar = spawn('tar', ['-C', rootfs, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const imported = spawn('docker', ['--host', `unix://${dir}/sock`, 'import', '-', 'bench'], { stdio: ['pipe', 'ignore', 'inherit'] })
    const done = new Promise(resolve => imported.once('exit', resolve))
    await pipeline(tar.stdout, imported.stdin)
    await done
    await call('create', '--name', 'bench', '--memory', '256m', '--read-only', ...TMPFS, ...envOf(config), '--volume', `${rig.dir}/www:/var/www`, 'bench', ...programOf(config))
    await call('start', 'bench')
    // As ours are known to the host: nobody has to be asked who has that address.
    await exec('ip', ['neighbour', 'replace', ADDRESS, 'lladdr', MAC, 'dev', BRIDGE, 'nud', 'permanent'])
    return startable('docker start', ['docker', '--host', `unix://${dir}/sock`], { address: ADDRESS, port: 80, host: 'bench' }, close)
  } catch (error) {
    await close()
    throw error
  }
}

/** In the site's network, since its own network plug-ins may not be there. */
async function podman(rig: Rig, house: House, { rootfs, config }: Image): Promise<Peer> {
  const dir = `${rig.dir}/podman`
  const program = ['podman', '--root', `${dir}/root`, '--runroot', `${dir}/run`, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none']
  const call = (...args: string[]) => exec('podman', [...program.slice(1), ...args])
  const close = () => call('rm', '--force', '--time', '0', 'bench').catch(() => {})
  await call('create', '--name', 'bench', '--network', `ns:/run/netns/${house.container.id}`, '--read-only', ...TMPFS, ...envOf(config), '--volume', `${rig.dir}/www:/var/www`, '--rootfs', rootfs, ...programOf(config))
  await call('start', 'bench').catch(async (error: unknown) => { await close(); throw error })
  return startable('podman start', program, await podTarget(house), close)
}

/** A container that was started once to see that it works. */
async function startable(name: string, program: string[], target: Target, close: () => Promise<unknown>): Promise<Peer> {
  const [file = '', ...options] = program
  const end = () => exec(file, [...options, 'stop', '--time', '0', 'bench'])
  await polled(target)
  await end()
  // Asked before its start returns, Docker's container asks for our address when nobody hears it yet, and again a second later.
  const wake = async (): Promise<number> => {
    const begun = performance.now()
    await exec(file, [...options, 'start', 'bench'])
    return polled(target, begun)
  }
  return { name, wake, end, close }
}

async function podTarget(house: House): Promise<Target> {
  const { ipv4: address, port } = await house.pod()
  return { address, port, host: house.host }
}

function envOf({ config: { Env } }: Image['config']): string[] {
  return Env.flatMap(entry => ['--env', entry])
}

function programOf({ config: { Entrypoint, Cmd } }: Image['config']): string[] {
  return [...Entrypoint, ...Cmd]
}

async function settled(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 300) throw new Error('dockerd did not start in 30 s')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
