// The zone's keys as control last wrote them, so that DNS signs with control dead. Called by main.ts.
import { readFileSync } from 'node:fs'
import { parseKeyring, type Keyring } from '../../registry/keyring.ts'

/** The keyring in `file`; null where there is none, or none that can be used: `complain` is told why. */
export function readKeyring(file: string, zone: string, complain: (why: string) => void): Keyring | null {
  try {
    const ring = parseKeyring(readFileSync(file, 'utf8'), zone)
    if (ring === null) complain(`${file} holds no keys of zone ${zone}; waiting for control`)
    return ring
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) complain(`can't use ${file}; waiting for control`)
    return null
  }
}
