// The supervisor, root: opens the sockets, starts every other process as its own user, starts again what dies. Reads nothing that comes from outside.
// `auberge up` becomes this program (cli/up.ts) with the same command line and environment.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { broughtNode } from '../bin/node24.mjs'
import { thisHost } from '../bin/host.mjs'
import { parse } from '../bin/parse.mjs'
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import { lockData } from '../wire/lock.ts'
import { once } from '../wire/once.ts'
import type { House } from '../wire/house.ts'
import { Child, type Witness } from './child.ts'
import { crew, dropped, environment, FILES, type Post } from './crew.ts'
import { readAcmeFiles } from './acme.ts'
import { readKeys } from './keys.ts'
import { clearSockets, layOut, refuseClosed, refuseUnfinished } from './layout.ts'
import { openSockets, type Sockets } from './sockets.ts'
import { asJson, firstLink, passOn, readable, readyLine, summary } from './speech.ts'

const program = new URL('..', import.meta.url).pathname.replace(/\/$/, '')
const asRoot = process.getuid?.() === 0
/** What all processes together get to leave in; milliseconds. */
const FAREWELL = 10_000

try {
  const request = parse(process.argv.slice(2), process.env, thisHost())
  if (request.kind !== 'up') throw new UsageError('the supervisor is started by auberge up')
  run(request.house)
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof AubergeError)) throw error
  process.stderr.write(`auberge: ${error.message}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}

function run(asked: House): void {
  refuseUnfinished(asked.data)
  if (asRoot) refuseClosed(asked.data)
  const keys = readKeys(asked.secondaries)
  const acme = readAcmeFiles(asked.acme)
  layOut(asked.data, { asRoot })
  const lock = lockData(asked.data)
  clearSockets(asked.data)
  const sockets = openSockets(asked)
  const children: Child[] = []
  const firstAdmin = randomBytes(32).toString('base64url')
  const witness = witnessOf(sockets.house, firstAdmin, () => children.every(child => child.state === 'ready'))
  const files = asRoot && allows(FILES) ? FILES : null
  children.push(...crew(sockets.house, sockets.fds, { keys, firstAdmin, acme }).map(post => hire(post, files, lock, witness)))
  const leave = once(() => farewell(children, sockets))
  process.on('SIGTERM', leave)
  process.on('SIGINT', leave)
  process.on('SIGHUP', leave)
  for (const child of children) child.start()
}

/** Whether a program may be started with so many files: not always root's to say, in a container. Relays then make do with what there is. */
function allows(files: number): boolean {
  return spawnSync('prlimit', [`--nofile=${files}:${files}`, 'true'], { stdio: 'ignore' }).status === 0
}

function hire(post: Post, files: number | null, lock: number, witness: Witness): Child {
  const argv = [...dropped(post.role, { asRoot, files }), node(), `${program}/${post.script}`]
  const umask = post.role === 'provisioner' ? 0o022 : 0o007
  return new Child({ post, argv, env: environment(post.role, process.env), umask, lock }, witness)
}

/** The Node beside the program, which the processes' users may execute wherever the program is installed; else the one that runs this. */
function node(): string {
  const own = broughtNode(program)
  return existsSync(own) ? own : process.execPath
}

function witnessOf(house: House, firstAdmin: string, allReady: () => boolean): Witness {
  let announced = false
  let needsAdmin = false
  return {
    ready(report) {
      needsAdmin ||= report.needsAdmin === true
      if (announced || !allReady()) return
      announced = true
      process.stdout.write(`${house.json ? readyLine(house) : summary(house)}\n`)
      if (needsAdmin) invite(house, firstLink(house, firstAdmin))
    },
    said: (name, stderr) => passOn(name, stderr, house.json),
    died(name, how, pause) {
      const line = JSON.stringify({ level: 40, time: Date.now(), name: 'supervisor', msg: `${name} ended (${how}); starting it again`, pause })
      process.stderr.write(`${house.json ? asJson('supervisor', line) : readable('supervisor', line)}\n`)
    },
  }
}

/** Tells whoever looks at the terminal how to become the administrator. */
function invite(house: House, link: string): void {
  if (link === '') return
  const line = JSON.stringify({ level: 30, time: Date.now(), name: 'supervisor', msg: `nobody is administrator yet: whoever opens this link first becomes one: ${link}` })
  if (house.json) process.stderr.write(`${line}\n`)
  else process.stdout.write(`\nNobody is administrator yet. Open this link to become one; it works once:\n  ${link}\n`)
}

/** Relays finish what is in flight first, as they need the others for it; then the rest. Pods are left as they are. */
async function farewell(children: Child[], sockets: Sockets): Promise<void> {
  setTimeout(() => {
    for (const child of children) child.kill()
    process.exit(0)
  }, FAREWELL)
  for (const child of children) child.retire()
  const relays = children.filter(child => child.role === 'relay')
  const others = children.filter(child => child.role !== 'relay')
  await Promise.all(relays.map(child => child.stop()))
  await Promise.all(others.map(child => child.stop()))
  for (const handle of sockets.handles) handle.close()
  process.exit(0)
}
