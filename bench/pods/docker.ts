// Docker as a peer: a dockerd of its own with the root file system our pods run on, on a bridge of its own; gone when it is closed.
// Used by bench/create.ts and density.ts. Needs Debian's docker.io, which must not be running as a service for it.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Agent, request } from 'undici'
import { ensureImage } from '../../provisioner/images/build.ts'

const exec = promisify(execFile)
const BRIDGE = 'bench-docker'
const GATEWAY = '10.214.0.1/24'
const IMAGE = 'bench'
/** What of the root file system is writable in our pods, too. */
const WRITABLE = ['/tmp', '/run', '/var/log'].flatMap(path => ['--tmpfs', path])
const DEADLINE = 60_000

/** Whether there is a Docker to compare with. */
export const installed = (): boolean => existsSync('/usr/sbin/dockerd')

export class Docker {
  readonly dir: string
  readonly daemon: ChildProcess
  readonly #agent = new Agent({ connect: { timeout: 500 } })

  private constructor(dir: string, daemon: ChildProcess) {
    this.dir = dir
    this.daemon = daemon
  }

  static async open(): Promise<Docker> {
    const dir = await mkdtemp(`${tmpdir()}/docker-`)
    await exec('ip', ['link', 'add', BRIDGE, 'type', 'bridge'])
    await exec('ip', ['address', 'add', GATEWAY, 'dev', BRIDGE])
    await exec('ip', ['link', 'set', BRIDGE, 'up'])
    const docker = new Docker(dir, spawn('dockerd', daemonArguments(dir), { stdio: 'ignore' }))
    try {
      await docker.#answering()
      await docker.#import()
    } catch (error) {
      await docker.close()
      throw error
    }
    return docker
  }

  /** Starts a container with an index.php of its own; resolves with its address. */
  async run(name: string): Promise<string> {
    await mkdir(`${this.dir}/www/${name}/html`, { recursive: true })
    await writeFile(`${this.dir}/www/${name}/html/index.php`, '<?php echo "a page";')
    await this.#docker('run', '--detach', '--name', name, '--read-only', ...WRITABLE, '--volume', `${this.dir}/www/${name}:/var/www`, IMAGE)
    return (await this.#docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name)).trim()
  }

  stop(name: string): Promise<string> { return this.#docker('stop', '--time', '2', name) }

  /** Asks for the page until it is there. */
  async page(address: string): Promise<void> {
    for (const deadline = Date.now() + DEADLINE; Date.now() < deadline; await pause(2)) {
      const answer = await request(`http://${address}/`, { dispatcher: this.#agent }).catch(() => null)
      if (answer !== null && await answer.body.text() === 'a page') return
    }
    throw new Error(`the container at ${address} does not answer`)
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
    const ended = once(this.daemon, 'exit')
    const names = (await this.#docker('ps', '--all', '--quiet').catch(() => '')).split('\n').filter(Boolean)
    if (names.length > 0) await this.#docker('rm', '--force', ...names)
    this.daemon.kill('SIGTERM')
    if (this.daemon.exitCode === null) await ended
    await exec('ip', ['link', 'delete', BRIDGE])
    await rm(this.dir, { recursive: true, force: true })
  }

  async #docker(...args: string[]): Promise<string> {
    return (await exec('docker', ['--host', `unix://${this.dir}/docker.sock`, ...args])).stdout
  }

  async #answering(): Promise<void> {
    for (const deadline = Date.now() + DEADLINE; Date.now() < deadline; await pause(100)) {
      if (this.daemon.exitCode !== null) throw new Error(`dockerd ended with ${this.daemon.exitCode}`)
      if (await this.#docker('info').then(() => true, () => false)) return
    }
    throw new Error('dockerd does not answer')
  }

  /** The root file system of our image php, with the same command. */
  async #import(): Promise<void> {
    const { rootfs, config: { config } } = await ensureImage('php', () => {})
    const file = `${this.dir}/rootfs.tar`
    await exec('tar', ['--directory', rootfs, '--create', '--file', file, '.'])
    const changes = [...config.Env.map(each => `ENV ${each}`), `ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`, `WORKDIR ${config.WorkingDir}`]
    await this.#docker('import', ...changes.flatMap(change => ['--change', change]), file, IMAGE)
    await rm(file)
  }
}

function daemonArguments(dir: string): string[] {
  return [
    '--host', `unix://${dir}/docker.sock`, '--data-root', `${dir}/data`, '--exec-root', `${dir}/run`, '--pidfile', `${dir}/pid`,
    '--bridge', BRIDGE, '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--log-level', 'error',
  ]
}
