// The card of custom domains: those a site has, and what to set in DNS for each. Its forms are in domains.ts.
import type { Card } from './section.ts'

export const domainsCard: Card = { view: 'domains', data: (room, _request, site) => ({ domains: room.desk.domains(site.name) }) }
