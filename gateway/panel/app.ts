// Builds one door of the panel: a Fastify with the gate, the errors, the API and (for visitors) the pages. Called by serve.ts.
import cookie from '@fastify/cookie'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest, type RawReplyDefaultExpression, type RawRequestDefaultExpression, type RawServerDefault, type RouteOptions } from 'fastify'
import { AubergeError } from '../../wire/error.ts'
import { addApi } from './api/all.ts'
import { answerFault } from './faults.ts'
import { admit, admitAgain, recognise } from './gate.ts'
import { secure } from './headers.ts'
import { pickLanguage } from './language/pick.ts'
import { addPages } from './pages/all.ts'
import { MAX_BODY, type Room } from './parts.ts'
import { cutHead, HEAD_LIMIT, refuseFatCookies } from './heads.ts'
import { acceptUpgrades, wantsExec } from './upgrade.ts'

export type App = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>

/** A door that is ready to listen. */
export async function openDoor(room: Room): Promise<App> {
  const app = empty(room)
  decorate(app)
  app.addHook('onRoute', stateAccess)
  await app.register(cookie)
  guard(app, room)
  await app.register(addApi, { room })
  if (room.door === 'visitors') await app.register(addPages, { room })
  else app.setNotFoundHandler(notFound)
  acceptUpgrades(app, room.closing)
  await app.ready()
  return app
}

/** A route that forgets to say who may call it is a defect, found when the panel starts. The pages' assets are everyone's. */
function stateAccess(route: RouteOptions): void {
  if (route.url.startsWith('/assets/')) route.config = { ...route.config, access: 'anyone' }
  if (route.config?.access === undefined) throw new Error(`route ${route.url} states no access`)
}

function empty(room: Room): App {
  const app = fastify({
    loggerInstance: room.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: room.door === 'visitors',
    bodyLimit: MAX_BODY,
    requestTimeout: 0,
    routerOptions: { maxParamLength: 300 },
    http: { maxHeaderSize: HEAD_LIMIT, shouldUpgradeCallback: wantsExec },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    clientErrorHandler: cutHead,
    frameworkErrors: (error, request, reply) => { answerFault(error, asUnknown(request), asReply(reply)) },
  })
  app.setErrorHandler(answerFault)
  // The schemas of answers describe, and the tests hold real answers to them; nobody is refused an answer for want of a description.
  app.setSerializerCompiler(() => data => JSON.stringify(data))
  return app.withTypeProvider<TypeBoxTypeProvider>()
}

/** What the router refuses (a malformed path) never went through the gate. */
function asUnknown(request: unknown): FastifyRequest {
  const { headers } = request as FastifyRequest
  return Object.assign(request as FastifyRequest, { language: pickLanguage(undefined, headers['accept-language']) })
}

function asReply(reply: unknown): FastifyReply {
  secure(reply as FastifyReply)
  return reply as FastifyReply
}

function decorate(app: App): void {
  app.decorateRequest('who', null)
  app.decorateRequest('proof', 'none')
  app.decorateRequest('scope', null)
  app.decorateRequest('secret', null)
  app.decorateRequest('reservation', null)
  app.decorateRequest('language', 'en')
}

function guard(app: App, room: Room): void {
  app.addHook('onRequest', async (request, reply) => {
    secure(reply)
    request.language = pickLanguage(request.cookies.language, request.headers['accept-language'])
    refuseFatCookies(request, reply, room.house.zone)
    refuseOtherHosts(room, request)
    recognise(room, request)
    if (request.is404) return
    admit(room, request)
    refuseLargeBodies(request)
  })
  app.addHook('preHandler', async request => { if (!request.is404) admitAgain(room, request) })
  app.addHook('preParsing', async (request, reply) => {
    if (request.headers.expect !== undefined) reply.raw.writeContinue()
  })
  app.server.on('checkContinue', (request, response) => app.routing(request, response))
}

/** The panel is at the zone's apex and nowhere else, whatever a name elsewhere resolves to. */
function refuseOtherHosts(room: Room, request: FastifyRequest): void {
  if (room.door === 'console' || request.routeOptions.url === '/healthz') return
  if (request.hostname.toLowerCase() === room.house.zone) return
  throw new AubergeError('not_found', `The panel is at ${room.house.zone}.`)
}

/** Before a byte of the body is read. */
function refuseLargeBodies(request: FastifyRequest): void {
  const { most: said = MAX_BODY } = request.routeOptions.config
  const most = typeof said === 'number' ? said : said(request)
  if (Number(request.headers['content-length'] ?? 0) <= most) return
  throw new AubergeError('too_large', `The body may have at most ${most} bytes.`)
}

/** 404 in JSON. */
export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  answerFault(new AubergeError('not_found', `There is no ${request.method} ${request.url.split('?')[0]}.`), request, reply)
}
