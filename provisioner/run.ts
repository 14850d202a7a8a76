// Runs one external command, given as argv by commands/*.ts. Called by recipes and whatever else acts on the host.
import { execa, type Options } from 'execa'
import { AubergeError } from '../wire/error.ts'

export type Argv = readonly string[]
export type RunOptions = { input?: string; env?: Record<string, string>; stdio?: [stdout: number, stderr: number]; timeout?: number; ok?: readonly number[] }

/** What programs of ours see of the environment: never what the provisioner was started with. */
export const CLEAN = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

/**
 * Runs a command to its end and resolves with its standard output. Not a shell; killed after `timeout` milliseconds (60 s).
 * A status other than 0 (or those in `ok`) throws `failed` with the command and what it said.
 */
export async function run(argv: Argv, options: RunOptions = {}): Promise<string> {
  const [file = '', ...args] = argv
  const result = await execa(file, args, settings(options))
  const passed = result.exitCode !== undefined && [0, ...(options.ok ?? [])].includes(result.exitCode)
  if (!passed) throw new AubergeError('failed', said(argv, result))
  return typeof result.stdout === 'string' ? result.stdout : ''
}

function settings({ input, stdio, env, timeout = 60_000 }: RunOptions) {
  const [stdout, stderr] = stdio ?? ['pipe', 'pipe']
  return {
    reject: false, extendEnv: false, env: { ...CLEAN, ...env }, timeout, killSignal: 'SIGKILL', maxBuffer: 64 * 2 ** 20, encoding: 'utf8',
    ...(input === undefined ? { stdin: 'ignore' } : { input }), stdout: stdout as 'pipe', stderr: stderr as 'pipe',
  } satisfies Options
}

/** As `run`, but resolves with whether the command succeeded. */
export async function succeeds(argv: Argv, options: RunOptions = {}): Promise<boolean> {
  return run(argv, options).then(() => true, () => false)
}

type Ended = { exitCode?: number; signal?: string; stderr?: unknown; stdout?: unknown; timedOut: boolean; originalMessage?: string }

function said(argv: Argv, result: Ended): string {
  const end = result.timedOut ? 'timed out' : result.exitCode !== undefined ? `exit ${result.exitCode}` : result.signal ?? result.originalMessage ?? 'not started'
  const text = String(result.stderr || result.stdout || '').trim().slice(-2000)
  return `${argv.join(' ')}: ${end}${text ? `: ${text}` : ''}`
}
