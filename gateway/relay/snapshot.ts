// The routing table and the certificates as control last wrote them, for a relay that starts while control is dead. Read by main.ts.
import { readFile } from 'node:fs/promises'
import type { Certificate } from '../messages.ts'
import type { Route } from '../../registry/types.ts'

export type RoutesSnapshot = { version: number; zone: string; routes: Route[] }

/** The snapshot at `file`, or null where there is none or it isn't one (it is written whole or not at all). */
export async function readSnapshot(file: string): Promise<RoutesSnapshot | null> {
  try {
    const parsed = JSON.parse(await readFile(file, 'utf8')) as Partial<RoutesSnapshot>
    const { version, zone, routes } = parsed
    return typeof version === 'number' && typeof zone === 'string' && Array.isArray(routes) ? { version, zone, routes } : null
  } catch {
    return null
  }
}

export type CertificatesSnapshot = { certificates: Certificate[]; ticketKey: string }

/** The same of the certificates. */
export async function readCertificates(file: string): Promise<CertificatesSnapshot | null> {
  try {
    const { certificates, ticketKey } = JSON.parse(await readFile(file, 'utf8')) as Partial<CertificatesSnapshot>
    return Array.isArray(certificates) && typeof ticketKey === 'string' ? { certificates, ticketKey } : null
  } catch {
    return null
  }
}
