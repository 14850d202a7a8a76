// Whether the DS at the parent fits the keys that the zone is signed with: one that fits none makes resolvers refuse the zone. Called by outside.ts. Pure.
import { createHash } from 'node:crypto'
import type { SigningView } from '../dns.ts'
import { judge, type Finding } from './finding.ts'
import type { Ds } from './parent.ts'

const SUBJECT = 'signing'
/** Digest types of DS (RFC 4034, RFC 4509, RFC 6605). */
const DIGESTS: Record<number, string> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }
/** Stages in which the parent is to have no DS, or may lose it. */
const LEAVING = ['withdrawing', 'unsigning']

/** `ds`: what the parent has; null where it couldn't be asked, or the world doesn't know the zone. */
export function signing(view: SigningView, ds: Ds[] | null): Finding[] {
  if (view.lost.length > 0 && ds === null) return [{ subject: SUBJECT, verdict: 'warning', detail: view.note }]
  if (ds === null) return view.signed ? [{ subject: SUBJECT, verdict: 'well', detail: `${view.note} (the parent couldn't be asked)` }] : []
  return [view.signed ? signed(view, ds) : unsigned(view, ds)]
}

function unsigned({ zone }: SigningView, ds: Ds[]): Finding {
  return judge(SUBJECT, ds.length === 0, 'off, and the parent has no DS',
    `the parent has a DS of ${zone} (key ${tags(ds)}), but the zone isn't signed: resolvers that check signatures refuse all of it. Have the DS removed, or start with --dnssec and put the one of auberge dns ds there`)
}

function signed(view: SigningView, ds: Ds[]): Finding {
  const good = ds.filter(each => view.keys.some(key => fits(each, view.zone, key.dnskey)))
  const told = `the parent has the DS of key ${tags(good)}`
  if (ds.length === 0) return missing(view)
  if (good.length === 0) {
    const detail = `the parent's DS (key ${tags(ds)}) fits no key of this house (${view.keys.map(({ tag }) => tag).join(', ')}): resolvers that check signatures refuse the zone. Put the DS of auberge dns ds in its place`
    return { subject: SUBJECT, verdict: 'flaw', detail }
  }
  if (LEAVING.includes(view.stage)) return { subject: SUBJECT, verdict: 'warning', detail: `${told}; ${view.note}` }
  return judge(SUBJECT, view.lost.length === 0 && view.parent === 'set', `${told}; ${view.note}`, `${told}: run auberge dns confirm, so that the zone stays signed`, 'warning')
}

function missing(view: SigningView): Finding {
  if (LEAVING.includes(view.stage)) return judge(SUBJECT, view.stage === 'unsigning', `the parent has no DS any more; ${view.note}`, 'the parent has no DS any more: run auberge dns confirm', 'warning')
  return { subject: SUBJECT, verdict: 'warning', detail: `the zone is signed and the parent has no DS, so that nobody checks it: give the DS of auberge dns ds to whoever registers ${view.zone}` }
}

/** Whether a DS is of a key, `dnskey` being its record's data as text. */
function fits({ algorithm, digestType, digest }: Ds, zone: string, dnskey: string): boolean {
  const [flags, protocol, kind, key] = dnskey.split(' ')
  const hash = DIGESTS[digestType]
  if (hash === undefined || Number(kind) !== algorithm || key === undefined) return false
  const head = Buffer.from([Number(flags) >> 8, Number(flags) & 255, Number(protocol), algorithm])
  const name = zone.split('.').map(label => String.fromCharCode(label.length) + label).join('')
  return createHash(hash).update(Buffer.from(`${name}\0`, 'latin1')).update(head).update(Buffer.from(key, 'base64')).digest('hex').toUpperCase() === digest
}

function tags(ds: Ds[]): string { return [...new Set(ds.map(({ tag }) => tag))].join(', ') }
