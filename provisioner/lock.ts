// A lock on this machine that ends with its holder, however that dies: flock(1), held by a child that lives on our pipe. Used by claim.ts and main.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { AubergeError } from '../wire/error.ts'

/** Waits for the lock, `seconds` at most, then `conflict`; resolves with what releases it. */
export async function lock(file: string, seconds = 60): Promise<() => Promise<void>> {
  const holder = spawn('flock', ['--exclusive', '--no-fork', '--wait', String(seconds), file, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  holder.stdin.on('error', () => {})
  holder.stdin.write('held\n')
  const exited = once(holder, 'exit')
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), exited.then(() => false)])
  if (!held) throw new AubergeError('conflict', `${file} is locked by another process of Auberge; wait until it has ended`)
  return async () => {
    holder.stdin.end()
    await exited
  }
}
