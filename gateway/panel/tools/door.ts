// The door of sites' tools: what `NAME--tools.ZONE` leads to. A ticket from the panel becomes a cookie of this host alone; with it, requests go on to the
// site's pod. Nothing of the panel is here, and none of its cookies comes here. Opened by serve.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'
import { AubergeError } from '../../../wire/error.ts'
import { fault, sayFault } from '../faults.ts'
import { standsFor } from '../gate.ts'
import { HEAD_LIMIT } from '../heads.ts'
import { pickLanguage, speaker, type Language } from '../language/pick.ts'
import type { Parts } from '../parts.ts'
import type { Holder, Passes } from './passes.ts'

/** Where a ticket is handed in; Adminer has no such address. */
export const ENTRANCE = '/.auberge-ticket'
const METHODS = new Set(['GET', 'HEAD', 'POST'])
/** Milliseconds the pod has to answer: an import takes long. */
const PATIENCE = 10 * 60_000
/** Bytes of one upload. */
const MAX_BODY = 128 * 2 ** 20

/** A server that is not listening yet. */
export function toolsDoor(parts: Parts, passes: Passes): Server {
  const proxy = createProxyServer({ xfwd: false, proxyTimeout: PATIENCE })
  return createServer({ maxHeaderSize: HEAD_LIMIT, requestTimeout: 0 }, (request, response) => {
    const language = pickLanguage(undefined, request.headers['accept-language'])
    answer(parts, passes, proxy, request, response).catch((error: unknown) => refuse(response, error, language))
  })
}

async function answer(parts: Parts, passes: Passes, proxy: ProxyServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const site = siteOf(request.headers.host ?? '', parts.house.zone)
  const url = new URL(request.url ?? '/', 'http://tools')
  if (url.pathname === ENTRANCE) return enter(passes, site, url.searchParams.get('ticket') ?? '', request, response)
  const pass = cookieOf(request)
  const holder = pass === null ? null : passes.find(pass, site)
  if (pass === null || holder === null) throw new AubergeError('unauthenticated', 'Open this from the page of your site: that signs you in.')
  if (!isGood(parts, holder)) {
    passes.drop(pass)
    throw new AubergeError('unauthenticated', 'You are signed out. Open this again from the page of your site.')
  }
  check(request)
  await forward(parts, proxy, holder, request, response)
}

/** The site of a host `NAME--tools.ZONE`, with whatever port. */
function siteOf(host: string, zone: string): string {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  const end = `--tools.${zone}`
  if (!name.endsWith(end)) throw new AubergeError('not_found', 'There is nothing here.')
  return name.slice(0, -end.length)
}

const isSecure = ({ headers }: IncomingMessage): boolean => headers['x-forwarded-proto'] === 'https'
/** With the prefix no other host, sub-domains and parents included, can read or set it. */
const cookieName = (request: IncomingMessage): string => (isSecure(request) ? '__Host-tools' : 'tools')

function enter(passes: Passes, site: string, ticket: string, request: IncomingMessage, response: ServerResponse): void {
  const pass = passes.redeem(ticket, site)
  if (pass === null) throw new AubergeError('unauthenticated', 'This link works once, and for a minute. Open this again from the page of your site.')
  const flags = `Path=/; HttpOnly; SameSite=Lax${isSecure(request) ? '; Secure' : ''}`
  response.writeHead(303, { location: '/', 'set-cookie': `${cookieName(request)}=${pass}; ${flags}`, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end()
}

const pairs = (request: IncomingMessage): string[] => (request.headers.cookie ?? '').split(/; */)

function cookieOf(request: IncomingMessage): string | null {
  const begin = `${cookieName(request)}=`
  return pairs(request).find(pair => pair.startsWith(begin))?.slice(begin.length) ?? null
}

/** Still signed in to the panel, not suspended, and the site still theirs. */
function isGood(parts: Parts, { account, proof, secret, site }: Holder): boolean {
  const now = standsFor(parts, proof, secret)
  const reservation = parts.registry.reservations.get(site)
  if (now === null || now.id !== account.id || now.suspended !== null || reservation === null) return false
  return reservation.owner === now.id || now.role === 'admin'
}

/** A sibling site is same-site: its forms would bring the cookie along. */
function check(request: IncomingMessage): void {
  const { method = '', headers } = request
  if (!METHODS.has(method)) throw new AubergeError('method_not_allowed', 'That is not done here.')
  if (Number(headers['content-length'] ?? 0) > MAX_BODY) throw new AubergeError('too_large', `An upload here may have ${MAX_BODY} bytes at most.`)
  const own = `${isSecure(request) ? 'https' : 'http'}://${headers.host}`
  if (method === 'POST' && headers.origin !== own) throw new AubergeError('bad_origin', 'A change must come from this page.')
}

async function forward(parts: Parts, proxy: ProxyServer, { account, site }: Holder, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { address, port, key, leave } = await parts.desk.tools(account, site)
  // Whoever left while the pod woke is not waited for.
  if (response.destroyed) return leave()
  response.once('close', leave)
  request.headers.cookie = pairs(request).filter(pair => !/^(__Host-)?tools=/.test(pair)).join('; ')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'same-origin')
  await new Promise<void>((resolve, reject) => {
    response.once('close', resolve)
    proxy.web(request, response, { target: { host: address, port }, headers: { 'auberge-tools': key } }, error => reject(unreachable(site, error)))
  })
}

function unreachable(site: string, cause: Error): AubergeError {
  return new AubergeError('unavailable', `The tools of ${site} don't answer. If it runs an older image, restart it on its page.`, { cause })
}

function refuse(response: ServerResponse, thrown: unknown, language: Language): void {
  const error = fault(thrown)
  if (response.headersSent) return void response.destroy()
  const lines = [speaker(language)('tools_title'), '', error.code === 'unauthenticated' ? speaker(language)('tools_closed') : sayFault(error, language)]
  response.writeHead(error.status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', connection: 'close' }).end(`${lines.join('\n')}\n`)
}

