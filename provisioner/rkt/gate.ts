// The process of a pod that is ready to start: it waits at a pipe and becomes rkt, waits at another while its network is guarded, and becomes systemd-nspawn;
// its pid stays. Called by runtime/rkt.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import * as commands from '../commands/rkt.ts'
import { CLEAN, run } from '../run.ts'

/** What rkt sees of the environment. Without a bus it registers the pod nowhere: its control group is ours. */
const environment = (programs: string, guarded: string) =>
  ({ ...CLEAN, PATH: `${programs}:${CLEAN.PATH}`, DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent', AUBERGE_GUARDED: guarded })

/** What it waits for: to be started, and that its network is guarded (nspawn.sh). */
export type Gate = 'start' | 'guarded'
const pipe = (bundle: string, gate: Gate) => `${bundle}/${gate}`
const complaints = (bundle: string) => `${bundle}/runtime.log`

/**
 * Starts the process that waits and resolves with its pid once it has put itself into its cgroup, by `doors`: what ends the pod looks for it there, and would miss
 * one on its way. It is in a session of its own and outlives us. `programs`: a directory that comes first on its PATH.
 * What the pod writes to its console goes nowhere, for it could fill a file.
 */
export async function openGate(bundle: string, doors: readonly string[], command: readonly string[], programs: string): Promise<number> {
  for (const gate of ['start', 'guarded'] as const) await run(commands.makePipe(pipe(bundle, gate)))
  const [file = '', ...args] = commands.gated(pipe(bundle, 'start'), doors, command)
  const said = await open(complaints(bundle), 'w', 0o600)
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'ignore', said.fd, 'pipe'], env: environment(programs, pipe(bundle, 'guarded')), cwd: '/' })
    await once(child, 'spawn')
    child.unref()
    await once((child.stdio[3] as Readable).resume(), 'close')
    return child.pid!
  } finally {
    await said.close()
  }
}

/** Lets it go on. False while it isn't at that gate: it may not have come there yet. */
export async function passGate(bundle: string, gate: Gate): Promise<boolean> {
  const waiting = await open(pipe(bundle, gate), constants.O_WRONLY | constants.O_NONBLOCK).catch(() => null)
  await waiting?.write('\n').finally(() => waiting.close())
  return waiting !== null
}

/** What rkt and systemd-nspawn said of the pod. */
export async function complaint(bundle: string): Promise<string> {
  return (await readFile(complaints(bundle), 'utf8').catch(() => '')).trim().slice(-2000)
}
