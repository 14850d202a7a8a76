// What an administrator asks of the certificates that an ACME server gives. Called by front.ts.
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Schedule } from '../certificates/acme/schedule.ts'
import type { AcmeHouse, Desk } from '../desk.ts'
import type { Parts } from './parts.ts'

type Needed = Pick<Parts, 'acme' | 'house'>
type Record = (actor: Account, action: string, subject: string) => void

/** The desk's verbs about them. */
export function acmeVerbs(parts: Needed, record: Record): Pick<Desk, 'acme' | 'acmeStep'> {
  return {
    acme: () => acmeView(parts),
    async acmeStep(actor, step, name = parts.house.zone) {
      const schedule = scheduleOf(parts)
      if (step === 'rollover') await schedule.rollOver()
      else if (schedule.view().some(({ id }) => id === name)) await schedule[step](name)
      else throw new AubergeError('not_found', `no certificate is ordered for ${name}; auberge acme show lists them`)
      record(actor, `acme.${step}`, step === 'rollover' ? schedule.server : name)
      return acmeView(parts)
    },
  }
}

/** `unavailable` where none are ordered. */
export function acmeView(parts: Needed): AcmeHouse {
  const schedule = scheduleOf(parts)
  return { server: schedule.server, account: schedule.account, clockError: schedule.clockError, orders: schedule.view() }
}

function scheduleOf({ acme }: Needed): Schedule {
  if (acme) return acme
  throw new AubergeError('unavailable', 'this house orders no certificates; start it with --acme URL, the directory of an ACME server')
}
