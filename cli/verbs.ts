// Which function does which command (bin/commands.mjs names them all). Called by main.ts.
import type { Order } from '../bin/parse.mjs'
import { createAccount, createInvite, deleteAccount, importAccounts, listAccounts, listInvites, removeInvite, resumeAccount, suspendAccount, updateAccount } from './account.ts'
import { renewAcme, revokeAcme, rollOverAcme, showAcme } from './acme.ts'
import { exportAuthority } from './authority.ts'
import { siteDatabase } from './database.ts'
import { deploySite } from './deploy.ts'
import { cancelRoll, confirmDs, rollKey, showDs, withdrawDs } from './dns.ts'
import type { Verb } from './desk.ts'
import { addDomain, canonicalDomain, checkDomain, listDomains, removeDomain } from './domain.ts'
import { execInSite } from './exec.ts'
import { exposePort, unexposePort } from './expose.ts'
import { getFile, listFiles, putFile } from './files.ts'
import { backupHouse } from './house/backup.ts'
import { fetchFinal, listFinals, removeFinal, restoreFinal } from './final.ts'
import { buildImage, listImages, pinImage, removeImage, rollImage, unpinImage } from './image.ts'
import { siteRecords, zoneRecords } from './records.ts'
import { listRoutes } from './routes.ts'
import { createSite, deleteSite, listSites, restartSite, rollbackSite, showSite, sleepSite, wakeSite } from './site.ts'
import { updateSite } from './update.ts'
import { closeReport, listAudit, listReports, listWakes, showHouse } from './watch.ts'
import { backupSite, restoreSite, siteLogs } from './streams.ts'

export const VERBS: Record<string, Verb> = {
  'account create': createAccount, 'account list': listAccounts, 'account suspend': suspendAccount, 'account resume': resumeAccount,
  'account update': updateAccount, 'account import': importAccounts, 'account delete': deleteAccount,
  'invite create': createInvite, 'invite list': listInvites, 'invite remove': removeInvite,
  'house': showHouse, 'audit': listAudit, 'report list': listReports, 'report close': closeReport, 'site wakes': listWakes,
  'site create': createSite, 'site list': listSites, 'site show': showSite, 'site deploy': deploySite, 'site rollback': rollbackSite, 'site update': updateSite,
  'site wake': wakeSite, 'site sleep': sleepSite, 'site restart': restartSite, 'site exec': execInSite, 'site logs': siteLogs,
  'site expose': exposePort, 'site unexpose': unexposePort,
  'site database': siteDatabase, 'site records': siteRecords, 'zone records': zoneRecords, 'site backup': backupSite, 'site restore': restoreSite, 'site delete': deleteSite,
  'site files': listFiles, 'site get': getFile, 'site put': putFile,
  'site domain add': addDomain, 'site domain list': listDomains, 'site domain check': checkDomain, 'site domain canonical': canonicalDomain, 'site domain remove': removeDomain,
  'final list': listFinals, 'final fetch': fetchFinal, 'final restore': restoreFinal, 'final remove': removeFinal,
  'dns ds': showDs, 'dns roll': rollKey, 'dns confirm': confirmDs, 'dns cancel': cancelRoll, 'dns withdraw': withdrawDs,
  'acme show': showAcme, 'acme renew': renewAcme, 'acme revoke': revokeAcme, 'acme rollover': rollOverAcme,
  'ca export': exportAuthority, 'backup': backupHouse,
  'routes': listRoutes, 'image build': buildImage, 'image list': listImages, 'image remove': removeImage,
  'image roll': rollImage, 'image pin': pinImage, 'image unpin': unpinImage,
}

/** The command's function; every command of a house has one. */
export function verbOf({ command }: Order): Verb {
  const verb = VERBS[command]
  if (verb === undefined) throw new Error(`${command} has no verb`)
  return verb
}
