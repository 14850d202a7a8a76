// The pages: plain HTML from templates, forms that POST and redirect, errors at the field. Everything works without JavaScript.
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { notFound } from '../app.ts'
import { addVendor, assetsPrefix, KEEP, PUBLIC } from '../assets.ts'
import { fault, prepareFault, sayFault } from '../faults.ts'
import { needOrigin } from '../gate.ts'
import type { Room } from '../parts.ts'
import { addAccountPage } from './account.ts'
import { addAdminAccount } from './admin/account.ts'
import { addAdminAccounts } from './admin/accounts.ts'
import { addAdminAudit } from './admin/audit.ts'
import { addAdminCertificates } from './admin/certificates.ts'
import { addAdminClass } from './admin/class.ts'
import { addAdminDns } from './admin/dns.ts'
import { addAdminHouse } from './admin/house.ts'
import { addAdminImages } from './admin/images.ts'
import { addReportPages } from './admin/reports.ts'
import { addAdminRoutes } from './admin/routes.ts'
import { addBackupsPage } from './backups.ts'
import { addDescribe } from './describe.ts'
import { addFirst } from './first.ts'
import { addFront } from './front.ts'
import { addLanguage } from './language.ts'
import { addSignIn } from './signin.ts'
import { addSignUp } from './signup.ts'
import { addSitePage } from './site/show.ts'
import { addDomainForms } from './site/domains.ts'
import { addFileForms } from './site/file-forms.ts'
import { addSiteForms } from './site/forms.ts'
import { addSitePoints } from './site/points.ts'
import { addPortForms } from './site/port-forms.ts'
import { addSiteSettings } from './site/settings.ts'
import { addSitesPage } from './sites.ts'
import { openViews, type Views } from './views.ts'

const PAGES = [
  addFront, addFirst, addSignUp, addSignIn, addSitesPage, addSitePage, addSiteForms, addFileForms, addDomainForms, addSitePoints, addSiteSettings, addPortForms, addBackupsPage, addAccountPage, addLanguage, addReportPages,
  addAdminRoutes, addAdminHouse, addAdminAccounts, addAdminAccount, addAdminClass, addAdminImages, addAdminDns, addAdminCertificates, addAdminAudit,
]

export async function addPages(app: App, { room }: { room: Room }): Promise<void> {
  const assets = assetsPrefix()
  const views = openViews(room, assets)
  await app.register(formbody)
  await app.register(multipart, { limits: { files: 1, fields: 10, parts: 11 } })
  await app.register(serveAssets, { assets })
  app.addHook('onRequest', async request => { if (!isApi(request)) needOrigin(request) })
  app.setErrorHandler((thrown, request, reply) => showFault(views, thrown, request, reply))
  app.setNotFoundHandler((request, reply) => isApi(request) ? notFound(request, reply) : views.notFound(request, reply))
  for (const add of [...PAGES, addDescribe]) add(app, room, views)
}

async function serveAssets(app: App, { assets }: { assets: string }): Promise<void> {
  addVendor(app, assets)
  await app.register(fastifyStatic, {
    root: PUBLIC, prefix: `${assets}/`, index: false, cacheControl: false,
    setHeaders: reply => { reply.header('cache-control', KEEP) },
  })
}

function isApi(request: FastifyRequest): boolean {
  return /^\/(api|nic|healthz|metrics)(\/|\?|$)/.test(request.url)
}

/** Who isn't signed in is sent to do that, and comes back; everything else is a page that says what happened. */
function showFault(views: Views, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = fault(thrown)
  if (error.code === 'unauthenticated' && request.method === 'GET') return reply.redirect(`/signin?next=${encodeURIComponent(request.url)}`, 303)
  prepareFault(error, request, reply)
  if (error.code === 'not_found') return views.notFound(request, reply)
  return views.show(request, reply, 'error', { message: sayFault(error, request.language) })
}
