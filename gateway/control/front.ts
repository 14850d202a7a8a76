// The front desk itself: each verb of desk.ts as a few steps of the parts. Made by assemble.ts, called by the panel and the command line.
import type { Account } from '../../registry/types.ts'
import { parseEgress, parseEnv, parseImage, parseImageName, parseLimits, parseStart } from '../../registry/parse.ts'
import { parsePhp } from '../../registry/php.ts'
import { growth } from '../../registry/quotas.ts'
import type { SiteChange } from '../../registry/registry.ts'
import { AubergeError } from '../../wire/error.ts'
import type { Admission } from './admission.ts'
import { asPkcs12 } from '../certificates/x509.ts'
import type { Desk, SiteView } from '../desk.ts'
import { restoreSite } from './backup/restore.ts'
import { acmeVerbs, acmeView } from './acme.ts'
import { contentVerbs } from './content.ts'
import { condition } from './condition.ts'
import { createSite } from './create.ts'
import { domainVerbs } from './domains/verbs.ts'
import type { Domains } from './domains/domains.ts'
import { repoint } from './dynamic.ts'
import { allow, expose, unexpose } from './expose.ts'
import { health } from './health.ts'
import type { Keeper } from './keeper.ts'
import { podOf, pods, reserved, siteOf, specOf, type Parts } from './parts.ts'
import { patiently } from './patience.ts'
import { recordVerbs } from './records.ts'
import { deleteSite } from './remove.ts'
import type { Sleeps } from './sleeps.ts'
import { byOf, restart, restartForRelease } from './restart.ts'
import { finalVerbs } from './revive.ts'
import { Rolls } from './roll.ts'
import { rotateDatabase } from './rotate.ts'
import { secondariesOf } from './secondaries.ts'
import { followAccount } from './suspend.ts'
import { toolVerbs } from './tools.ts'
import { routeViews, siteView } from './views.ts'
import type { Wakes } from './wakes.ts'
import { watchRoutes } from './watching.ts'

export type FrontParts = Parts & { wakes: Wakes; sleeps: Sleeps; keeper: Keeper; domains: Domains; admission: Pick<Admission, 'waiting'> }

/** The desk of a house whose parts are these. */
export function frontDesk(parts: FrontParts): Desk {
  const { registry, states, table } = parts
  const rolls = new Rolls(parts)
  const view = (name: string): SiteView => siteView(parts, reserved(parts, name))
  const whole = async (name: string): Promise<SiteView> => {
    const seen = view(name)
    return seen.kind === 'site' ? { ...seen, usage: await usageOf(parts, name), database: states.get(name)?.pod?.database ?? null } : seen
  }
  const record = (actor: Account, action: string, subject: string, detail?: string): void => {
    registry.audit.add({ actor: actor.username, action, subject, ...(detail === undefined ? {} : { detail }) })
  }
  return {
    ...contentVerbs(parts, record, (actor, name) => restartForRelease(parts, name, byOf(actor, registry.reservations.get(name)?.owner))),
    ...finalVerbs(parts, record),
    ...domainVerbs(parts),
    ...recordVerbs(parts, record, name => parts.domains.lead(name)),
    ...toolVerbs(parts, record),
    repoint: repoint(parts, record),
    async restore(actor, name, body) {
      const from = await restoreSite(parts, actor, { name, body, trust: 'account' })
      record(actor, 'site.restore', name, from === name ? undefined : `from a backup of ${from}`)
    },
    createSite: async (actor, request) => siteView(parts, await createSite(parts, actor, request)),
    async view(name, { usage = false } = {}) {
      return usage ? await whole(name) : view(name)
    },
    list: owner => registry.reservations.list(owner?.id).filter(({ phase }) => phase === 'held' || phase === 'creating').map(one => siteView(parts, one)),
    wakes: async name => { siteOf(parts, name); return await parts.diary.last(name) },
    history: async name => { siteOf(parts, name); return await parts.history.of(name) },
    async updateSite(actor, name, change) {
      const { wakeForRobots, mostPorts, ...spec } = change
      if (mostPorts !== undefined) allow(parts, name, mostPorts)
      if (wakeForRobots !== undefined) await invite(parts, name, wakeForRobots)
      if (Object.keys(spec).length > 0) await update(parts, name, spec)
      record(actor, 'site.update', name, Object.keys(change).join(' '))
      return view(name)
    },
    deleteSite: (actor, name, { purge = false } = {}) => deleteSite(parts, actor, name, purge),
    async wake(actor, name) {
      siteOf(parts, name)
      await parts.wakes.wake(name, { by: byOf(actor, registry.reservations.get(name)?.owner) })
      await parts.relays.settled(table.version)
      return view(name)
    },
    async sleep(_actor, name, tier = 'frozen') {
      siteOf(parts, name)
      await parts.sleeps.sleep(name, tier)
      await parts.relays.settled(table.version)
      return view(name)
    },
    async restart(actor, name) {
      await restart(parts, name, byOf(actor, registry.reservations.get(name)?.owner), { force: true })
      record(actor, 'site.restart', name)
      return view(name)
    },
    async expose(actor, name, port, { proxyProtocol = false } = {}) {
      await expose(parts, actor, name, { port, proxyProtocol })
      record(actor, 'site.expose', name, String(port))
      return view(name)
    },
    async unexpose(actor, name, port) {
      await unexpose(parts, name, port)
      record(actor, 'site.unexpose', name, String(port))
      return view(name)
    },
    async rotateDatabase(actor, name) {
      await rotateDatabase(parts, name, byOf(actor, registry.reservations.get(name)?.owner), (name, change) => update(parts, name, change))
      record(actor, 'site.database.rotate', name)
      return await whole(name)
    },
    watch(name, each, signal) {
      states.watch(name, () => {
        if (!states.get(name)) each(null)
        else if (registry.reservations.get(name)) each(siteView(parts, reserved(parts, name)))
      }, signal)
    },
    accountChanged: account => followAccount(parts, account),
    routes: () => routeViews(parts, table.all()),
    watchRoutes: (each, signal) => watchRoutes(parts, each, signal),
    images: async () => await pods(parts).images(),
    buildImage: async (name, options) => await pods(parts).buildImage(parseImageName(name), options),
    removeImage: async name => await pods(parts).removeImage(parseImage(name)),
    pinImage: async (name, version) => await pods(parts).pinImage(parseImageName(name), version),
    rollImage: async (actor, name) => await rolls.roll(actor, parseImageName(name)),
    certificates: () => ({ ...parts.certificates?.view() ?? { authority: null, leaves: [] }, acme: parts.acme && acmeView(parts) }),
    ...acmeVerbs(parts, record),
    authority: (form, scope) => authorityOf(parts, form, scope),
    secondaries: () => secondariesOf(parts.house),
    signing: () => parts.signing.view(),
    async signingStep(actor, step) {
      const seen = await parts.signing[step]()
      record(actor, `dnssec.${step}`, seen.zone, seen.keys.length > 0 ? `key ${seen.keys.at(-1)?.tag}` : seen.note)
      return seen
    },
    condition: () => condition(parts),
    health: () => health(parts, parts.keeper),
    metrics: options => parts.metrics.text(options),
  }
}

