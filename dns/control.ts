// The line to control: takes the zone and its changes, says when they are applied, comes back when control does. Called by main.ts.
import { connect, type Socket } from 'node:net'
import type { FromDns, ToDns } from '../registry/types.ts'
import { readLines, writeLine } from '../wire/lines.ts'

/** Milliseconds before the next try; doubles up to the last while control is away. Below what control waits for us before it acknowledges a name. */
const FIRST = 50
const LAST = 250

/**
 * Keeps connected to control's zone socket at `path` until `signal` aborts. `apply` is called for one message after another and tells
 * whether it could be; if not, the connection is made anew, which brings the whole zone.
 */
export function follow(path: string, apply: (message: ToDns) => Promise<boolean>, signal: AbortSignal): void {
  let wait = FIRST
  let socket: Socket | null = null
  let applying = Promise.resolve()
  const attempt = (): void => {
    if (signal.aborted) return
    const line = socket = connect(path)
    readLines<ToDns>(line, message => { applying = applying.then(async () => { if (await take(line, message, apply)) wait = FIRST }) })
    line.on('error', () => undefined)
    line.on('close', () => { setTimeout(attempt, wait).unref(); wait = Math.min(LAST, 2 * wait) })
  }
  signal.addEventListener('abort', () => socket?.destroy(), { once: true })
  attempt()
}

/** Whether the message could be applied; control is told. */
async function take(line: Socket, message: ToDns, apply: (message: ToDns) => Promise<boolean>): Promise<boolean> {
  if (line.destroyed) return false
  const done = await apply(message)
  const applied: FromDns = { type: 'applied', serial: message.serial }
  if (done) writeLine(line, applied)
  else line.destroy()
  return done
}
