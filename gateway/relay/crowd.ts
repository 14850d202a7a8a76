// How many visitors' connections there are, in all and from each address. Asked by listener.ts for each accepted socket.
import ipaddr from 'ipaddr.js'
import type { Settings } from './settings.ts'

export class Crowd {
  private readonly byAddress = new Map<string, number>()
  private total = 0
  private readonly settings: Settings

  constructor(settings: Settings) { this.settings = settings }

  get size(): number { return this.total }

  /** Counts a connection in and returns its key for `leave`; null where there are too many. `unbounded`: a trusted proxy, which speaks for many. */
  enter(address: string, unbounded: boolean): string | null {
    const key = keyOf(address)
    const here = this.byAddress.get(key) ?? 0
    if (this.total >= this.settings.connections || (!unbounded && here >= this.settings.perAddress)) return null
    this.byAddress.set(key, here + 1)
    this.total++
    return key
  }

  leave(key: string): void {
    const here = (this.byAddress.get(key) ?? 1) - 1
    if (here === 0) this.byAddress.delete(key)
    else this.byAddress.set(key, here)
    this.total--
  }
}

/** IPv4: the address. IPv6: its /64, which is what one customer holds. What is neither, as proxies may write, is its own. */
export function keyOf(address: string): string {
  const [bare = ''] = address.split('%')
  if (!bare.includes(':') || !ipaddr.isValid(bare)) return address
  const parsed = ipaddr.process(bare)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return parsed.toByteArray().slice(0, 8).join('.')
}
