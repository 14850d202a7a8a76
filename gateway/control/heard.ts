// Makes messages of relays out of lines. A relay sees visitors' bytes, so it is believed no more than it must be. Called by push.ts.
import type { Upstream, WakeCause } from '../../registry/types.ts'
import type { FromRelay, SiteCount } from '../messages.ts'

const AGENTS = ['browser', 'robot', 'tool', 'none'] as const
const LONGEST = 256

/** The message of a line, or null for one that none of our relays would send. Who woke a site is always a visitor. */
export function heard(line: unknown): FromRelay | null {
  if (!isObject(line)) return null
  switch (line.type) {
    case 'hello': return isCount(line.worker) ? { type: 'hello', worker: line.worker } : null
    case 'applied': return isCount(line.version) ? { type: 'applied', version: line.version } : null
    case 'closed': return closed(line)
    case 'wake': return isName(line.site) ? { type: 'wake', site: line.site, cause: cause(line.cause) } : null
    case 'unwanted': return isName(line.site) ? { type: 'unwanted', site: line.site } : null
    case 'down': return isName(line.site) && isUpstream(line.upstream) ? { type: 'down', site: line.site, upstream: line.upstream } : null
    case 'counts': return Array.isArray(line.counts) && line.counts.every(isSiteCount) ? { type: 'counts', counts: line.counts } : null
    case 'meter': return isNumbers(line.counts) && isNumbers(line.gauges) ? { type: 'meter', counts: line.counts, gauges: line.gauges } : null
    default: return null
  }
}

function closed({ id, site, inFlight }: Record<string, unknown>): FromRelay | null {
  return isCount(id) && isName(site) && isCount(inFlight) ? { type: 'closed', id, site, inFlight } : null
}

function cause(input: unknown): WakeCause {
  const { method, path, agent } = isObject(input) ? input : {}
  return { by: 'visitor', method: short(method), path: short(path), agent: AGENTS.find(one => one === agent) ?? 'none' }
}

function short(input: unknown): string {
  return typeof input === 'string' ? input.slice(0, LONGEST) : ''
}

function isSiteCount(input: unknown): input is SiteCount {
  return isObject(input) && isName(input.host) && isCount(input.requests) && isCount(input.inFlight) && isCount(input.lastRequestAt)
}

/** Few names, and none that could be anything but one of ours. */
function isNumbers(input: unknown): input is Record<string, number> {
  if (!isObject(input)) return false
  const entries = Object.entries(input)
  return entries.length <= 128 && entries.every(([name, value]) => /^[a-z0-9_.]{1,40}$/.test(name) && isCount(value))
}

function isUpstream(input: unknown): input is Upstream {
  return isObject(input) && ((isName(input.address) && isCount(input.port)) || typeof input.path === 'string')
}

function isName(input: unknown): input is string {
  return typeof input === 'string' && input.length > 0 && input.length < LONGEST
}

function isCount(input: unknown): input is number {
  return typeof input === 'number' && Number.isFinite(input) && input >= 0
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null
}
