// What the benchmarks of the relay share: starting programs, their CPU and memory, and load from wrk. Used by bench/relay.ts and its siblings.
import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Contestant } from './contestants.ts'

export const exec = promisify(execFile)
const TICKS = 100

/** A contestant that runs: its processes (more than one only for two workers). */
export type Running = { name: string; port: number; children: ChildProcess[] }

/** A directory and what runs in it; `close` ends all of it. */
export class Rig {
  readonly dir: string
  private readonly children: ChildProcess[] = []

  private constructor(dir: string) { this.dir = dir }

  static async open(): Promise<Rig> { return new Rig(await mkdtemp(join(tmpdir(), 'auberge-bench-'))) }

  /** Starts a program in the foreground with room for many descriptors, and waits until it accepts on `port` (0: doesn't wait). */
  async start(command: string[], port: number, stdio: StdioOptions = ['ignore', 'ignore', 'inherit']): Promise<ChildProcess> {
    const [file = ''] = command
    const child = spawn('/bin/sh', ['-c', 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', ...command], { stdio, env: { ...process.env, XDG_CONFIG_HOME: this.dir, XDG_DATA_HOME: this.dir } })
    this.children.push(child)
    const failed = new Promise<never>((_, reject) => child.once('exit', code => reject(new Error(`${file} ended with ${code}`))))
    failed.catch(() => {})
    if (port !== 0) await Promise.race([listening(port), failed])
    return child
  }

  /** Starts those contestants that are installed. */
  async field(contestants: Contestant[], first: number, backend: number): Promise<Running[]> {
    const field: Running[] = []
    for (const [i, contestant] of contestants.entries()) {
      const port = first + i
      const command = await contestant.command(this.dir, port, backend)
      if (existsSync(command[0] ?? '')) field.push({ name: contestant.name, port, children: [await this.start(command, port)] })
    }
    return field
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL')
    await rm(this.dir, { recursive: true, force: true })
  }
}

/** Each round in another order. */
export async function inTurn<T>(field: T[], rounds: number, each: (one: T, round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < field.length; i++) {
      const one = field[(i + round) % field.length]
      if (one !== undefined) await each(one, round)
    }
  }
}

/** User and system CPU of processes so far, microseconds (proc(5), stat fields 14 and 15). */
export async function cpuOf(children: ChildProcess[]): Promise<number> {
  let sum = 0
  for (const child of children) {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    sum += (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS)
  }
  return sum
}

/** Resident memory of a process, bytes. */
export async function memoryOf(child: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+([0-9]+)/.exec(status)?.[1]) * 1024
}

export type Load = { requests: number; seconds: number }

export async function wrk(url: string, seconds: number, headers: string[] = [], connections = 64): Promise<Load> {
  const fields = ['Host: bench.test', 'User-Agent: wrk', 'Accept: */*', ...headers].flatMap(field => ['-H', field])
  const { stdout } = await exec('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, ...fields, url])
  const match = /([0-9]+) requests in ([0-9.]+)s/.exec(stdout)
  if (match === null || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk reports: ${stdout}`)
  return { requests: Number(match[1]), seconds: Number(match[2]) }
}

/** The value of a flag such as `--rounds=3`. */
export function flag(flags: string[], name: string): string | undefined {
  return flags.find(each => each.startsWith(`--${name}=`))?.slice(name.length + 3)
}

export const pause = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

async function listening(port: number): Promise<void> {
  for (;;) {
    const answered = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) })
      socket.on('error', () => resolve(false))
    })
    if (answered) return
    await pause(20)
  }
}
