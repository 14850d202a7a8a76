// PUT /api/sites/NAME/content: an archive becomes the site's document root. Streamed: no byte waits in memory or is believed by its label.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { AubergeError } from '../../../wire/error.ts'
import type { ArchiveType } from '../../desk.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import { MAX_UPLOAD, type Room } from '../parts.ts'
import { peek, withUpload } from '../stream.ts'
import { Released } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })

export function addContent(app: App, room: Room): void {
  takeAnything(app)
  app.put('/api/sites/:name/content', { config: { access: 'owner', most: MAX_UPLOAD, deploys: true, errors: ['bad_archive', 'conflict'] }, bodyLimit: MAX_UPLOAD, schema: { summary: 'Deploy a zip or tar.gz', params: Named, response: { 200: Released } } },
    request => deploy(room, request, needBody(request.body)))
}

/** Within `app`, a body is a stream, whatever its Content-Type (curl -T sends none). */
export function takeAnything(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

export function needBody(body: unknown): Readable {
  if (body === undefined || body === null) throw new AubergeError('bad_request', 'The body is empty. Send the file as the body: curl -T FILE.')
  return body as Readable
}

/** The archive's first bytes say what it is. `unsupported_type`, `too_large`, `bad_archive`. */
export function deploy(room: Room, request: FastifyRequest, body: Readable): Promise<{ release: string }> {
  return withUpload(room, request, { body, most: MAX_UPLOAD }, async archive => room.desk.deploy(caller(request), siteName(request), await sniff(archive), archive))
}

async function sniff(archive: Readable): Promise<ArchiveType> {
  const start = await peek(archive, 4)
  if (start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5)) return 'zip'
  if (start[0] === 0x1f && start[1] === 0x8b) return 'tar.gz'
  throw new AubergeError('unsupported_type', 'That is neither a zip nor a tar.gz.')
}
