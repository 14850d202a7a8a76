// The log: JSON lines by pino on standard error, one logger a process. Logged once, where an error is handled.
import { pino, type Logger } from 'pino'

export type { Logger }

/** A logger whose lines carry the process's name. Synchronous, so that nothing is lost when the process dies. */
export function logger(name: string): Logger {
  return pino({ name, base: { name } }, pino.destination({ dest: 2, sync: true }))
}
