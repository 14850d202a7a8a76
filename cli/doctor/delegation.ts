// Whether those who name the zone's servers name this house. Called by outside.ts. Pure.
import { canonical } from '../../wire/address.ts'
import { addressesOf, isSix } from './addresses.ts'
import { judge, type Finding } from './finding.ts'
import type { Reached } from './reached.ts'

/** `servers`: whom the parent, or else a resolver, names; or why nobody knows any. `glue`: the addresses that the parent gives; null where it couldn't be asked. */
export function delegatedTo(house: Reached, servers: string[] | string, glue: Map<string, string[]> | null): Finding[] {
  const { zone, secondaries } = house
  const [own, ...others] = [`ns.${zone}`, ...secondaries.flatMap(({ name }) => name ?? [])]
  const wanted = [...new Set([own, ...others])]
  const how = `at whoever registers ${zone}, name ${wanted.join(' and ')} as its name server, with ${addressesOf(house).join(' and ') || 'the address of this house'} for ${own} (glue)`
  if (typeof servers === 'string' || servers.length === 0) {
    const why = typeof servers === 'string' ? servers : 'the parent zone names no server'
    return [{ subject: 'delegation', verdict: 'flaw', detail: `nobody outside finds ${zone} (${why}): ${how}` }]
  }
  const named = servers.map(name => name.toLowerCase())
  const here = judge('delegation', named.some(name => wanted.includes(name)), `${zone} is at ${servers.join(', ')}`, `${zone} is at ${servers.join(', ')}, which isn't this house: ${how}`)
  const missing = [...new Set(others)].filter(name => !named.includes(name))
  return [here, ...(glue === null ? [] : glued(house, named.includes(own), glue)), ...(missing.length === 0 || here.verdict !== 'well' ? [] : [forgotten(zone, missing)])]
}

/**
 * Without the right address for a name in the zone itself nobody gets there, whatever the zone says: with a wrong one some don't. One that is only missing
 * beside another is missed by those who have no other kind.
 */
function glued(house: Reached, needed: boolean, glue: Map<string, string[]>): Finding[] {
  const own = addressesOf(house)
  if (!needed || own.length === 0) return []
  const name = `ns.${house.zone}`
  const there = (glue.get(name) ?? []).map(canonical)
  const [wrong, missing] = [there.filter(address => !own.includes(address) && own.some(each => isSix(each) === isSix(address))), own.filter(address => !there.includes(address))]
  const mend = `the parent gives ${there.join(', ') || 'no address'} for ${name}, and it is ${own.join(' and ')}: change the address (glue, host record) at whoever registers ${house.zone}`
  if (wrong.length === 0 && missing.length > 0 && missing.length < own.length) return [{ subject: 'glue', verdict: 'warning', detail: mend }]
  return [judge('glue', wrong.length === 0 && missing.length === 0, `${name} is ${there.join(', ')} at the parent`, mend)]
}

function forgotten(zone: string, missing: string[]): Finding {
  return { subject: 'secondaries', verdict: 'warning', detail: `the parent doesn't name ${missing.join(', ')}: whoever registers ${zone} must add it, or it is asked only by those who have asked this house before` }
}
