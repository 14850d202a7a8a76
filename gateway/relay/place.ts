// What a visitor's connection needs around it, whichever HTTP it speaks, and what the relay needs of it. Made by relay.ts.
import type { Clock, Timed } from './clock.ts'
import type { Host } from './exchange.ts'
import type { Settings } from './settings.ts'

/** Whoever serves one visitor's connection: an HTTP/1.1 visitor or an HTTP/2 session. */
export interface Guest extends Timed {
  /** The relay is leaving: what is idle ends, what is under way is the last. */
  retire(): void
  /** Ends it at once, whatever is under way. */
  destroy(): void
}

/** `gone` is called once, when nothing of the connection is left. */
export type Place = { host: Host; clock: Clock; settings: Settings; gone: (guest: Guest) => void; readonly leaving: boolean }
