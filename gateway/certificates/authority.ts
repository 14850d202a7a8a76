// The house's own certificate authority: one per zone, made once, kept in control's directory. Opened by certificates.ts.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Logger } from '../../wire/log.ts'
import { keep, kept, privateDirectory } from './files.ts'
import { newKey, signLeaf, signRoot, type Pair, type Scope } from './x509.ts'

const DAY = 24 * 3600 * 1000
/** An authority that ends sooner than a leaf would be renewed is replaced; people have been told by the doctor for a year. */
const TOO_LATE = 30 * DAY

export class Authority {
  readonly #pair: Pair
  readonly #read: X509Certificate

  private constructor(pair: Pair) {
    this.#pair = pair
    this.#read = new X509Certificate(pair.certificate)
  }

  /**
   * The one kept for `zone`, or a new one where it is missing or ends soon, which people have to trust anew. `scope`: the zone and nothing else, or (an
   * authority of its own, which nobody has to trust who trusts the first) the domains that sites have besides, which are whatever their owners own.
   */
  static async open({ directory, zone, scope = 'zone', now, log }: { directory: string; zone: string; scope?: Scope; now: number; log: Logger }): Promise<Authority> {
    await privateDirectory(directory)
    const file = `${directory}/authority.${scope === 'zone' ? '' : 'domains.'}${zone}.json`
    const found = usable(await kept<Pair>(file), now)
    if (found) return found
    const key = await newKey()
    const pair = { certificate: signRoot(zone, key, now, scope), key }
    await keep(file, pair)
    log.info({ zone, file }, `made a certificate authority of our own: auberge ca export ${scope === 'zone' ? '' : '--domains '}gives its certificate to browsers`)
    return new Authority(pair)
  }

  static from(pair: Pair): Authority { return new Authority(pair) }

  /** PEM, without the key. */
  get certificate(): string { return this.#pair.certificate }
  get expiresAt(): number { return this.#read.validToDate.getTime() }

  /** Whether it is time for another one. */
  isOver(now: number): boolean { return this.expiresAt - now <= TOO_LATE }

  sign(names: string[], key: string, now: number): string {
    return signLeaf(this.#pair, names, key, now)
  }

  /** Whether we signed this leaf. */
  signed(leaf: X509Certificate): boolean {
    return leaf.checkIssued(this.#read) && leaf.verify(this.#read.publicKey)
  }
}

/** Null for what is missing, damaged or nearly over. */
function usable(pair: Partial<Pair> | null, now: number): Authority | null {
  try {
    if (typeof pair?.certificate !== 'string' || typeof pair.key !== 'string') return null
    const read = new X509Certificate(pair.certificate)
    if (!read.checkPrivateKey(createPrivateKey(pair.key))) return null
    const authority = Authority.from({ certificate: pair.certificate, key: pair.key })
    return authority.isOver(now) ? null : authority
  } catch {
    return null
  }
}
