// Whether those who name the zone's servers name this house. Called by outside.ts. Pure.
import { judge, type Finding } from './finding.ts'
import type { Reached } from './reached.ts'

/** `servers`: whom the parent, or else a resolver, names; or why nobody knows any. `glue`: the addresses that the parent gives; null where it couldn't be asked. */
export function delegatedTo(house: Reached, servers: string[] | string, glue: Map<string, string[]> | null): Finding[] {
  const { zone, publicIpv4, secondaries } = house
  const [own, ...others] = [`ns.${zone}`, ...secondaries.flatMap(({ name }) => name ?? [])]
  const wanted = [...new Set([own, ...others])]
  const how = `at whoever registers ${zone}, name ${wanted.join(' and ')} as its name server, with the address ${publicIpv4 ?? 'of this house'} for ${own} (glue)`
  if (typeof servers === 'string' || servers.length === 0) {
    const why = typeof servers === 'string' ? servers : 'the parent zone names no server'
    return [{ subject: 'delegation', verdict: 'flaw', detail: `nobody outside finds ${zone} (${why}): ${how}` }]
  }
  const named = servers.map(name => name.toLowerCase())
  const here = judge('delegation', named.some(name => wanted.includes(name)), `${zone} is at ${servers.join(', ')}`, `${zone} is at ${servers.join(', ')}, which isn't this house: ${how}`)
  const missing = [...new Set(others)].filter(name => !named.includes(name))
  return [here, ...(glue === null ? [] : glued(house, named.includes(own), glue)), ...(missing.length === 0 || here.verdict !== 'well' ? [] : [forgotten(zone, missing)])]
}

/** Without the right address for a name in the zone itself nobody gets there, whatever the zone says. */
function glued({ zone, publicIpv4 }: Reached, needed: boolean, glue: Map<string, string[]>): Finding[] {
  if (!needed || publicIpv4 === null) return []
  const there = glue.get(`ns.${zone}`) ?? []
  const mend = `the parent gives ${there.join(', ') || 'no address'} for ns.${zone}, and it is ${publicIpv4}: change the address (glue, host record) at whoever registers ${zone}`
  return [judge('glue', there.includes(publicIpv4), `ns.${zone} is ${there.join(', ')} at the parent`, mend)]
}

function forgotten(zone: string, missing: string[]): Finding {
  return { subject: 'secondaries', verdict: 'warning', detail: `the parent doesn't name ${missing.join(', ')}: whoever registers ${zone} must add it, or it is asked only by those who have asked this house before` }
}
