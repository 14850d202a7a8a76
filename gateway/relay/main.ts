// The relay process: the only one that sees visitors' bytes. Started by the supervisor, one per core, with the listening sockets inherited.
import { briefed, ready } from '../../wire/child.ts'
import { places } from '../../wire/house.ts'
import { logger } from '../../wire/log.ts'
import { fitted, openFiles } from './descriptors.ts'
import { linkTo, type Link } from './control.ts'
import { Journal } from './access/journal.ts'
import { Relay } from './relay.ts'
import { SETTINGS } from './settings.ts'
import { readCertificates, readSnapshot } from './snapshot.ts'
import type { ToRelay } from '../messages.ts'

const log = logger('relay')
let stop = async (): Promise<void> => {}
const { house, index, fds } = await briefed(() => stop())
const where = places(house.data)
const share = Math.max(2, Math.floor(SETTINGS.perPod / house.workers))
const journal = new Journal({ directory: where.access, worker: index, warn: (dropped, why) => log.warn({ dropped, why }, 'lines of access logs were lost') })
const files = await openFiles()
const fit = fitted(files, SETTINGS)
if (fit !== null) log.warn({ files, ...fit }, 'few files may be open: the relay takes fewer connections')
const relay = new Relay({ journal, settings: { perPod: share, splices: Math.max(8, Math.floor(SETTINGS.splices / house.workers)), ...fit }, trustedProxies: house.trustedProxies, proxyProtocol: house.proxyProtocol, h2c: house.h2c, ipv6Prefix: house.ipv6Prefix, redirectHttps: house.redirectHttps, tell: message => link.tell(message) })
const tabled = Promise.withResolvers<void>()
const certified = Promise.withResolvers<void>()

const snapshot = await readSnapshot(where.routesSnapshot)
if (snapshot !== null) {
  relay.replace(snapshot.version, snapshot.zone, snapshot.routes)
  tabled.resolve()
}
const sealed = await readCertificates(where.certificatesSnapshot)
if (sealed !== null) {
  relay.obey({ type: 'tickets', key: sealed.ticketKey })
  relay.obey({ type: 'certificates', certificates: sealed.certificates })
  certified.resolve()
}
const link: Link = linkTo(where.routesSocket, index, relay.settings, message => obey(message))
const counts = setInterval(() => relay.report(), relay.settings.counts)
stop = async () => {
  await relay.leave()
  clearInterval(counts)
  relay.report()
  link.close()
  await journal.close()
}
await Promise.all(fds.http.map(fd => relay.listen({ fd })))
await Promise.all((fds.sides ?? []).map((fd, slot) => relay.listenSide({ fd }, slot)))
await tabled.promise
// Without certificates there is nothing to say over TLS: until they come, the kernel keeps who connects.
void certified.promise.then(() => Promise.all(fds.https.map(fd => relay.listenTls({ fd }))))
ready()
log.info({ worker: index, routes: relay.table.size }, 'relay serves')

function obey(message: ToRelay): void {
  relay.obey(message)
  if (message.type === 'table') tabled.resolve()
  if (message.type === 'certificates') certified.resolve()
}

