// The house's own certificate authority: one per zone, made once, kept in control's directory. Opened by certificates.ts.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Logger } from '../../wire/log.ts'
import { keep, kept, privateDirectory } from './files.ts'
import { newKey, signIntermediate, signLeaf, signRoot, type Pair, type Scope } from './x509.ts'

const DAY = 24 * 3600 * 1000
/** An authority that ends sooner than a leaf would be renewed is replaced; people have been told by the doctor for a year. */
const TOO_LATE = 30 * DAY

/** The root, which people trust, and the one that signs in its name. Null in an authority of before there was one: its root, which people trust already, signs itself. */
type Kept = Pair & { intermediate: Pair | null }

export class Authority {
  readonly #root: X509Certificate
  readonly #signer: Pair
  readonly #signing: X509Certificate
  /** What follows a leaf in its chain, PEM. */
  readonly #rest: string

  private constructor({ certificate, key, intermediate }: Kept) {
    this.#root = new X509Certificate(certificate)
    this.#signer = intermediate ?? { certificate, key }
    this.#signing = new X509Certificate(this.#signer.certificate)
    this.#rest = intermediate?.certificate ?? ''
  }

  /**
   * The one kept for `zone`, or a new one where it is missing or ends soon, which people have to trust anew. `scope`: the zone and nothing else, or (an
   * authority of its own, which nobody has to trust who trusts the first) the domains that sites have besides, which are whatever their owners own.
   */
  static async open({ directory, zone, scope = 'zone', now, log }: { directory: string; zone: string; scope?: Scope; now: number; log: Logger }): Promise<Authority> {
    await privateDirectory(directory)
    const file = `${directory}/authority.${scope === 'zone' ? '' : 'domains.'}${zone}.json`
    const found = usable(await kept<Kept>(file), now)
    if (found) return found
    const made = await make(zone, scope, now)
    await keep(file, made)
    log.info({ zone, file }, `made a certificate authority of our own: auberge ca export ${scope === 'zone' ? '' : '--domains '}gives its certificate to browsers`)
    return new Authority(made)
  }

  static from(kept: Kept): Authority { return new Authority(kept) }

  /** The root's, PEM, without the key. */
  get certificate(): string { return this.#root.toString() }
  get expiresAt(): number { return this.#root.validToDate.getTime() }

  /** Whether it is time for another one. */
  isOver(now: number): boolean { return this.expiresAt - now <= TOO_LATE }

  /** A chain, PEM, leaf first. */
  sign(names: string[], key: string, now: number): string {
    return signLeaf(this.#signer, names, key, now) + this.#rest
  }

  /** Whether we signed this leaf. */
  signed(leaf: X509Certificate): boolean {
    return leaf.checkIssued(this.#signing) && leaf.verify(this.#signing.publicKey)
  }
}

async function make(zone: string, scope: Scope, now: number): Promise<Kept> {
  const [key, other] = await Promise.all([newKey(), newKey()])
  const root = { certificate: signRoot(zone, key, now, scope), key }
  return { ...root, intermediate: { certificate: signIntermediate(root, zone, other, now, scope), key: other } }
}

/** Null for what is missing, damaged or nearly over. */
function usable(found: Partial<Kept> | null, now: number): Authority | null {
  try {
    const root = found && pairIn(found)
    const intermediate = found?.intermediate ? pairIn(found.intermediate) : null
    if (!root || (found.intermediate && !intermediate)) return null
    const authority = Authority.from({ ...root, intermediate })
    return authority.isOver(now) ? null : authority
  } catch {
    return null
  }
}

/** A certificate and the key that it is for; null where they don't belong together. Throws for what is neither. */
function pairIn({ certificate = '', key = '' }: Partial<Pair>): Pair | null {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : null
}
