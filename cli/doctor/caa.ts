// Whether the CAA records of a zone let an authority sign for it and for its wildcard (RFC 8659). Called by outside.ts.
import type { CaaRecord } from 'node:dns'

/** The set that counts: the first one there is, from the name upwards (section 3). Empty where nobody forbids anything. */
export async function relevant(name: string, ask: (name: string) => Promise<CaaRecord[]>): Promise<{ at: string; records: CaaRecord[] }> {
  for (let at = name; at !== ''; at = at.split('.').slice(1).join('.')) {
    const records = await ask(at)
    if (records.length > 0) return { at, records }
  }
  return { at: name, records: [] }
}

/** Who may sign for the name, and who for its wildcard; null: anybody (sections 4.2 and 4.3). */
export function allowed(records: readonly CaaRecord[]): { plain: string[] | null; wild: string[] | null } {
  const of = (tag: 'issue' | 'issuewild'): string[] | null => {
    const values = records.flatMap(record => (typeof record[tag] === 'string' ? [issuerOf(record[tag])] : []))
    return values.length === 0 ? null : values.filter(value => value !== '')
  }
  const plain = of('issue')
  return { plain, wild: of('issuewild') ?? plain }
}

/** Without the parameters that may follow it. */
function issuerOf(value: string): string { return value.split(';')[0]?.trim().toLowerCase() ?? '' }
