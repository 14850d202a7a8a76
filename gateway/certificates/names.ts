// Which leaf a host of the house is served with. Pure; called by certificates.ts.

/** The names of the leaf for `host`, the first being its own; null where our authority signs none: outside the zone. */
export function namesFor(zone: string, host: string): string[] | null {
  if (!isIn(zone, host)) return null
  if (!zone.includes('.')) return host === 'localhost' ? ['localhost', '127.0.0.1', '::1'] : [host]
  // No client accepts a wildcard below a single label, and none lets it stand for two (RFC 6125, 6.4.3).
  const label = host === zone ? '' : host.slice(0, -zone.length - 1)
  return label.includes('.') ? [host] : [zone, `*.${zone}`]
}

/** Whether a host is the zone's apex or below it. */
export function isIn(zone: string, host: string): boolean {
  return host === zone || host.endsWith(`.${zone}`)
}
