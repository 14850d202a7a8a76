// A certificate that is served, and what its file must say to be it. Used by certificates.ts.
import { X509Certificate } from 'node:crypto'
import type { Certificate } from '../messages.ts'
import type { Authority } from './authority.ts'

/** Epoch milliseconds; `madeAt`: 0 for what others signed. */
export type Leaf = Certificate & { expiresAt: number; madeAt: number }

/** Null for what is damaged, or signed by another authority. */
export function usable(content: Partial<Leaf> | null, authority: Authority): Leaf | null {
  try {
    if (!content || !Array.isArray(content.names) || typeof content.chain !== 'string' || typeof content.key !== 'string') return null
    const leaf = new X509Certificate(content.chain)
    const madeAt = Number(content.madeAt) || 0
    return authority.signed(leaf) ? { names: content.names, chain: content.chain, key: content.key, trusted: false, expiresAt: leaf.validToDate.getTime(), madeAt } : null
  } catch {
    return null
  }
}
