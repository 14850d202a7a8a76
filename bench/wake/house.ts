// A whole house with one PHP site, as `auberge up` starts it, and ways to bring the site to each depth of sleep. Used by bench/wake.ts.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Pod } from '../../provisioner/api.ts'
import { provisionerClient } from '../../provisioner/client.ts'
import { retireHouse } from '../../provisioner/provision.ts'
import { places } from '../../wire/house.ts'
import { exec } from '../relay/rig.ts'
import { PAGE } from './page.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))
const SITE = 'bench'
/** Woken before a cold site is, for a provisioner that has only begun is slow at everything. */
const OTHER = 'other'
const WARMING = 4

export class House {
  readonly #child: ChildProcess
  readonly #data: string
  readonly port: number
  readonly host = `${SITE}.localhost`

  private constructor(child: ChildProcess, data: string, port: number) {
    this.#child = child
    this.#data = data
    this.port = port
  }

  /** In a data directory of its own, for control has to be let into it; the site's files come from `dir`. */
  static async open(dir: string): Promise<House> {
    const data = mkdtempSync(`${tmpdir()}/aub-`)
    const child = spawn(process.execPath, [LAUNCHER, 'up', '--json', '--data', data, '--http', '127.0.0.1:0', '--https', 'off', '--dns', 'off', '--idle', '3600'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const house = new House(child, data, await readyPort(child))
    mkdirSync(`${dir}/site`)
    writeFileSync(`${dir}/site/index.php`, PAGE)
    await house.#auberge('account', 'create', 'bench', '--password-stdin')
    for (const site of [OTHER, SITE]) await house.#auberge('site', 'create', site, '--owner', 'bench')
    await house.#auberge('site', 'deploy', SITE, `${dir}/site`)
    return house
  }

  async pod(): Promise<Pod> {
    const client = provisionerClient(places(this.#data).provisionerSocket)
    try {
      const pod = (await client.list()).find(({ name }) => name === SITE)
      if (!pod) throw new Error('the site has no pod')
      return pod
    } finally {
      client.close()
    }
  }

  /** `aubergeN-bench`, the name of its container, network namespace and bundle; the bundle's directory. */
  get container(): { id: string; instance: string; bundle: string } {
    const { number } = JSON.parse(readFileSync(`${this.#data}/pods/instance.json`, 'utf8')) as { number: number }
    const id = `auberge${number}-${SITE}`
    return { id, instance: `auberge${number}`, bundle: `/run/auberge/${number}/bundles/${id}` }
  }

  sleep = (tier: 'frozen' | 'asleep'): Promise<void> => this.#auberge('site', 'sleep', SITE, '--tier', tier)

  /** As after a boot: nothing of the pod is left but its files. A provisioner that starts anew clears away what is no whole pod. */
  async cold(): Promise<void> {
    await this.sleep('asleep')
    const { id, bundle } = this.container
    process.kill(Number(readFileSync(`${bundle}/pid`, 'utf8')), 'SIGKILL')
    process.kill(await this.#provisioner(), 'SIGKILL')
    while ((await this.pod()).tier !== 'cold' || existsSync(`/run/netns/${id}`)) await new Promise(resolve => setTimeout(resolve, 50))
    for (let times = 0; times < WARMING; times++) for (const verb of ['wake', 'sleep']) await this.#auberge('site', verb, OTHER)
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
    await retireHouse(this.#data)
    rmSync(this.#data, { recursive: true, force: true })
  }

  async #auberge(...words: string[]): Promise<void> {
    const done = exec(process.execPath, [LAUNCHER, ...words, '--data', this.#data])
    done.child.stdin?.end('seven wet umbrellas\n')
    await done
  }

  /** The launcher's child is the supervisor, the rest are its children. */
  async #provisioner(): Promise<number> {
    const { stdout } = await exec('ps', ['-eo', 'pid=,ppid=,args='])
    const all = stdout.split('\n').flatMap(line => { const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []; return pid ? [{ pid: Number(pid), parent: Number(parent), args: args ?? '' }] : [] })
    const supervisor = all.find(one => one.parent === this.#child.pid && one.args.includes('supervisor/main.ts'))
    const found = all.find(one => one.parent === supervisor?.pid && one.args.includes('provisioner/main.ts'))
    if (!found) throw new Error('the house has no provisioner')
    return found.pid
  }
}

async function readyPort(child: ChildProcess): Promise<number> {
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`the house ended with ${code} before it was ready`) })
  ended.catch(() => {})
  const ready = new Promise<number>(resolve => createInterface({ input: child.stdout as Readable }).on('line', line => {
    if (line.startsWith('{"event":"ready"')) resolve(Number((JSON.parse(line) as { http: string[] }).http[0]?.split(':').at(-1)))
  }))
  return Promise.race([ready, ended])
}
