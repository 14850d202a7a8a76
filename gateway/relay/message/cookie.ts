// The Set-Cookie guard: a site may set cookies for itself, not for the zone it shares with others. Called by response.ts.

/** Whether a Set-Cookie value has a Domain attribute that is `zone` or a parent of it, or may be. */
export function reachesZone(value: string, zone: string): boolean {
  if (value.length < 8 || zone === '') return false
  const attributes = value.toLowerCase().split(';')
  for (let i = 1; i < attributes.length; i++) {
    const [name, domain] = halves(attributes[i] ?? '')
    if (name === 'domain' && covers(domain, zone)) return true
  }
  return false
}

function halves(attribute: string): [string, string] {
  const at = attribute.indexOf('=')
  return at < 0 ? [attribute.trim(), ''] : [attribute.slice(0, at).trim(), attribute.slice(at + 1).trim()]
}

function covers(domain: string, zone: string): boolean {
  const bare = domain.replace(/^"|"$/g, '').replace(/^\.+|\.+$/g, '')
  return bare !== '' && (!PLAIN.test(bare) || bare === zone || zone.endsWith(`.${bare}`))
}

/** A name as RFC 6265 section 4.1.2.3 wants it. Browsers have decoded and mapped others, each its own way: nobody here can tell where they lead. */
const PLAIN = /^[a-z0-9._-]+$/
