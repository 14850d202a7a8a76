// The running house: whether each of its processes answers. Called by doctor.ts.
import { AubergeError } from '../../wire/error.ts'
import type { Admin } from '../admin.ts'
import { judge, type Finding } from './finding.ts'

type Health = { ready: boolean; parts: Record<string, boolean> }

/** A finding for each part; one where no house runs, which is no flaw of the machine. */
export async function houseHealth(admin: Admin): Promise<Finding[]> {
  try {
    const { parts } = await admin.health<Health>()
    return [judge('control', true, 'answers', ''), ...Object.entries(parts).map(([name, well]) => judge(name, well, 'connected', 'not connected; its log lines on standard error say why'))]
  } catch (error) {
    if (!(error instanceof AubergeError)) throw error
    return [{ subject: 'house', verdict: error.code === 'unavailable' ? 'warning' : 'flaw', detail: error.message }]
  }
}
