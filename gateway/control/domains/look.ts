// Looks at a domain in DNS: is there a record that proves it, and where does it lead? Asks a recursive resolver; called by domains.ts.
import { Resolver } from 'node:dns/promises'
import { canonical } from '../../../wire/address.ts'
import type { Finding } from '../../../registry/types.ts'

/** What to look for. `texts`: the proof and the names it may be at. `host`: the site's own name. `own`: the addresses of this house. `resolvers`: none means the machine's own. */
export type Sought = { domain: string; zone: string; host: string; proof: string; proofNames: string[]; own: string[]; resolvers: string[]; signal: AbortSignal }

/** Each null where DNS did not answer. `cname`: an alias of the site's own name, of another name of this house, or of neither. */
export type Look = { txt: boolean | null; cname: 'site' | 'house' | 'none' | null; addresses: 'here' | 'mixed' | 'elsewhere' | 'nowhere' | null }

/** Milliseconds for one try, and for all of a look. */
const TRY = 2_000
const WHOLE = 8_000
/** Aliases that are followed to a site's name. */
const HOPS = 4
/** Answers that say that there is nothing; all others say nothing. */
const NOTHING = new Set(['ENODATA', 'ENOTFOUND'])

type Ask = <T>(question: (resolver: Resolver) => Promise<T[]>) => Promise<T[] | null>

/** Takes 8 s at most; fails only when `signal` aborts. */
export async function look(sought: Sought): Promise<Look> {
  const { signal } = sought
  signal.throwIfAborted()
  const resolver = new Resolver({ timeout: TRY, tries: 2 })
  const cancel = (): void => resolver.cancel()
  if (sought.resolvers.length > 0) resolver.setServers(sought.resolvers)
  const late = setTimeout(cancel, WHOLE)
  signal.addEventListener('abort', cancel)
  const ask: Ask = question => question(resolver).catch((error: NodeJS.ErrnoException) => (NOTHING.has(error.code ?? '') ? [] : null))
  try {
    const [txt, cname, addresses] = await Promise.all([isProven(ask, sought), aliasIn(ask, sought), placeOf(ask, sought)])
    signal.throwIfAborted()
    return { txt, cname, addresses }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', cancel)
  }
}

async function isProven(ask: Ask, sought: Sought): Promise<boolean | null> {
  return either(await Promise.all(sought.proofNames.map(name => isProvenAt(ask, sought, name))))
}

/** A record that an alias finds in our own zone is a site's, not the domain's: it proves nothing. */
async function isProvenAt(ask: Ask, { zone, proof }: Sought, name: string): Promise<boolean | null> {
  const texts = await ask(resolver => resolver.resolveTxt(name))
  if (texts === null) return null
  if (!texts.some(pieces => pieces.join('').trim() === proof)) return false
  const aliases = await aliasesOf(ask, name)
  return aliases === null ? null : !aliases.some(alias => isIn(zone, alias))
}

async function aliasIn(ask: Ask, { domain, zone, host }: Sought): Promise<Look['cname']> {
  const aliases = await aliasesOf(ask, domain)
  if (aliases === null) return null
  return aliases.includes(host) ? 'site' : aliases.some(alias => isIn(zone, alias)) ? 'house' : 'none'
}

function isIn(zone: string, name: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}

async function aliasesOf(ask: Ask, name: string): Promise<string[] | null> {
  const aliases: string[] = []
  for (let next = name; aliases.length < HOPS;) {
    const [target] = (await ask(resolver => resolver.resolveCname(next))) ?? [null]
    if (target === null) return null
    if (target === undefined) break
    aliases.push(next = target.toLowerCase().replace(/\.$/, ''))
  }
  return aliases
}

async function placeOf(ask: Ask, { domain, own }: Sought): Promise<Look['addresses']> {
  const both = await Promise.all([ask(resolver => resolver.resolve4(domain)), ask(resolver => resolver.resolve6(domain))])
  if (both.includes(null)) return null
  const ours = new Set(own.map(canonical))
  const all = both.flatMap(list => list ?? [])
  const here = all.filter(address => ours.has(canonical(address))).length
  return all.length === 0 ? 'nowhere' : here === all.length ? 'here' : here > 0 ? 'mixed' : 'elsewhere'
}

/** Whether it leads to this house, as a finding. */
export function whither({ cname, addresses }: Look): Exclude<Finding, 'unproven' | 'taken'> {
  if (cname === 'site') return 'here'
  return addresses === null || cname === null ? 'unanswered' : addresses
}

/** True where one is; null where one might be. */
function either(answers: (boolean | null)[]): boolean | null {
  return answers.includes(true) ? true : answers.includes(null) ? null : false
}
