// Whether a site is of use to anyone, and what keeps it awake: requests in flight (WebSockets and event streams are), commands that run in it, and
// the time since the last of them. Asked by sleeps.ts, admission.ts, pressure.ts and views.ts.
import type { Reason } from '../desk.ts'
import type { Parts } from './parts.ts'
import type { SiteStatus } from './states.ts'

type IdlenessParts = Pick<Parts, 'house' | 'states' | 'activity' | 'guests'>

/** Milliseconds since the site was last of use to anyone; 0 while it is. `calledOff`: when a sleep of it was last called off. */
export function idleFor(parts: IdlenessParts, status: SiteStatus, calledOff = 0): number {
  return inUse(parts, status.name) ? 0 : Date.now() - Math.max(usedAt(parts, status), status.since, calledOff)
}

/** When the site was last used: its last request or command, or what woke it. Epoch milliseconds; where nothing is known, the last change of its state. */
export function usedAt({ states, activity, guests }: IdlenessParts, { name, since, lastWake }: SiteStatus): number {
  const { lastRequestAt } = activity.ofAll(states.hosts(name))
  return Math.max(lastRequestAt ?? 0, guests.leftAt(name), lastWake?.at ?? 0) || since
}

/** Whether somebody waits for an answer of the site, or has a command running in it. */
export function inUse({ states, activity, guests }: IdlenessParts, name: string): boolean {
  return activity.ofAll(states.hosts(name)).inFlight > 0 || guests.count(name) > 0
}

/** What keeps a site that runs from sleeping now. */
export function reasons(parts: IdlenessParts, status: SiteStatus): Reason[] {
  const { inFlight } = parts.activity.ofAll(parts.states.hosts(status.name))
  const commands = parts.guests.count(status.name)
  const busy: Reason[] = []
  if (inFlight > 0) busy.push({ what: 'requests', count: inFlight })
  if (commands > 0) busy.push({ what: 'commands', count: commands })
  return busy.length > 0 ? busy : [{ what: 'recent', until: Math.max(usedAt(parts, status), status.since) + parts.house.idle }]
}
