// What the doctor knows of the house, and how it asks the world. Used by outside.ts and the looks it takes.
import type { CaaRecord } from 'node:dns'
import type { SigningView } from '../dns.ts'
import type { Delegation } from './parent.ts'
import type { Server } from './query.ts'
import type { Secondary } from './secondaries.ts'

/** `nameServer`: where this machine reaches the house's own. */
export type Reached = {
  zone: string; publicIpv4: string | null; publicIpv6: string | null; ipv6Prefix: string | null
  ports: { http: number | null; https: number | null; dns: number | null }
  nameServer: Server | null
  secondaries: Secondary[]
  signing: SigningView
  acme: { url: string; caFile: string | null } | null
}

/** A resolver that answers as the rest of the world sees it, and the parent of a zone; null where it can't be asked. */
export type Ask = {
  resolveNs(name: string): Promise<string[]>
  resolve4(name: string): Promise<string[]>
  resolve6(name: string): Promise<string[]>
  resolveCaa(name: string): Promise<CaaRecord[]>
  parent(zone: string): Promise<Delegation | null>
}
