// The zone's signing keys and where a change of them stands: one file, written by control, read by DNS when it starts. What follows from
// it, which key signs what, is said here once for both.

/** ECDSA P-256. `publicKey`: 64 bytes, `privateKey`: PKCS #8, both in base64. `madeAt`: milliseconds since 1970. */
export type Key = { tag: number; publicKey: string; privateKey: string; madeAt: number }

/**
 * A change of keys (RFC 6781 section 4.1.3, one key for everything) or the way out of signing (RFC 8078 section 4). `until`: milliseconds since 1970.
 * steady: one key. publishing: the next key is shown, until no resolver remembers a key set without it. submitting: the parent is to take
 * its DS. retiring: the next key signs, until the parent's old DS and the old key's signatures are forgotten. withdrawing: the parent is to
 * remove its DS. unsigning: it has, and resolvers forget it. withdrawn: nothing is signed any more.
 */
export type Stage =
  | { is: 'steady' }
  | { is: 'publishing'; next: Key; until: number }
  | { is: 'submitting'; next: Key }
  | { is: 'retiring'; next: Key; until: number }
  | { is: 'withdrawing' }
  | { is: 'unsigning'; until: number }
  | { is: 'withdrawn' }

/** `parent`: whether the parent zone is known to have had a DS of ours; from then on the zone must be signed. */
export type Keyring = { version: 1; zone: string; parent: 'unset' | 'set'; current: Key; stage: Stage }

/** `keys`: it signs the sets of keys alone (DNSKEY, CDS, CDNSKEY). `announced`: the parent is to have its DS. */
export type ZoneKey = { publicKey: string; privateKey: string; signs: 'all' | 'keys'; announced: boolean }

/** What DNS signs with. `withdrawn`: the parent is asked to remove its DS (RFC 8078 section 4). */
export type ZoneKeys = { keys: ZoneKey[]; withdrawn: boolean }

/** What to sign with, or null: nothing. `wanted`: the option of the house; a zone whose parent has its DS stays signed without it. */
export function zoneKeys(ring: Keyring | null, wanted: boolean): ZoneKeys | null {
  if (ring === null || ring.stage.is === 'withdrawn' || (!wanted && ring.parent === 'unset')) return null
  const { current, stage } = ring
  const key = ({ publicKey, privateKey }: Key, signs: ZoneKey['signs'], announced: boolean): ZoneKey => ({ publicKey, privateKey, signs, announced })
  const withdrawn = stage.is === 'withdrawing' || stage.is === 'unsigning'
  switch (stage.is) {
    case 'publishing': return { keys: [key(current, 'all', true), key(stage.next, 'keys', false)], withdrawn }
    case 'submitting': return { keys: [key(current, 'all', false), key(stage.next, 'keys', true)], withdrawn }
    case 'retiring': return { keys: [key(current, 'keys', false), key(stage.next, 'all', true)], withdrawn }
    default: return { keys: [key(current, 'all', !withdrawn)], withdrawn }
  }
}

/** The keyring in a file's text; null where it is none, or another zone's. */
export function parseKeyring(text: string, zone: string): Keyring | null {
  const ring = JSON.parse(text) as Partial<Keyring> | null
  const whole = ring?.version === 1 && ring.zone === zone && isKey(ring.current) && typeof ring.stage?.is === 'string'
  return whole ? ring as Keyring : null
}

function isKey(value: Key | undefined): boolean {
  return typeof value?.publicKey === 'string' && typeof value.privateKey === 'string' && Buffer.from(value.publicKey, 'base64').length === 64
}