const PASSWORD = 'auberge'

function authorityOf({ certificates }: FrontParts, form: 'pem' | 'p12', scope: 'zone' | 'domains' = 'zone'): string | Buffer {
  const certificate = scope === 'zone' ? certificates?.authority : certificates?.domainsAuthority
  if (!certificate && scope === 'domains') throw new AubergeError('unavailable', 'no custom domain of this house has a certificate of its own authority')
  if (!certificate) throw new AubergeError('unavailable', 'this house has no certificate authority of its own (--https off or --acme off)')
  return form === 'pem' ? certificate : asPkcs12(certificate, PASSWORD)
}

async function usageOf(parts: FrontParts, name: string): Promise<SiteView['usage']> {
  const { status } = siteOf(parts, name)
  return status.pod ? await pods(parts).usage(name) : null
}

/** Resolves when every relay knows. */
async function invite(parts: FrontParts, name: string, wakeForRobots: boolean): Promise<void> {
  siteOf(parts, name)
  await parts.turns.run(name, async () => {
    parts.registry.sites.update(name, { wakeForRobots })
    await parts.relays.settled(parts.states.change(name, { wakeForRobots }))
  })
}

/** The registry first, changed back where the provisioner refuses. After a kill in between, reconcile.ts tells the provisioner. */
async function update(parts: FrontParts, name: string, change: Omit<SiteChange, 'wakeForRobots' | 'ports' | 'mostPorts'>): Promise<void> {
  const { site } = siteOf(parts, name)
  const wanted = {
    ...(change.image === undefined ? {} : { image: parseImage(change.image) }),
    ...(change.env === undefined ? {} : { env: parseEnv(change.env) }),
    ...(change.php === undefined ? {} : { php: parsePhp(change.php) }),
    ...(change.start === undefined ? {} : { start: parseStart(change.start) }),
    ...(change.databasePassword === undefined ? {} : { databasePassword: change.databasePassword }),
    ...(change.egress === undefined ? {} : { egress: parseEgress(change.egress) }),
    ...(change.limits === undefined ? {} : { limits: parseLimits(change.limits) }),
  }
  await parts.turns.run(name, async () => {
    const now = siteOf(parts, name).site
    if (wanted.limits !== undefined) parts.registry.quotas.check(now.owner, growth(now.limits, { ...now.limits, ...wanted.limits }))
    const next = parts.registry.sites.update(name, wanted)
    try {
      await podOf(parts, next)
      parts.states.change(name, { pod: await patiently(() => pods(parts).update(site.name, specOf(next))) })
      parts.states.forgive(name)
    } catch (error) {
      parts.registry.sites.update(name, now)
      throw error
    }
  })
}
