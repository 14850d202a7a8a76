// Whether the name servers that copy the zone have its last version. Called by outside.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import { isAtLeast } from '../../registry/serial.ts'
import type { Finding } from './finding.ts'
import { serialAt, type Server } from './query.ts'

export type Secondary = Server & { name: string | null }

/** Milliseconds for a change that is under way, and how often it is looked again. */
const UNDER_WAY = 1_000
const TRIES = 3

/** Compares each with the house's own name server, `own`. Nothing where that one doesn't answer, which another finding says. */
export async function copies(zone: string, own: Server | null, secondaries: Secondary[]): Promise<Finding[]> {
  if (own === null || secondaries.length === 0) return []
  const found = await Promise.all(secondaries.map(secondary => copy(zone, own, secondary)))
  return found.flatMap(finding => finding ?? [])
}

async function copy(zone: string, own: Server, secondary: Secondary): Promise<Finding | null> {
  for (let tries = 1; ; tries += 1) {
    const [{ serial }, there] = await Promise.all([serialAt(zone, own), serialAt(zone, secondary)])
    if (serial === null) return null
    const finding = judged(zone, serial, secondary, there)
    if (finding.verdict === 'well' || tries === TRIES || there.serial === null) return finding
    await sleep(UNDER_WAY)
  }
}

function judged(zone: string, serial: number, { name, address, port }: Secondary, there: Awaited<ReturnType<typeof serialAt>>): Finding {
  const at = port === 53 ? address : `${address} port ${port}`
  const finding = (verdict: Finding['verdict'], detail: string): Finding => ({ subject: `secondary ${name ?? at}`, verdict, detail })
  if (there.said === 'nothing') return finding('flaw', `nothing answers at ${at} (asked from this machine): resolvers that are sent there wait. Start it, open its port 53 over UDP and TCP, or leave it out of --secondary`)
  if (there.serial === null) return finding('flaw', `${at} answers, but has no copy of ${zone}: its log says why the transfer fails; its address must be the one that --secondary names, its key the same, and TCP to port 53 here open`)
  if (there.serial === serial) return finding('well', `${at} has version ${serial}, as this house`)
  if (isAtLeast(there.serial, serial)) return finding('flaw', `${at} has version ${there.serial}, ahead of ${serial} here, and takes nothing older: have it copy the zone anew (knotc zone-retransfer, nsd-control force_transfer)`)
  return finding('warning', `${at} has version ${there.serial}, behind ${serial} here: it is told of changes and looks each hour. Where it stays behind, its log says why; NOTIFY must reach it over UDP at ${at}, and it this house over TCP`)
}
