// The running house's certificates: whether any ends soon. Called by doctor.ts.
import { AubergeError } from '../../wire/error.ts'
import type { Admin } from '../admin.ts'
import { judge, type Finding } from './finding.ts'

const DAY = 24 * 3600 * 1000
/** Leaves are renewed with 120 days left: one that has fewer than this couldn't be. */
const LEAF_SOON = 90 * DAY
/** Everybody who trusts the authority will have to trust another one. */
const AUTHORITY_SOON = 365 * DAY

export type Ends = { authority: number | null; leaves: { names: string[]; expiresAt: number }[] }

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
export function judged({ authority, leaves }: Ends, now: number): Finding[] {
  if (authority === null) return []
  const first = leaves.reduce<Ends['leaves'][number] | null>((best, leaf) => (best && best.expiresAt <= leaf.expiresAt ? best : leaf), null)
  return [
    judge('certificate authority', authority - now > AUTHORITY_SOON, `until ${day(authority)}`,
      `ends on ${day(authority)} and is replaced then; everybody who trusts it must import the next one (auberge ca export)`, 'warning'),
    first === null
      ? judge('certificates', false, '', 'none yet; the log lines of control on standard error say why')
      : judge('certificates', first.expiresAt - now > LEAF_SOON, `${leaves.length}, the first ends on ${day(first.expiresAt)}`,
        `${first.names[0]} ends on ${day(first.expiresAt)} and was not renewed; the log lines of control on standard error say why`),
  ]
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
