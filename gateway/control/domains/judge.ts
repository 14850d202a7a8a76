// What a look at a domain means for a claim of it. Pure; called by domains.ts. docs/decisions says why each rule is there.
import type { Domain, Finding, Proof } from '../../../registry/types.ts'
import { whither, type Look } from './look.ts'

const DAY = 24 * 3600 * 1000
/** How long a domain that is held may lead elsewhere before it gets no certificate any more, and before it is given back. */
const LAPSES = 14 * DAY
const RELEASED = 60 * DAY

/** Who else is, or was, concerned. */
export type Standing = {
  /** Another account holds the domain, or held it a short time ago. */
  isTaken: boolean
  /** Another account claims it, or held it at any time that is remembered. */
  isContested: boolean
  /** The site's name was another account's before: somebody's alias may lead to it still. */
  isSecondHand: boolean
  /** Nobody else could be meant: the claim is an administrator's, or no other account has a name in this house. */
  isAlone: boolean
}

/** The proof that a look found for a claim that is pending, or why there is none. */
export function proofIn(look: Look, { elsewhere }: Pick<Domain, 'elsewhere'>, standing: Standing): { proof: Proof } | { proof: null; finding: Finding } {
  if (look.txt === true) return { proof: 'txt' }
  if (standing.isTaken) return { proof: null, finding: 'taken' }
  const wasSetForIt = elsewhere || standing.isAlone
  if (look.cname === 'site' && (!standing.isSecondHand || wasSetForIt)) return { proof: 'cname' }
  if (look.cname === 'none' && look.addresses === 'here' && wasSetForIt && (standing.isAlone || !standing.isContested)) return { proof: 'address' }
  const finding = whither(look)
  return { proof: null, finding: finding === 'here' ? 'unproven' : finding }
}

/** Whether a look shows for certain that the domain does not lead here, not even in part. */
export function isElsewhere(look: Look): boolean {
  return look.cname === 'none' && (look.addresses === 'elsewhere' || look.addresses === 'nowhere')
}

/** Whether whoever holds a domain shows that it means this very site, and not just this house. Where DNS doesn't answer it may. */
export function isShown({ txt, cname }: Look): boolean {
  return txt !== false || cname === 'site' || cname === null
}

/** A domain that is held, after a look; `released`: it has led elsewhere for so long that it is given back. No answer changes nothing. */
export function followed(domain: Domain, look: Look, now: number): Domain | 'released' {
  const finding = whither(look)
  if (finding === 'unanswered') return { ...domain, finding, checkedAt: now }
  if (finding === 'here') return { ...domain, state: 'verified', finding, checkedAt: now, strayedAt: null }
  const strayedAt = domain.strayedAt ?? now
  if (now - strayedAt >= RELEASED) return 'released'
  return { ...domain, state: now - strayedAt >= LAPSES ? 'lapsed' : 'verified', finding, checkedAt: now, strayedAt }
}
