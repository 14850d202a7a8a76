// Answers for resolvers that check signatures (DO): each set with its own, and proof of what isn't there. Finished bodies are kept, as
// cache.ts keeps those without. Called by respond.ts where the zone is signed.
import { encode, type Body } from '../body.ts'
import { TYPE } from '../codes.ts'
import type { Lookup, Said } from '../lookup.ts'
import { targetIn } from '../rdata.ts'
import type { Rrset } from '../sets.ts'
import type { Zone } from '../zone.ts'
import type { Purse } from './budget.ts'
import { denials, nothingNearer, own, type Denial } from './denial.ts'
import { Kept } from './kept.ts'
import type { Signer } from './signer.ts'

/** `said`: what the body is of; once the zone says something else, or at `until` (milliseconds), it is made anew out of the signatures that are kept. */
type Entry = { said: Said; body: Body; until: number }
type Question = { name: string; type: number }
/** Who pays for signatures over names that don't exist. */
type Asker = 'strangers' | 'known'

const HOUR = 3_600_000

/** Bodies kept, of names that exist and of others; about 600 bytes each. Twice as many at most. */
const MOST_BODIES = 2 ** 15
const MOST_DENIALS = 2 ** 12

export class SignedAnswers {
  readonly signer: Signer
  readonly #clock: () => number
  readonly #bodies = new Kept<Entry>(MOST_BODIES)
  readonly #denied = new Kept<Entry>(MOST_DENIALS)

  constructor(signer: Signer, clock: () => number = Date.now) {
    this.signer = signer
    this.#clock = clock
  }

  /**
   * What the zone says of the types that signing adds to every name; null for other questions. One signature is enough for RRSIG, as one
   * set is for ANY (RFC 8482); where none can be made this second, that is refused.
   */
  lookup({ name, type }: Question, zone: Zone): Lookup | null {
    const found = type === TYPE.NSEC || type === TYPE.RRSIG ? zone.find(name) : null
    if (found === null || found.is === 'none') return null
    const wildcard = found.is === 'wildcard' ? found.at : null
    const nsec = { ...own(zone, wildcard ?? name), owner: null, wildcard }
    if (type === TYPE.NSEC) return answer([nsec])
    const set = 'value' in found ? found.value[0] ?? nsec : nsec
    const signature = this.#signature({ ...set, wildcard }, name, 'zone')
    return signature === null ? { kind: 'refused' } : answer([signature])
  }

  /** The body of what `zone` said to a question; null where no signature can be made this second. */
  body(said: Said, question: Question, zone: Zone, asker: Asker): Body | null {
    const key = `${question.type} ${question.name}`
    const kept = said.kind === 'nxdomain' || said.answers.some(set => isSynthesised(set, question.name)) ? this.#denied : this.#bodies
    const entry = kept.get(key)
    const now = this.#clock()
    if (entry !== undefined && entry.said === said && now < entry.until) return entry.body
    const whole = this.#whole(said, question.name, zone, asker)
    if (whole === null) return null
    const body = encode(whole, question.name.length, zone)
    kept.set(key, { said, body, until: now + HOUR })
    return body
  }

  #whole(said: Said, name: string, zone: Zone, asker: Asker): Said | null {
    const answers = this.#all(said.answers, name)
    const authorities = this.#all(said.authorities, name)
    const proofs = this.#proofs(proofsOf(said, name, zone), name, asker)
    const additionals = this.#all(said.additionals, name)
    if (answers === null || authorities === null || proofs === null || additionals === null) return null
    return { kind: said.kind, answers, authorities: [...authorities, ...proofs], additionals }
  }

  #proofs(wanted: Denial[], name: string, asker: Asker): Rrset[] | null {
    return joined(wanted.map(({ set, of }) => this.#signed(set, name, of === 'zone' ? 'zone' : asker)))
  }

  #all(sets: Rrset[], name: string): Rrset[] | null {
    return joined(sets.map(set => this.#signed(set, name, 'zone')))
  }

  #signed(set: Rrset, name: string, purse: Purse): Rrset[] | null {
    if (set.type === TYPE.RRSIG) return [set]
    const signature = this.#signature(set, name, purse)
    return signature === null ? null : [set, signature]
  }

  #signature({ owner, type, ttl, rdata, wildcard }: Rrset, name: string, purse: Purse): Rrset | null {
    const data = this.signer.sign({ owner: wildcard ?? owner ?? name, type, ttl, data: rdata }, purse)
    return data === null ? null : { owner, type: TYPE.RRSIG, ttl, rdata: data, wildcard }
  }
}

/** What is to be proved: that each wildcard had to speak, and that the last name has nothing to say. Each once. */
function proofsOf({ kind, answers }: Said, name: string, zone: Zone): Denial[] {
  const wild = answers.filter(set => isSynthesised(set, name)).map(({ owner }) => nothingNearer(zone, owner ?? name))
  const alias = answers.findLast(({ type }) => type === TYPE.CNAME)
  const last = alias === undefined ? name : targetIn(TYPE.CNAME, alias.rdata[0] ?? Buffer.alloc(1)) ?? name
  const all = kind === 'answer' ? wild : [...wild, ...denials(zone, last)]
  return all.filter(({ set }, n) => all.findIndex(other => other.set.owner === set.owner) === n)
}

/** Whether a wildcard made the set up, for a name that isn't there. */
function isSynthesised({ owner, wildcard }: Rrset, name: string): boolean {
  return wildcard !== null && wildcard !== (owner ?? name)
}

function answer(answers: Rrset[]): Said {
  return { kind: 'answer', answers, authorities: [], additionals: [] }
}

function joined(sets: (Rrset[] | null)[]): Rrset[] | null {
  return sets.includes(null) ? null : sets.flatMap(set => set ?? [])
}
