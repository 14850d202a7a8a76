// What an administrator must hear of certificates that an ACME server should give. Pure; called for the health of the house.
import type { AcmeView } from './schedule.ts'

const MINUTE = 60_000

/** `clockError`: milliseconds this machine's clock is behind (below 0: ahead). One sentence each. */
export function warningsOf(views: readonly AcmeView[], clockError: number): string[] {
  return [...views.flatMap(warningOf), ...(clockError === 0 ? [] : [clockWarning(clockError)])]
}

function warningOf({ names: [name = ''], state, expiresAt, trouble }: AcmeView): string[] {
  const why = trouble ? `: ${trouble.message}` : ', and none has been ordered yet'
  if (state === 'waiting' || (state === 'ordering' && expiresAt === null)) return [`${name} has no certificate of the ACME server and is served with the house's own, which browsers don't know${why}`]
  if (state === 'ended') return [`the certificate of ${name} has ended and the house's own, which browsers don't know, is served instead${why}`]
  return trouble ? [`the certificate of ${name} ends on ${day(expiresAt ?? 0)} and the next can't be had${why}`] : []
}

function clockWarning(error: number): string {
  const minutes = Math.round(Math.abs(error) / MINUTE)
  const amount = minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`
  return `this machine's clock is ${amount} ${error > 0 ? 'behind' : 'ahead of'} the ACME server's; set it right and keep it so (timedatectl set-ntp true)`
}

function day(time: number): string { return new Date(time).toISOString().slice(0, 10) }
