// The HTTP API: every resource, on both doors. What each call does is beside it; the table of all is below and at /api/openapi.json.
//
// For scripts and pages                                   For the command line and administrators (role admin, or the admin socket)
//   POST   /api/accounts {username,password,invite?}        GET    /api/accounts
//   GET POST DELETE /api/session                            PATCH  /api/accounts/NAME {state?:"active"|"suspended",reason?,role?,password?}
//   PUT    /api/account/password {current,password}         DELETE /api/accounts/NAME
//   GET PATCH DELETE /api/account  GET /api/account/export  POST   /api/accounts/import {people}   a class: names and passwords made
//   GET DELETE /api/sessions  DELETE /api/sessions/ID       GET    /api/house   /api/reports   POST /api/reports/ID/close
//   POST   /api/reports {host,kind,text,contact?}
//   GET POST /api/tokens   DELETE /api/tokens/ID            POST   /api/accounts {…,role?}      whatever the sign-up mode
//   GET    /api/names/NAME                                  GET POST /api/invites {uses?}
//   GET POST /api/sites    GET PATCH DELETE /api/sites/NAME GET    /api/sites                    all of them, with `owner`
//   PUT    /api/sites/NAME/content  (zip or tar.gz)         POST   /api/sites {…,owner}
//   POST   /api/sites/NAME/wake  /restart                   DELETE /api/sites/NAME?purge=1       without a final backup
//   POST   /api/sites/NAME/sleep {tier?}                    GET    /api/images
//   POST   /api/sites/NAME/database/rotate                 GET PUT /api/zone/records
//   GET PUT /api/sites/NAME/records
//   GET    /nic/update?hostname=…&myip=…                    Basic: username, token
//   POST   /api/sites/NAME/ports {port,proxyProtocol?}    DELETE /api/sites/NAME/ports/PORT   PATCH /api/sites/NAME {…,mostPorts}
//   GET POST /api/sites/NAME/domains {domain,www?}
//   PATCH DELETE …/domains/DOMAIN {canonical}   POST …/domains/DOMAIN/check
//   POST   /api/sites/NAME/rollback {release}               POST   /api/images/NAME/build        streams its progress as text
//   GET    /api/sites/NAME/logs[?follow=1][&source=access]  POST   /api/images/NAME/roll         JSON lines
//   GET    /api/sites/NAME/events   /wakes                  PUT    /api/images/NAME/pin {version}   DELETE /api/images/NAME[@VERSION]   …/pin
//                                                           GET    /api/audit[?most=100]
//   GET POST /api/sites/NAME/files[?path=]   GET PUT …/file?path=   a directory and its changes; a file (If-Match: its ETag)
//   GET PUT /api/sites/NAME/backup                          GET    /api/routes   /api/routes/events
//   GET    /api/backups   GET DELETE /api/backups/ID        GET    /api/backups                  all of them, with `owner`
//   POST   /api/backups/ID/restore {name?}                  GET    /api/house/registry   /api/house/certificates   on the admin socket alone
//   GET    /healthz                                         GET    /healthz                      with the parts, on the admin socket
//   POST   /api/sites/NAME/exec?command=ls&command=-l[&tty=1&columns=80&rows=24]
//                                                          GET    /api/certificates   /api/authority[?form=p12]   /metrics[?sites=1]
//          with `Connection: Upgrade` and `Upgrade: auberge-exec`; after 101 the socket carries the frames of provisioner/exec.ts.
import swagger from '@fastify/swagger'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'
import { addAccount } from './account.ts'
import { addAccounts } from './accounts.ts'
import { addAcme } from './acme.ts'
import { addAudit } from './audit.ts'
import { addClass } from './class.ts'
import { addBackup } from './backup.ts'
import { addCertificates } from './certificates.ts'
import { addConsole } from './console.ts'
import { addContent } from './content.ts'
import { addDatabase } from './database.ts'
import { addDnssec } from './dnssec.ts'
import { addDomains } from './domains.ts'
import { addDyndns } from './dyndns.ts'
import { addEvents } from './events.ts'
import { addExec } from './exec.ts'
import { addFiles } from './files.ts'
import { addFinals } from './finals.ts'
import { addHealth } from './health.ts'
import { addHouse } from './house.ts'
import { addImages } from './images.ts'
import { addInvites } from './invites.ts'
import { addLogs } from './logs.ts'
import { addMetrics } from './metrics.ts'
import { addNames } from './names.ts'
import { addOpenapi, DESCRIPTION } from './openapi.ts'
import { addReports } from './reports.ts'
import { addPorts } from './ports.ts'
import { addPower } from './power.ts'
import { addRecords } from './records.ts'
import { addRoutes } from './routes.ts'
import { addSession } from './session.ts'
import { addSessions } from './sessions.ts'
import { addSites } from './sites.ts'
import { addTools } from './tools.ts'
import { addTokens } from './tokens.ts'

const RESOURCES = [
  addHealth, addOpenapi, addClass, addAccounts, addAccount, addSession, addSessions, addTokens, addNames, addSites, addContent, addPower, addPorts, addDatabase, addDomains, addRecords, addDyndns, addLogs, addEvents, addBackup, addFinals, addHouse,
  addFiles, addExec, addConsole, addTools, addRoutes, addInvites, addReports, addImages, addAudit, addCertificates, addAcme, addMetrics,
  addDnssec,
]

/** Adds every resource; bodies are JSON here, and an empty one is none. */
export async function addApi(app: App, { room }: { room: Room }): Promise<void> {
  await app.register(swagger, DESCRIPTION)
  takeJson(app)
  for (const add of RESOURCES) await app.register(async scope => add(scope as App, room))
}

function takeJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body as string, done)
  })
}
