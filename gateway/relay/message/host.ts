// Reads a Host field or an authority (RFC 9110 section 4.2, 7.2) and makes the routing table's key of it.
import { apart } from './syntax.ts'

/** Either the key (lower case, no port, no trailing dot) or null where the text isn't `host` or `host:port`. User info, spaces, garbage: null. */
export function routingKey(authority: string): string | null {
  const cached = recent.get(authority)
  if (cached !== undefined) return cached
  const own = apart(authority)
  const key = read(own)
  if (key === null) return null
  if (recent.size >= MOST) recent.clear()
  recent.set(own, key)
  return key
}

const MOST = 4_096
/** Hosts come again and again; reading one costs more than looking it up. */
const recent = new Map<string, string>()

const NAME = /^([a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_])?)\.?(?::([0-9]{0,5}))?$/i
const IPV6 = /^(\[[0-9a-f:.]{2,45}\])(?::([0-9]{0,5}))?$/i

function read(authority: string): string | null {
  const match = NAME.exec(authority) ?? IPV6.exec(authority)
  if (match === null || Number(match[2] ?? 0) > 65_535 || match[1]?.includes('..')) return null
  return match[1]?.toLowerCase() ?? null
}
