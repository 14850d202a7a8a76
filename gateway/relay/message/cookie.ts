// The Set-Cookie guard: a site may set cookies for its own hosts, not for the zone or a domain that it shares with others. Called by response.ts.

/** Who sets it: at which host, of a house of which zone ('': the panel, which may), and all hosts of the site (null: a static route, which is the administrator's). */
export type Setter = { zone: string; host: string; site: { entries: Iterable<{ host: string }> } | null }

/** Whether a Set-Cookie value has a Domain attribute that is the zone or a parent of it, or may be; on a domain outside the zone, one that isn't a host of this very site. */
export function reachesOthers(value: string, setter: Setter): boolean {
  if (value.length < 8 || setter.zone === '') return false
  const attributes = value.toLowerCase().split(';')
  for (let i = 1; i < attributes.length; i++) {
    const [name, given] = halves(attributes[i] ?? '')
    const domain = given.replace(/^"|"$/g, '').replace(/^\.+|\.+$/g, '')
    if (name === 'domain' && domain !== '' && (covers(domain, setter.zone) || isForeign(domain, setter))) return true
  }
  return false
}

function halves(attribute: string): [string, string] {
  const at = attribute.indexOf('=')
  return at < 0 ? [attribute.trim(), ''] : [attribute.slice(0, at).trim(), attribute.slice(at + 1).trim()]
}

function covers(domain: string, zone: string): boolean {
  return !PLAIN.test(domain) || domain === zone || zone.endsWith(`.${domain}`)
}

/** Who has `blog.example.org` need not have `example.org`: others of that domain may be anywhere, also in this house. */
function isForeign(domain: string, { zone, host, site }: Setter): boolean {
  if (site === null || host === zone || host.endsWith(`.${zone}`)) return false
  for (const entry of site.entries) if (entry.host === domain) return false
  return true
}

/** A name as RFC 6265 section 4.1.2.3 wants it. Browsers have decoded and mapped others, each its own way: nobody here can tell where they lead. */
const PLAIN = /^[a-z0-9._-]+$/
