// auberge site …: what is one call and an answer. Deploying, running commands and streams are in deploy.ts, exec.ts and streams.ts.
import { UsageError } from '../bin/usage.mjs'
import { AubergeError } from '../wire/error.ts'
import { argument, answer, type Desk } from './desk.ts'
import { moment, sheet, size, table } from './table.ts'

type Limits = { memory: number; cpu: number; disk: number; pids: number; database: number }
type DatabaseAccess = { host: string; port: number; name: string; user: string; password: string }
export type SiteView = {
  name: string; url: string; state: string; owner: string; kind: string; image: string | null; ipv4: string[]; ipv6: string[]; limits: Limits | null
  imageVersion: string | null; restartNeeded: boolean; env: Record<string, string>; php: Record<string, string>; start: string | null; egress: 'internet' | 'none' | null
  ports: { port: number; proxyProtocol: boolean }[]; mostPorts: number
  usage?: { memory: number; disk: number; database: number | null } | null; database: DatabaseAccess | null; release: string | null; releases: string[]; createdAt: number; failure?: string | null
  lastWake?: { at: number; ms: number; cause: Cause } | null; awake?: { since: number; because: Reason[] } | null
}
type Cause = { by: 'visitor'; method: string; path: string; agent: string } | { by: 'owner' | 'admin' | 'cron' }
type Reason = { what: 'requests' | 'commands'; count: number } | { what: 'recent'; until: number }

/** The API's path of the site that was named. */
export function sitePath(desk: Desk): string {
  return `/api/sites/${encodeURIComponent(argument(desk, 'NAME'))}`
}

export async function createSite(desk: Desk): Promise<void> {
  const owner: string | undefined = desk.order.options.get('owner')
  const image: string | undefined = desk.order.options.get('image')
  if (owner === undefined) throw new UsageError('site create: --owner is missing: auberge site create NAME --owner ACCOUNT')
  const addresses: string[] | undefined = desk.order.options.get('address')
  const kind = addresses === undefined ? {} : { kind: 'external', addresses }
  const json = { name: argument(desk, 'NAME'), owner, ...(image === undefined ? {} : { image }), ...kind }
  answer(desk, await desk.admin.json<SiteView>('POST', '/api/sites', { json }), site => (site.kind === 'site' ? `${site.url} is ready.` : `${site.name} points at ${[...site.ipv4, ...site.ipv6].join(', ')}.`))
}

export async function listSites(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<SiteView[]>('GET', '/api/sites'), sites =>
    table(['NAME', 'STATE', 'OWNER', 'IMAGE', 'URL'], sites.map(site => [site.name, site.state, site.owner, site.image, site.url]), 'no sites'))
}

export async function showSite(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<SiteView>('GET', sitePath(desk)), describe)
}

export async function wakeSite(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<SiteView>('POST', `${sitePath(desk)}/wake`), stateLine)
}

export async function sleepSite(desk: Desk): Promise<void> {
  const tier = String(desk.order.options.get('tier') ?? 'asleep')
  answer(desk, await desk.admin.json<SiteView>('POST', `${sitePath(desk)}/sleep`, { json: { tier } }), stateLine)
}

export async function restartSite(desk: Desk): Promise<void> {
  answer(desk, await desk.admin.json<SiteView>('POST', `${sitePath(desk)}/restart`), stateLine)
}

export async function deleteSite(desk: Desk): Promise<void> {
  if (!desk.order.options.has('yes')) throw new UsageError(`site delete: add --yes to remove ${argument(desk, 'NAME')} and free its name`)
  const purge = desk.order.options.has('purge')
  await desk.admin.json('DELETE', `${sitePath(desk)}?purge=${purge ? 1 : 0}`)
  answer(desk, { deleted: argument(desk, 'NAME') }, each => `Site ${each.deleted} deleted; ${purge ? 'nothing of it is left' : 'its final backup is kept for 30 days: auberge final list'}.`)
}

function stateLine(site: SiteView): string {
  return `${site.name} is ${site.state}.`
}

/** Goes back to the release that was named, else to the one before the present one. */
export async function rollbackSite(desk: Desk): Promise<void> {
  const release = desk.order.args.RELEASE ?? earlier(await desk.admin.json<SiteView>('GET', sitePath(desk)))
  answer(desk, await desk.admin.json<{ release: string }>('POST', `${sitePath(desk)}/rollback`, { json: { release } }), each => `${argument(desk, 'NAME')} now shows release ${each.release}.`)
}

function earlier({ name, release, releases }: SiteView): string {
  const found = release === null ? releases.at(-1) : releases[releases.indexOf(release) - 1]
  if (found === undefined) throw new AubergeError('not_found', `${name} has no release before ${release ?? 'its own files'}; site show lists those it has`)
  return found
}

export function describe(site: SiteView): string {
  const { limits, usage } = site
  return sheet([
    ['name', site.name], ['url', site.url], ['state', site.state], ['failure', site.failure], ['owner', site.owner], ['image', image(site)],
    ['addresses', [...site.ipv4, ...site.ipv6].join(', ')], ['ports', ports(site)], ['release', site.release], ['releases', site.releases?.join(', ')],
    ['php', assignments(site.php)], ['env', assignments(site.env, () => '…')], ['start', site.start], ['egress', site.egress],
    ['memory', limits && `${usage ? `${size(usage.memory)} of ` : ''}${size(limits.memory)}`],
    ['disk', limits && `${usage ? `${size(usage.disk)} of ` : ''}${size(limits.disk)}`],
    ['database', limits && `${usage?.database != null ? `${size(usage.database)} of ` : ''}${size(limits.database)}`],
    ['cpu', limits?.cpu], ['last wake', site.lastWake && `${moment(site.lastWake.at)}, ${Math.round(site.lastWake.ms)} ms, by ${waker(site.lastWake.cause)}`],
    ['awake', site.awake && `since ${moment(site.awake.since)}: ${site.awake.because.map(reason).join(', ')}`], ['since', moment(site.createdAt)],
  ])
}

/** Those that are open, and how many its owner may open. */
function ports({ ports, mostPorts }: SiteView): string | null {
  const open = ports.map(({ port, proxyProtocol }) => `${port}${proxyProtocol ? ' (PROXY protocol)' : ''}`).join(', ')
  return open === '' && mostPorts === 0 ? null : `${open || 'none open'}; its owner may open ${mostPorts}`
}

function waker(cause: Cause): string {
  if (cause.by !== 'visitor') return { owner: 'its owner', admin: 'an administrator', cron: 'its timetable' }[cause.by]
  const who = { browser: 'a browser', robot: 'a robot', tool: 'a program' }[cause.agent] ?? 'a visitor'
  return `${who} that asked for ${cause.method} ${cause.path}`
}

/** Why it is awake now. */
function reason(one: Reason): string {
  if (one.what === 'recent') return `it was used a short time ago and sleeps at ${moment(one.until)} if nobody comes`
  return one.what === 'requests' ? `${one.count} in flight (requests, WebSockets, event streams)` : `${one.count} commands run in it`
}

/** What it is set to, and what it runs on where that differs. */
function image({ image, imageVersion, restartNeeded }: SiteView): string | null {
  if (image === null || imageVersion === null || imageVersion === image) return restartNeeded ? `${image} (restart it to take over changes)` : image
  return `${image} (runs on ${imageVersion}${restartNeeded ? '; restart it to take over changes' : ''})`
}

function assignments(values: Record<string, string>, shown = (value: string) => value): string {
  return Object.entries(values).map(([key, value]) => `${key}=${shown(value)}`).join(' ')
}
