// Ends sites whose sockets hold too much of what the kernel has for those of the whole machine (tcp_mem). Started by provision.ts.
// cgroup v1 bounds it only once each socket has its first piece, of up to 64 KiB: of thousands of sockets the sum has no bound. Version 2 counts it as memory.
import { readFileSync } from 'node:fs'
import { SOCKET_MEMORY } from './confinement.ts'
import type { Host } from './host.ts'
import { siteCgroup } from './instance.ts'

const INTERVAL = 250
/** Bytes beyond which nobody comes without meaning to: a pod's own bound, and as much again for the first pieces and for commands beside it. */
const MOST = 2 * SOCKET_MEMORY
const PAGE = 4096

/** Sites that were ended and whose owners weren't told yet. */
const ended = new WeakMap<Host, Set<string>>()

/** Whether a site's processes were ended for what its sockets held; once for each time. */
export const endedForSockets = (host: Host, name: string): boolean => ended.get(host)?.delete(name) ?? false

export class Sockets {
  readonly #host: Host
  readonly #timer: NodeJS.Timeout | null
  #state: 'idle' | 'looking' = 'idle'

  constructor(host: Host) {
    this.#host = host
    ended.set(host, new Set())
    this.#timer = host.cgroups.version === 1 ? setInterval(() => this.#look(), INTERVAL) : null
  }

  close(): void { if (this.#timer) clearInterval(this.#timer) }

  /** One file tells of all: sites are looked at one by one only where the sum could be one site's. */
  #look(): void {
    if (this.#state === 'looking' || heldByAll() < MOST) return
    this.#state = 'looking'
    void this.#lookAtEach().catch((error: unknown) => { this.#host.log.error({ err: error }, 'a site that uses up the memory of sockets could not be ended') }).finally(() => { this.#state = 'idle' })
  }

  async #lookAtEach(): Promise<void> {
    const { states, benches, cgroups, instance, log } = this.#host
    for (const name of new Set([...states.awake(), ...benches.names()])) {
      const bytes = await cgroups.sockets(siteCgroup(instance, name))
      if (bytes <= MOST) continue
      log.warn({ site: name, bytes }, 'its sockets hold too much of the memory that the kernel has for all: its processes are ended')
      ended.get(this.#host)?.add(name)
      await cgroups.kill(siteCgroup(instance, name))
    }
  }
}

/** Bytes of TCP sockets, of all network namespaces (proc_net(5), sockstat). */
function heldByAll(): number {
  return PAGE * Number(/^TCP: .* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1] ?? 0)
}
