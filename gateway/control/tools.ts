// The desk's verbs on a site's own tools (Adminer in its pod): a host of their own for as long as somebody uses them, and the pod awake for each request.
// Called by front.ts.
import type { Account } from '../../registry/types.ts'
import { AubergeError } from '../../wire/error.ts'
import { places } from '../../wire/house.ts'
import type { Desk } from '../desk.ts'
import { siteOf, type Parts } from './parts.ts'
import { byOf } from './restart.ts'
import type { Wakes } from './wakes.ts'

type Record = (actor: Account, action: string, subject: string, detail?: string) => void
type ToolParts = Pick<Parts, 'house' | 'registry' | 'states' | 'zone' | 'relays' | 'table' | 'certificates' | 'guests' | 'turns'> & { wakes: Pick<Wakes, 'wake'> }

/** Where an image's tools listen; nobody but this house's front door is led there. */
const PORT = 8099

/** The label of a site's tools in the zone; no site can have it. */
export const toolsLabel = (name: string): string => `${name}--tools`

export function toolVerbs(parts: ToolParts, record: Record): Pick<Desk, 'openTools' | 'closeTools' | 'tools'> {
  const { states, zone, table, relays, turns } = parts
  return {
    async openTools(actor, name) {
      databaseOf(parts, name)
      const label = toolsLabel(name)
      await turns.run(label, async () => {
        await zone.set(label, zone.own)
        await parts.certificates?.want(states.host(label))
        await relays.settled(table.set({ host: states.host(label), kind: 'static', upstream: { path: places(parts.house.data).toolsSocket } }))
      })
      record(actor, 'site.tools', name)
    },
    async closeTools(name) {
      const label = toolsLabel(name)
      await turns.run(label, async () => {
        await relays.settled(table.unfix(states.host(label)))
        await zone.set(label, null)
      })
    },
    async tools(actor, name) {
      databaseOf(parts, name)
      const leave = parts.guests.enter(name)
      try {
        await awake(parts, actor, name)
        const { pod, key } = databaseOf(parts, name)
        return { address: pod.ipv4, port: PORT, key, leave }
      } catch (error) {
        leave()
        throw error
      }
    },
  }
}

function databaseOf(parts: ToolParts, name: string) {
  const { status } = siteOf(parts, name)
  if (status.suspended !== null) throw new AubergeError('conflict', `${name} is suspended`)
  if (!status.pod?.database) throw new AubergeError('unavailable', `${name} has no database yet; wake it, then try again`)
  return { pod: status.pod, key: status.pod.database.password }
}

async function awake(parts: ToolParts, actor: Account, name: string): Promise<void> {
  if (parts.states.get(name)?.state === 'running') return
  await parts.wakes.wake(name, { by: byOf(actor, parts.registry.reservations.get(name)?.owner) })
}
