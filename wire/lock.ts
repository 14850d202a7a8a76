// Two locks on a data directory. Taken by the supervisor, and by a restore of the whole house, before anything else is touched.
// `house` is held by whichever it is: a second house is refused. `family` is held by its children too, through a descriptor each inherits:
// after a supervisor's sudden death the next one waits until the last of them has left and can no longer remove its successor's sockets.
import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { AubergeError } from './error.ts'

/** Children leave within 10 s of their supervisor's death. */
const PATIENCE = '12'

/**
 * Takes both locks for as long as this process lives; returns the descriptor children must inherit.
 * `conflict` where another house uses the directory, or the processes of a dead one won't leave.
 */
export function lockData(data: string): number {
  const house = openSync(`${data}/house.lock`, 'a', 0o600)
  if (!flock(house, ['--nonblock'])) throw new AubergeError('conflict', `another Auberge uses ${data}; stop it, or choose another directory with --data`)
  const family = openSync(`${data}/family.lock`, 'a', 0o600)
  if (!flock(family, ['--timeout', PATIENCE])) throw new AubergeError('conflict', `processes of an earlier Auberge still use ${data}; end them and start again`)
  return family
}

/** The lock belongs to the open file, which this process shares with flock(1) and keeps when that is gone (flock(2)). */
function flock(fd: number, how: string[]): boolean {
  const { status, error } = spawnSync('flock', [...how, '3'], { stdio: ['ignore', 'ignore', 'inherit', fd] })
  if (error) throw new AubergeError('failed', `flock can't be run (${error.message}); install util-linux`)
  return status === 0
}
