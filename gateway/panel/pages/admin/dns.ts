// `/admin/dns`: the zone: what its registrar is to know, how it is signed, who copies it, and the records that the administrator keeps in it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readRecords, writeRecords } from '../../../../registry/recordlines.ts'
import { AubergeError } from '../../../../wire/error.ts'
import type { KeyView, SigningStep, SigningView } from '../../../desk.ts'
import type { App } from '../../app.ts'
import { caller } from '../../gate.ts'
import type { Sentence } from '../../language/pick.ts'
import type { Room } from '../../parts.ts'
import { field, type Data, type Views } from '../views.ts'
import { ADMIN, adminForm, showAdmin } from './show.ts'

const STEPS: readonly SigningStep[] = ['roll', 'confirm', 'cancel', 'withdraw']

export function addAdminDns(app: App, room: Room, views: Views): void {
  const { desk } = room
  const show = async (request: FastifyRequest, reply: FastifyReply, data: Data = {}) => {
    const [{ dns }, secondaries] = await Promise.all([desk.condition(), desk.secondaries()])
    const signing = desk.signing()
    return showAdmin(room, views, request, reply, 'dns', { dns, secondaries, signing, ds: wanted(signing), sentence: sentenceOf(signing), delegation: delegation(room), records: writeRecords(desk.zoneRecords()), ...data })
  }
  app.get('/admin/dns', ADMIN, (request, reply) => show(request, reply))
  adminForm(app, '/admin/dns/signing', { act: request => desk.signingStep(caller(request), stepOf(field(request, 'step'))), done: '/admin/dns?done=signing_step', again: show })
  adminForm(app, '/admin/dns/records', {
    act: request => desk.keepZoneRecords(caller(request), readRecords(field(request, 'records'))), done: '/admin/dns?done=records', again: show, at: { invalid: 'records', too_large: 'records', conflict: 'records' },
  })
}

function stepOf(text: string): SigningStep {
  const step = STEPS.find(one => one === text)
  if (step) return step
  throw new AubergeError('bad_request', 'There is no such step.')
}

/** Where the keys stand and what to do, as the page says it. */
function sentenceOf({ stage, parent }: SigningView): Sentence {
  return stage === 'steady' ? `signing_steady_${parent}` : `signing_${stage}`
}

/** The record that the parent is to have, in the parts that registrars ask for; null where it is to have none, or to be left alone. */
function wanted({ zone, stage, keys }: SigningView) {
  const key: KeyView | undefined = stage === 'submitting' || stage === 'retiring' ? keys.at(-1) : keys[0]
  if (key === undefined || ['withdrawing', 'unsigning', 'withdrawn'].includes(stage)) return null
  const [tag, algorithm, digestType, digest] = key.ds.split(' ')
  return { tag, algorithm, digestType, digest, line: `${zone}. IN DS ${key.ds}`, dnskey: `${zone}. IN DNSKEY ${key.dnskey}` }
}

/** Whom the registrar is to name, and the addresses it needs for a name server within the zone itself. */
function delegation({ house: { zone, publicIpv4, publicIpv6, secondaries } }: Room) {
  const names = [...new Set([`ns.${zone}`, ...secondaries.flatMap(({ name }) => name ?? [])])]
  return { names, glue: [publicIpv4, publicIpv6].filter(address => address !== null), isLocal: !zone.includes('.') }
}
