// Secrets that we hand out: 256 random bits, of which the registry keeps only the SHA-256. Called by sessions.ts and tokens.ts.
// A database's password is kept as it is, for the pod needs it at every start. Called by sites.ts and control.
// A fast hash is right here, for nobody can guess 256 bits; finding by the hash leaks nothing of the secret by its timing.
import { createHash, randomBytes } from 'node:crypto'

/** A new secret with a prefix that says what it is, such as `abt_`. */
export function newSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url')
}

/** What is kept of a secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** A new password of a site's database: 160 random bits in letters and digits, which need escaping nowhere. */
export function newDatabasePassword(): string {
  return randomBytes(20).toString('hex')
}
