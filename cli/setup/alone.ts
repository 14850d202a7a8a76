// One set-up at a time on a machine: a lock for as long as something is installed. Called through step.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { AubergeError } from '../../wire/error.ts'

const LOCK = '/run/lock/auberge-setup.lock'

/** Runs `act` while no other set-up runs; waits for the other, half an hour at most. The lock belongs to the open file (flock(2)). */
export async function alone<T>(act: () => Promise<T>): Promise<T> {
  const fd = openSync(LOCK, 'a', 0o600)
  try {
    const flock = spawn('flock', ['--timeout', '1800', '3'], { stdio: ['ignore', 'ignore', 'inherit', fd] })
    const [code] = await once(flock, 'exit')
    if (code !== 0) throw new AubergeError('conflict', 'another set-up of Auberge has been running for half an hour; end it and start again')
    return await act()
  } finally {
    closeSync(fd)
  }
}
