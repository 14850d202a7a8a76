// A whole house for tests: `auberge up` as a user starts it, in a data directory of its own with ports from the kernel; all gone afterwards.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { Agent, request } from 'undici'
import { retireHouse } from '../../provisioner/provision.ts'
import type { Cleaner } from './temporary.ts'

const launcher = fileURLToPath(new URL('../../bin/auberge.mjs', import.meta.url))

export type Ready = { event: 'ready'; zone: string; panel: string; http: string[]; https: string[]; dns: string[]; ssh: string[] }
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; text: string }
export type Asked = { method?: string; headers?: Record<string, string>; body?: string | Buffer }

export type TestHouse = {
  data: string
  ready: Ready
  /** Port of HTTP and of DNS on 127.0.0.1. */
  http: number
  /** 0 where HTTPS is off, as it is unless the test asks for it. */
  https: number
  dns: number
  /** A request to any host name through the front door. */
  visit(host: string, path?: string, asked?: Asked): Promise<Answer>
  /** What curl gets from a host by HTTPS, trusting the certificates in the file `ca` alone; throws where it trusts not. */
  visitTls(host: string, ca: string, path?: string): Promise<string>
  /** What `dig +short` prints for a name. */
  dig(name: string, type?: string): Promise<string>
  /** A command of `auberge`, the last word may be what its standard input brings. */
  auberge(...args: (string | { input: string })[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** The processes of the house by what they run: relay, control, dns, provisioner, supervisor. */
  pids(part: string): Promise<number[]>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
}

/** A data directory for houses, retired and removed after the test; several houses may live in it one after the other. */
export function dataFor(t: Cleaner): string {
  const data = mkdtempSync(`${tmpdir()}/aub-`)
  t.after(async () => {
    for (const stop of stops.get(t) ?? []) await stop()
    await retireHouse(data)
    rmSync(data, { recursive: true, force: true })
  })
  return data
}

/** Starts a house and resolves when it says that it is ready. It is stopped before its data directory is retired. In a network namespace of its own, `args` say its doors, and only who is there can visit. */
export async function startHouse(t: Cleaner, { data = dataFor(t), args = [] as string[], https = false, netns = null as string | null } = {}): Promise<TestHouse> {
  const doors = netns === null ? ['--http', '127.0.0.1:0', '--https', https ? '127.0.0.1:0' : 'off', '--dns', '127.0.0.1:0'] : []
  // Not ip netns exec, which would show the house a /sys without cgroups.
  const entering = netns === null ? [] : ['nsenter', `--net=/run/netns/${netns}`]
  const [file = '', ...argv] = [...entering, process.execPath, launcher, 'up', '--json', '--data', data, ...doors, ...args]
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => stopped(child)
  stops.set(t, [...(stops.get(t) ?? []), stop])
  const ready = await readiness(child)
  const port = (listens: string[]) => Number(listens[0]?.split(':').at(-1))
  const agent = new Agent({ connections: 256, pipelining: 1 })
  const http = port(ready.http)
  const dns = port(ready.dns)
  return {
    data, ready, http, dns, stop, https: https ? port(ready.https) : 0,
    visit: (host, path = '/', asked = {}) => visit(agent, http, host, path, asked),
    visitTls: (host, ca, path = '/') => visitTls(port(ready.https), host, ca, path),
    dig: (name, type = 'A') => dig(dns, name, type),
    auberge: (...args) => auberge(data, args, entering),
    pids: part => pidsOf(data, child, part),
  }
}

/** What is to be stopped before a test's data directories are retired: node:test runs `after` hooks in the order they were registered. */
const stops = new WeakMap<Cleaner, (() => Promise<unknown>)[]>()

async function readiness(child: ChildProcess): Promise<Ready> {
  let errors = ''
  child.stderr?.on('data', chunk => { errors = (errors + String(chunk)).slice(-4000) })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`the house ended with ${code} before it was ready:\n${errors}`) })
  ended.catch(() => {})
  const ready = new Promise<Ready>(resolve => lines.on('line', line => {
    if (line.startsWith('{"event":"ready"')) resolve(JSON.parse(line) as Ready)
  }))
  return Promise.race([ready, ended])
}

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

async function visit(agent: Agent, port: number, host: string, path: string, { method = 'GET', headers = {}, body }: Asked): Promise<Answer> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent, method: method as 'GET', headers: { host, ...headers }, body: body ?? null })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

async function visitTls(port: number, host: string, ca: string, path: string): Promise<string> {
  const { stdout } = await execa('curl', ['--silent', '--show-error', '--fail', '--max-time', '40', '--noproxy', '*', '--cacert', ca, '--resolve', `${host}:${port}:127.0.0.1`, `https://${host}:${port}${path}`])
  return stdout
}

async function dig(port: number, name: string, type: string): Promise<string> {
  const { stdout } = await execa('dig', ['+short', '+time=2', '+tries=1', '-p', String(port), '@127.0.0.1', name, type])
  return stdout.trim()
}

async function auberge(data: string, words: (string | { input: string })[], entering: string[]) {
  const args = words.filter(word => typeof word === 'string')
  const given = words.find(word => typeof word !== 'string')
  const [file = '', ...argv] = [...entering, process.execPath, launcher]
  const cut = args.indexOf('--') === -1 ? args.length : args.indexOf('--')
  const { exitCode = 1, stdout, stderr } = await execa(file, [...argv, ...args.slice(0, cut), '--data', data, ...args.slice(cut)], { reject: false, ...(given ?? { stdin: 'ignore' as const }) })
  return { code: exitCode, stdout: String(stdout), stderr: String(stderr) }
}

/** The house's processes: the launcher's child is the supervisor, the rest are its children. */
/** The processes of a launched house by what they run. */
export async function pidsOf(data: string, launched: ChildProcess, part: string): Promise<number[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,ppid=,args='])
  const all = stdout.split('\n').map(line => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter(match => match !== null)
  const supervisor = all.find(([, , parent, args]) => Number(parent) === launched.pid && args?.includes('supervisor/main.ts'))
  if (!supervisor) throw new Error(`no supervisor runs for ${data}`)
  if (part === 'supervisor') return [Number(supervisor[1])]
  const found = all.filter(([, , parent, args]) => parent === supervisor[1] && args?.includes(`/${part}/main.ts`))
  return found.map(([, pid]) => Number(pid))
}
