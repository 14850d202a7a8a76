// Where the packages of an image come from: the host's own apt sources and the host's own way to fetch. Called by build.
import { readdirSync, readFileSync } from 'node:fs'
import { execa } from 'execa'

/**
 * Paths of the host's apt sources that offer `suite`; other repositories have no business in an image.
 * Empty where the host has none: then mmdebstrap's own default is used.
 */
export function sourcesFor(suite: string, etc = '/etc/apt'): string[] {
  const parts = names(`${etc}/sources.list.d`).filter(name => /\.(list|sources)$/.test(name)).sort()
  return [`${etc}/sources.list`, ...parts.map(name => `${etc}/sources.list.d/${name}`)].filter(path => offers(path, suite))
}

/** apt settings of the host that say how to fetch (proxies, retries, checks), as an apt.conf. */
export async function fetchSettings(): Promise<string> {
  const { stdout } = await execa('apt-config', ['dump'])
  return stdout.split('\n').filter(line => /^Acquire::(?:https?|ftp|Retries|Check-)[^ ]* "/.test(line)).join('\n') + '\n'
}

function offers(path: string, suite: string): boolean {
  const lines = read(path).split('\n').filter(line => !line.trimStart().startsWith('#'))
  const main = /\bmain\b/.test(lines.join('\n'))
  return main && lines.some(line => /^(?:deb|Suites:)\s/.test(line) && line.split(/\s+/).some(word => word === suite || word.startsWith(`${suite}-`)))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
