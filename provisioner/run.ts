// Runs one external command, given as argv by commands/*.ts. Called by recipes and whatever else acts on the host.
import { AubergeError } from '../wire/error.ts'
import { spawned } from './spawn.ts'

export type Argv = readonly string[]
export type RunOptions = { input?: string; env?: Record<string, string>; stdio?: [stdout: number, stderr: number]; timeout?: number; ok?: readonly number[] }

/** What programs of ours see of the environment: never what the provisioner was started with. */
export const CLEAN = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

/**
 * Runs a command to its end and resolves with its standard output, less a newline at its end. Not a shell; killed after `timeout` milliseconds (60 s).
 * A status other than 0 (or those in `ok`) throws `failed` with the command and what it said.
 */
export async function run(argv: Argv, { ok = [], timeout = 60_000, env, ...options }: RunOptions = {}): Promise<string> {
  const { ending, stdout, stderr } = await spawned(argv, { ...options, timeout, env: { ...CLEAN, ...env } }).catch(cause => unstarted(argv, cause as Error))
  if ('code' in ending && [0, ...ok].includes(ending.code)) return stdout.replace(/\n$/, '')
  const end = 'code' in ending ? `exit ${ending.code}` : ending.signal
  const text = (stderr || stdout).trim().slice(-2000)
  throw new AubergeError('failed', `${argv.join(' ')}: ${end}${text ? `: ${text}` : ''}`)
}

function unstarted(argv: Argv, cause: Error): never {
  throw new AubergeError('failed', `${argv.join(' ')}: not started: ${cause.message}`, { cause })
}

/** As `run`, but resolves with whether the command succeeded. */
export async function succeeds(argv: Argv, options: RunOptions = {}): Promise<boolean> {
  return run(argv, options).then(() => true, () => false)
}
