// auberge site update: image, limits, environment, PHP settings, start command, egress, and where a name points, each given as a change to what is.
import type { Readable } from 'node:stream'
import { UsageError } from '../bin/usage.mjs'
import { argument, answer, type Desk } from './desk.ts'
import { describe, sitePath, type SiteView } from './site.ts'

type Values = Record<string, string>

export async function updateSite(desk: Desk): Promise<void> {
  const { options } = desk.order
  const change = { ...simple(options), ...await settings(desk) }
  if (Object.keys(change).length === 0) throw new UsageError('site update: nothing to change; give --image, --memory, --cpu, --disk, --database, --env, --php, --start, --egress, --ports, --www or --address')
  const site = await desk.admin.json<SiteView>('PATCH', sitePath(desk), { json: change })
  answer(desk, site, () => `${describe(site)}${site.restartNeeded ? `It goes on as it is until it next starts: auberge site restart ${argument(desk, 'NAME')}\n` : ''}`)
}

/** What needs no look at how the site is. */
function simple(options: Map<string, unknown>): object {
  const limits = Object.fromEntries(['memory', 'cpu', 'disk', 'database'].flatMap(name => (options.has(name) ? [[name, Number(options.get(name))]] : [])))
  return {
    ...(options.has('image') ? { image: String(options.get('image')) } : {}),
    ...(options.has('start') ? { start: String(options.get('start')) } : options.has('unset-start') ? { start: null } : {}),
    ...(options.has('www') ? { www: true } : options.has('unset-www') ? { www: false } : {}),
    ...(options.has('address') ? { addresses: options.get('address') } : {}),
    ...(options.has('egress') ? { egress: String(options.get('egress')) } : {}),
    ...(options.has('ports') ? { mostPorts: Number(options.get('ports')) } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  }
}

/** Environment and PHP settings are replaced whole by the API, so what stays is sent along. */
async function settings(desk: Desk): Promise<{ env?: Values; php?: Values }> {
  const { options } = desk.order
  const lines = options.has('env-stdin') ? await assignments(desk.input) : []
  const wanted = { env: [...lines, ...given(options, 'env')], php: given(options, 'php') }
  const unwanted = { env: names(options, 'unset-env'), php: names(options, 'unset-php') }
  const changed = (['env', 'php'] as const).filter(each => wanted[each].length + unwanted[each].length > 0)
  if (changed.length === 0) return {}
  const site = await desk.admin.json<SiteView>('GET', sitePath(desk))
  return Object.fromEntries(changed.map(each => [each, merged(site[each], wanted[each], unwanted[each])]))
}

/** Pure. */
export function merged(values: Values, wanted: [string, string][], unwanted: string[]): Values {
  return { ...Object.fromEntries(Object.entries(values).filter(([key]) => !unwanted.includes(key))), ...Object.fromEntries(wanted) }
}

const given = (options: Map<string, unknown>, name: string): [string, string][] => (options.get(name) ?? []) as [string, string][]
const names = (options: Map<string, unknown>, name: string): string[] => (options.get(name) ?? []) as string[]

/** Lines of KEY=VALUE; empty ones and those that begin with # say nothing. */
async function assignments(input: Readable): Promise<[string, string][]> {
  let text = ''
  for await (const chunk of input) text += String(chunk)
  return text.split(/\r?\n/).filter(line => line !== '' && !line.startsWith('#')).map((line, index) => {
    const at = line.indexOf('=')
    if (at < 1) throw new UsageError(`site update: line ${index + 1} of standard input is not KEY=VALUE`)
    return [line.slice(0, at), line.slice(at + 1)]
  })
}
