// Where the program runs from. The unprivileged processes must be able to read it: in place where they can, else from a copy
// below /usr/local/lib/auberge that only root can change. Called by cli/up.ts and, as a step, by set-up.
import { broughtNode } from '../../bin/node24.mjs'
import { execa } from 'execa'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AubergeError } from '../../wire/error.ts'
import type { Say } from '../progress.ts'
import type { Step } from './step.ts'

export const INSTALLED = '/usr/local/lib/auberge'
const PARTS = ['bin', 'cli', 'dns', 'gateway', 'provisioner', 'registry', 'supervisor', 'wire', 'package.json', 'package-lock.json']
/** Copies kept besides those that processes run from: to go back to. */
const KEPT = 3

/** The directory to run from: the clone itself if everybody may read it, else its copy (which `install` makes). */
export function programOf(clone: string, installed = INSTALLED): string {
  return readableByAll(clone) ? clone : join(installed, versionOf(clone))
}

/** A step that makes the copy where one is needed. */
export function program(clone: string, installed = INSTALLED): Step {
  const target = () => programOf(clone, installed)
  return {
    name: 'program',
    check: async () => (existsSync(target()) ? null : `${target()} is not there; run auberge setup`),
    mend: say => install(clone, target(), say),
  }
}

/** Whether a user without any rights could enter each directory on the way and read the program. */
function readableByAll(clone: string): boolean {
  const ways = ancestors(clone)
  const inside = ['.', ...PARTS, 'node_modules', 'node_modules/undici', broughtNode('')].map(part => join(clone, part))
  const main = join(clone, 'gateway/control/main.ts')
  return ways.every(path => mode(path) & 0o001) && [...inside, main].every(path => !existsSync(path) || mode(path) & 0o004)
}

function ancestors(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...ancestors(dirname(path))]
}

function mode(path: string): number {
  return statSync(path).mode
}

/** VERSION-HASH: the hash covers every file of the program, and the lock file for what npm brought. */
function versionOf(clone: string): string {
  const { version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { version: string }
  const hash = createHash('sha256')
  for (const file of filesOf(clone)) hash.update(`${file}\0`).update(readFileSync(join(clone, file)))
  return `${version}-${hash.digest('hex').slice(0, 12)}`
}

function filesOf(clone: string): string[] {
  const entries = globSync(PARTS.flatMap(part => (part.includes('.') ? [part] : [`${part}/**`])), { cwd: clone })
  return entries.filter(entry => statSync(join(clone, entry)).isFile()).sort()
}

/** Copied to a name of its own, then renamed: a copy that is there is whole. */
async function install(clone: string, target: string, say: Say): Promise<void> {
  say(`Installing the program at ${target}`)
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  const unfinished = `${target}.${process.pid}.part`
  try {
    mkdirSync(unfinished, { mode: 0o755 })
    await copy(clone, unfinished)
    renameSync(unfinished, target)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  prune(dirname(target))
}

async function copy(clone: string, to: string): Promise<void> {
  const there = [...PARTS, ...productionPackages(clone)].filter(part => existsSync(join(clone, part)))
  await run('cp', ['--recursive', '--no-dereference', '--reflink=auto', '--parents', '--', ...there, to], clone)
  await run('chown', ['--recursive', '--no-dereference', 'root:root', to], clone)
  await run('chmod', ['--recursive', 'u=rwX,go=rX', to], clone)
}

/** The packages at the top of node_modules that aren't for development only; what is nested comes with them. */
function productionPackages(clone: string): string[] {
  const lock = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean }> }
  const names = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.dev && path.lastIndexOf('node_modules/') === 0)
  return names.map(([path]) => path)
}

async function run(file: string, argv: string[], cwd: string): Promise<void> {
  const { failed, stderr, shortMessage } = await execa(file, argv, { cwd, reject: false })
  if (failed) throw new AubergeError('failed', `installing the program failed: ${stderr.trim() || shortMessage}; is the disk full?`)
}

function prune(installed: string): void {
  const copies = readdirSync(installed).filter(name => !name.endsWith('.part')).map(name => join(installed, name))
  const newestFirst = copies.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  const used = programsRunning()
  for (const old of newestFirst.slice(KEPT)) if (!used.some(path => path.startsWith(`${old}/`))) rmSync(old, { recursive: true, force: true })
}

/** The executable of every process: houses run the Node of their own copy (proc(5)). */
function programsRunning(): string[] {
  return readdirSync('/proc').filter(name => /^[0-9]+$/.test(name)).map(pid => executableOf(pid))
}

function executableOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return ''
  }
}
