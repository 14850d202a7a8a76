// Whether the processes that control works with are there. Called by front.ts for /healthz and doctor.
import { warningsOf } from '../certificates/acme/warnings.ts'
import type { Desk } from '../desk.ts'
import type { Keeper } from './keeper.ts'
import type { Parts } from './parts.ts'

/** Every part that this house should have; `ready` when none is away. A house that serves what browsers warn of is ready, and says so. */
export function health({ house, relays, zone, provisioner, acme, signing }: Pick<Parts, 'house' | 'relays' | 'zone' | 'provisioner' | 'acme' | 'signing'>, keeper: Keeper): ReturnType<Desk['health']> {
  const parts: Record<string, boolean> = { registry: true }
  if (house.http.length + house.https.length > 0) parts.relays = relays.connected > 0
  if (house.dns.length > 0) parts.dns = zone.connected > 0
  if (provisioner) parts.provisioner = keeper.connected
  return { ready: Object.values(parts).every(Boolean), parts, warnings: [...signing.warnings, ...(acme ? warningsOf(acme.view(), acme.clockError) : [])] }
}
