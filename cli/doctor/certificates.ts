// The running house's certificates: whether any ends soon, and whether those of an ACME server come. Called by doctor.ts.
import { AubergeError } from '../../wire/error.ts'
import type { Admin } from '../admin.ts'
import { judge, type Finding } from './finding.ts'

const DAY = 24 * 3600 * 1000
/** Our own leaves are renewed with 120 days left: one that has fewer than this couldn't be. */
const LEAF_SOON = 90 * DAY
/** Everybody who trusts the authority will have to trust another one. */
const AUTHORITY_SOON = 365 * DAY

type Leaf = { names: string[]; own: boolean; expiresAt: number }
type AcmeOrder = { names: string[]; state: string; expiresAt: number | null; renewAt: number | null; trouble: { message: string } | null; retryAt: number | null }
export type Ends = { authority: number | null; leaves: Leaf[]; acme: { orders: AcmeOrder[] } | null }

const NONE: Finding = { subject: 'certificates', verdict: 'flaw', detail: 'none yet; the log lines of control on standard error say why' }

/** Nothing where no house answers, which another finding says, or none makes certificates. */
export async function certificates(admin: Admin, now = Date.now()): Promise<Finding[]> {
  try {
    return judged(await admin.json<Ends>('GET', '/api/certificates'), now)
  } catch (error) {
    if (error instanceof AubergeError) return []
    throw error
  }
}

/** Pure. */
export function judged({ authority, leaves, acme }: Ends, now: number): Finding[] {
  return [...(authority === null ? [] : own(authority, leaves.filter(leaf => leaf.own), now)), ...(leaves.length > 0 || authority === null ? [] : [NONE]), ...(acme?.orders ?? []).map(ordered)]
}

function own(authority: number, leaves: Leaf[], now: number): Finding[] {
  const first = leaves.reduce<Leaf | null>((best, leaf) => (best && best.expiresAt <= leaf.expiresAt ? best : leaf), null)
  const end = judge('certificate authority', authority - now > AUTHORITY_SOON, `until ${day(authority)}`,
    `ends on ${day(authority)} and is replaced then; everybody who trusts it must import the next one (auberge ca export)`, 'warning')
  if (first === null) return [end]
  return [end, judge('certificates', first.expiresAt - now > LEAF_SOON, `${leaves.length}, the first ends on ${day(first.expiresAt)}`,
    `${first.names[0]} ends on ${day(first.expiresAt)} and was not renewed; the log lines of control on standard error say why`)]
}

/** One that is served but can't be renewed is a warning as long as it lasts. */
function ordered({ names: [name = ''], state, expiresAt, renewAt, trouble, retryAt }: AcmeOrder): Finding {
  const subject = `certificate of ${name}`
  const next = retryAt === null ? '' : ` (next try: ${new Date(retryAt).toISOString().slice(0, 16).replace('T', ' ')} UTC; sooner with auberge acme renew)`
  const why = trouble ? `${trouble.message}${next}` : 'it is being ordered; ask again in a minute'
  if (state === 'issued') return judge(subject, trouble === null, `of the ACME server, until ${day(expiresAt ?? 0)}, renewal on ${day(renewAt ?? 0)}`, `ends on ${day(expiresAt ?? 0)} and can't be renewed: ${why}`, 'warning')
  return { subject, verdict: trouble || state === 'ended' ? 'flaw' : 'warning', detail: `none of the ACME server, so that browsers warn of the house's own: ${why}` }
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
