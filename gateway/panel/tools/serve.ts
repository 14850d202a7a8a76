// Listens for sites' tools and takes their hosts away again when nobody uses them any more. Called by ../serve.ts.
import type { Server } from 'node:http'
import type { Parts } from '../parts.ts'
import { toolsDoor } from './door.ts'
import type { Passes } from './passes.ts'

/** Milliseconds between two looks at which hosts are still used. */
const SWEEP = 60_000

/** The hosts there are, for the sweep. */
export class Hosts {
  readonly #open = new Set<string>()
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Makes the host of a site's tools, where there is none. */
  async open(actor: Parameters<Parts['desk']['openTools']>[0], site: string): Promise<void> {
    await this.#parts.desk.openTools(actor, site)
    this.#open.add(site)
  }

  async sweep(used: Set<string>): Promise<void> {
    for (const site of this.#open) {
      if (used.has(site)) continue
      this.#open.delete(site)
      await this.#parts.desk.closeTools(site)
    }
  }
}

/** `listen` is given the server; `close` ends what is in flight. */
export function openTools(parts: Parts, passes: Passes, hosts: Hosts): { server: Server; close(): Promise<void> } {
  const server = toolsDoor(parts, passes)
  const sweep = (): void => void hosts.sweep(passes.sites()).catch((error: unknown) => { parts.log.error({ err: error }, 'the hosts of tools could not be swept') })
  const timer = setInterval(sweep, SWEEP)
  const close = async (): Promise<void> => {
    clearInterval(timer)
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { server, close }
}
