// The card of a site's own ports: those that are open, and whether there may be more. Its forms are in port-forms.ts. Called by sections.ts.
import { MOST_PORTS } from '../../../../registry/ports.ts'
import type { Card } from './section.ts'

/** Shown where the house has such ports to give, and either the owner may have some or an administrator looks. */
export const portsCard: Card = {
  view: 'ports',
  data: (room, request, site) => {
    const isAdmin = request.who?.role === 'admin'
    const most = isAdmin ? MOST_PORTS : site.mostPorts
    return { showsPorts: room.house.sides.length > 0 && (most > 0 || site.ports.length > 0), mayOpen: site.ports.length < most, mostPorts: MOST_PORTS }
  },
}
