// auberge dns …: how the zone is signed, the DS that its parent is to have, and the steps of a change of keys.
import { answer, type Desk } from './desk.ts'
import { moment, sheet } from './table.ts'

type KeyView = { role: 'current' | 'next'; tag: number; madeAt: number; ds: string; dnskey: string }
export type SigningView = { zone: string; signed: boolean; stage: string; parent: 'unset' | 'set'; note: string; until: number | null; keys: KeyView[]; lost: string[] }

/** Stages in which the parent is to have no DS. */
const LEAVING = ['withdrawing', 'unsigning', 'withdrawn']

export async function showDs(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<SigningView>('GET', '/api/dnssec'), shown)
}

export const rollKey = (desk: Desk): Promise<void> => step(desk, 'roll')
export const confirmDs = (desk: Desk): Promise<void> => step(desk, 'confirm')
export const cancelRoll = (desk: Desk): Promise<void> => step(desk, 'cancel')
export const withdrawDs = (desk: Desk): Promise<void> => step(desk, 'withdraw')

async function step(desk: Desk, verb: string): Promise<void> {
  answer(desk, await desk.admin.json<SigningView>('POST', `/api/dnssec/${verb}`), shown)
}

/** The DS first, as a line that a registrar's form or another zone file takes. */
function shown(view: SigningView): string {
  const key = view.stage === 'submitting' || view.stage === 'retiring' ? view.keys.at(-1) : view.keys[0]
  if (key === undefined) return `${view.zone} is ${view.note}.\n`
  const record = LEAVING.includes(view.stage) ? '' : `${view.zone}. IN DS ${key.ds}\n${view.zone}. IN DNSKEY ${key.dnskey}\n\n`
  const keys = view.keys.map(({ role, tag, madeAt }): [string, string] => [`${role} key`, `${tag}, made ${moment(madeAt)}`])
  return `${record}${sheet([['state', view.note], ...keys])}`
}
