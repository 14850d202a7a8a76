// A site's files one by one: listed, fetched, written, moved and removed, in every state of the site. Used by the file browser, and by scripts.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import { MAX_UPLOAD, type Room } from '../parts.ts'
import { sendStream, withUpload } from '../stream.ts'
import { needBody, takeAnything } from './content.ts'
import { nothing, stream } from '../shapes/shape.ts'
import { Listing, Version } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })
const Path = Type.String({ maxLength: 2048, description: 'relative to the site\'s home, /var/www' })
const One = Type.Object({ path: Path })
const Directory = Type.Object({ path: Type.Optional(Path) })
const Change = Type.Union([
  Type.Object({ do: Type.Literal('mkdir'), path: Path }, { additionalProperties: false }),
  Type.Object({ do: Type.Literal('remove'), path: Path }, { additionalProperties: false }),
  Type.Object({ do: Type.Literal('move'), from: Path, to: Path }, { additionalProperties: false }),
])

export async function addFiles(app: App, room: Room): Promise<void> {
  app.get('/api/sites/:name/files', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'What is in a directory: 5,000 entries at most', params: Named, querystring: Directory, response: { 200: Listing } } }, async request => {
    const { path = '' } = request.query
    return { path, ...await room.desk.listFiles(siteName(request), path) }
  })
  app.post('/api/sites/:name/files', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'Make a directory, move or remove something', params: Named, body: Change, response: { 204: nothing } } }, async (request, reply) => {
    await room.desk.changeFiles(caller(request), siteName(request), request.body)
    return reply.code(204).send()
  })
  app.get('/api/sites/:name/file', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'A file, as a download; its ETag is its version', params: Named, querystring: One, response: { 200: stream('application/octet-stream', 'the file; its version is the ETag') } } },
    (request, reply) => download(room, request, reply, request.query.path))
  await app.register(async scope => addWriting(scope as App, room))
}

function addWriting(app: App, room: Room): void {
  takeAnything(app)
  app.put('/api/sites/:name/file', {
    config: { access: 'owner', most: MAX_UPLOAD, errors: ['conflict'] }, bodyLimit: MAX_UPLOAD,
    schema: { summary: 'Write a file; with If-Match only over that version, with If-None-Match: * only a new one', params: Named, querystring: One, response: { 200: Version } },
  }, request => write(room, request, request.query.path, expected(request), needBody(request.body)))
}

/** Never shown by a browser as what it is: it may be anything, and this is the panel's origin. */
async function download(room: Room, request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> {
  const { size, version, content } = await room.desk.readFile(siteName(request), path)
  reply.type('application/octet-stream').headers({ 'content-disposition': disposition(path), 'content-length': size, etag: `"${version}"` })
  return sendStream(room, reply, content)
}

/** RFC 6266 with the encoding of RFC 8187. */
function disposition(path: string): string {
  const name = path.split('/').at(-1) ?? ''
  return `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, letter => `%${letter.charCodeAt(0).toString(16)}`)}`
}

function expected(request: FastifyRequest): string {
  const { 'if-match': match, 'if-none-match': none } = request.headers
  if (none !== undefined) return none === '*' ? '-' : refuse('If-None-Match may be * alone.')
  if (match === undefined || match === '*') return ''
  return /^"([0-9.]{1,80})"$/.exec(match)?.[1] ?? refuse('If-Match must be one ETag of the file, in quotes.')
}

function refuse(message: string): never {
  throw new AubergeError('bad_request', message)
}

/** `conflict` where the file hasn't the version that was expected. */
export function write(room: Room, request: FastifyRequest, path: string, version: string, body: Readable): Promise<{ version: string }> {
  return withUpload(room, request, { body, most: MAX_UPLOAD }, file => room.desk.writeFile(caller(request), siteName(request), { path, expected: version }, file))
}
