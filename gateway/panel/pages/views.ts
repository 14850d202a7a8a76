// Renders templates: what every page knows (language, account, assets), and errors at their fields. Called by each page.
import { join } from 'node:path'
import { Eta } from 'eta'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode } from '../../../wire/error.ts'
import { fault, prepareFault, sayFault } from '../faults.ts'
import * as format from '../format.ts'
import { en } from '../language/en.ts'
import { speaker, type Sentence } from '../language/pick.ts'
import type { Room } from '../parts.ts'

export type Data = Record<string, unknown>

export type Views = {
  /** Answers with a template of views/. */
  show(request: FastifyRequest, reply: FastifyReply, view: string, data?: Data): FastifyReply
  notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply
}

/** The field of a form at which an error is shown; others are shown above the form. */
const FIELDS: Partial<Record<ErrorCode, string>> = {
  username_taken: 'username', username_invalid: 'username', password_weak: 'password', invite_invalid: 'invite', bad_credentials: 'password',
  name_taken: 'name', name_invalid: 'name', name_reserved: 'name', quota: 'name', bad_archive: 'file', too_large: 'file', unsupported_type: 'file',
}

export function openViews(room: Room, assets: string): Views {
  const eta = new Eta({ views: join(import.meta.dirname, '..', 'views'), cache: true, autoEscape: true, autoTrim: false })
  const show: Views['show'] = (request, reply, view, data = {}) => {
    const html = eta.render(`./${view}`, { ...common(room, assets, request), errors: {}, values: {}, scripts: [], styles: [], ...data })
    return reply.type('text/html; charset=utf-8').header('vary', 'accept-language, cookie').send(html)
  }
  const notFound: Views['notFound'] = (request, reply) => show(request, reply.code(404), 'not-found')
  return { show, notFound }
}

function common(room: Room, assets: string, request: FastifyRequest): Data {
  const { language, who } = request
  return {
    t: speaker(language), language, who, assets, zone: room.house.zone, signupMode: room.house.signup, path: request.url,
    done: doneSentence(request),
    bytes: (count: number) => format.bytes(count, language), ago: (at: number) => format.ago(at, language), ticking: (at: number) => format.ticking(at, language), day: (at: number) => format.day(at, language), moment: (at: number) => format.moment(at, language),
    number: (value: number) => format.number(value, language), iso: format.iso,
  }
}

/** The note after a form was done: `?done=KEY` names a sentence, never brings one. */
function doneSentence(request: FastifyRequest): string | null {
  const { done } = request.query as { done?: unknown }
  const key = `done_${String(done)}`
  return typeof done === 'string' && Object.hasOwn(en, key) ? speaker(request.language)(key as Sentence) : null
}

/** `errors` for a template: the thrown error at its field, or at `form`. Sets the status. */
export function errorsOf(thrown: unknown, request: FastifyRequest, reply: FastifyReply, fields: Partial<Record<ErrorCode, string>> = {}): Record<string, string> {
  const error = fault(thrown)
  prepareFault(error, request, reply)
  return { [fields[error.code] ?? FIELDS[error.code] ?? 'form']: sayFault(error, request.language) }
}

/** A form's field as text; missing is empty. */
export function field(request: FastifyRequest, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}

/** A field of the address's query; missing is empty. */
export function query(request: FastifyRequest, name: string): string {
  const value = (request.query as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : ''
}

/** `path` if it is one of ours, else `otherwise`: a redirect never leaves the panel. */
export function localPath(path: string, otherwise: string): string {
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path) ? path : otherwise
}
