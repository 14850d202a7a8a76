// The zone as control last wrote it to disk, so that DNS starts with control dead. Called by main.ts.
import { readFileSync } from 'node:fs'
import type { ZoneSnapshot } from '../registry/types.ts'

/** The snapshot in `file`: null where there is none, it can't be used, or it is of another zone; `complain` is told why. */
export function readSnapshot(file: string, zone: string, complain: (why: string) => void): ZoneSnapshot | null {
  try {
    const snapshot: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isSnapshot(snapshot) && snapshot.zone.toLowerCase() === zone.toLowerCase()) return snapshot
    complain(`${file} is not a snapshot of zone ${zone}; waiting for control`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) complain(`can't use ${file} (${String(error)}); waiting for control`)
  }
  return null
}

/** Control writes it whole or not at all; this tells another file from it. */
function isSnapshot(value: unknown): value is ZoneSnapshot {
  if (typeof value !== 'object' || value === null) return false
  const { zone, serial, ttl, negativeTtl, apex, names } = value as Partial<Record<keyof ZoneSnapshot, unknown>>
  return typeof zone === 'string' && [serial, ttl, negativeTtl].every(Number.isInteger) && isObject(apex) && isObject(names)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
