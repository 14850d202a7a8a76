// Keys of a signed zone that its house was restored without: the parent zone may still have their DS, and as long as it has, resolvers that check
// refuse the zone. Noted by cli/house/restore.ts, kept until somebody confirms that the parent knows. Called by signing.ts.
import { readFile, rm } from 'node:fs/promises'

/** The DS of each lost key as in `auberge dns ds`; empty where none is lost. A note that can't be read, or is of another zone, is none. */
export async function readLost(file: string, zone: string): Promise<string[]> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as { zone?: unknown; ds?: unknown } | null
    const ds = found?.zone === zone && Array.isArray(found.ds) ? found.ds : []
    return ds.filter(each => typeof each === 'string' && /^\d{1,5} \d{1,3} \d{1,3} [0-9A-F]{1,128}$/.test(each))
  } catch {
    return []
  }
}

export async function forgetLost(file: string): Promise<void> {
  await rm(file, { force: true })
}

/** What to do about them: the zone is signed with another key, or not at all. */
export function describeLost(lost: string[], signed: boolean): string {
  const tags = lost.map(ds => ds.split(' ')[0]).join(', ')
  const mend = signed ? "put the DS of auberge dns ds into the parent zone in the old one's place" : 'have the DS removed from the parent zone, or start with --dnssec and put the new one there'
  return `the house was restored without its key ${tags}, whose DS the parent zone may still have: resolvers that check signatures refuse the zone until you ${mend}; then run auberge dns confirm`
}
