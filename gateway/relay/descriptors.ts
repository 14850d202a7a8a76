// Fits the relay's bounds to how many files the kernel lets it have open, so that it refuses visitors in words before the kernel does. Called by main.ts.
import { readFile } from 'node:fs/promises'
import type { Settings } from './settings.ts'

/** For what isn't a connection: Node's own, listening sockets, logs, the link to control. */
const SPARE = 256
/** Of the rest: visitors' part. Not each of their connections has one to an upstream at the same time. */
const VISITORS = 0.6

/** How many files this process may have open. Node has raised its limit to the hard one by itself. */
export async function openFiles(): Promise<number> {
  return limitOf(await readFile('/proc/self/limits', 'utf8'))
}

/** The soft limit in the text of /proc/PID/limits; Infinity where there is none. */
export function limitOf(text: string): number {
  const [, soft = ''] = /^Max open files +(\d+|unlimited) /m.exec(text) ?? []
  return soft === '' || soft === 'unlimited' ? Infinity : Number(soft)
}

/** The bounds that fit, or null where those of `settings` do. */
export function fitted(limit: number, { connections, upstreams }: Pick<Settings, 'connections' | 'upstreams'>): Pick<Settings, 'connections' | 'upstreams'> | null {
  if (connections + upstreams + SPARE <= limit) return null
  const free = Math.max(limit - SPARE, limit >> 1)
  return { connections: Math.min(connections, Math.floor(free * VISITORS)), upstreams: Math.min(upstreams, Math.floor(free * (1 - VISITORS))) }
}
