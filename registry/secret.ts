// Secrets that we hand out: 256 random bits, of which the registry keeps only the SHA-256. Called by sessions.ts and tokens.ts.
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
