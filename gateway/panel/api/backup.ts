// A site's backup: taken as a download, put back as a body.
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { mostLimits } from '../../../registry/parse.ts'
import { DEFAULT_LIMITS } from '../../../registry/types.ts'
import { AubergeError } from '../../../wire/error.ts'
import type { App } from '../app.ts'
import { caller, siteName } from '../gate.ts'
import { MAX_BACKUP, MAX_UPLOAD, type Room } from '../parts.ts'
import { peek, sendStream, withUpload } from '../stream.ts'
import { needBody, takeAnything } from './content.ts'
import { stream } from '../shapes/shape.ts'
import { Site } from '../shapes/site.ts'

const Named = Type.Object({ name: Type.String() })

export function addBackup(app: App, room: Room): void {
  takeAnything(app)
  /** Sites whose backup is being read at this door: each takes up a copy of the site's files on the house's disk. */
  const reading = new Set<string>()
  app.get('/api/sites/:name/backup', { config: { access: 'owner', errors: ['conflict'] }, schema: { summary: 'A tar.gz of the site: files, database and settings', params: Named, response: { 200: stream('application/gzip', 'the tar.gz') } } }, async (request, reply) => {
    const name = siteName(request)
    if (reading.has(name)) throw new AubergeError('conflict', 'A backup of this site is being read. Wait until it has ended.')
    reading.add(name)
    const archive = await room.desk.backup(name).catch((error: unknown) => { reading.delete(name); throw error })
    archive.once('close', () => reading.delete(name))
    reply.type('application/gzip').header('content-disposition', `attachment; filename="${name}.tar.gz"`)
    return sendStream(room, reply, archive)
  })
  app.put('/api/sites/:name/backup', { config: { access: 'owner', most: request => mostOf(room, siteName(request)), errors: ['bad_archive', 'conflict', 'quota'] }, bodyLimit: MAX_BACKUP, schema: { summary: 'Restore a backup, of this site or another: files, database and settings', params: Named, response: { 200: Site } } }, async request => {
    await restore(room, request, needBody(request.body))
    return room.desk.view(siteName(request))
  })
}

/** Bytes decide what it is. */
export async function restore(room: Room, request: FastifyRequest, body: Readable): Promise<void> {
  await withUpload(room, request, { body, most: mostOf(room, siteName(request)) }, async archive => {
    const [first, second] = await peek(archive, 2)
    if (first !== 0x1f || second !== 0x8b) throw new AubergeError('unsupported_type', 'A backup is a tar.gz.')
    await room.desk.restore(caller(request), siteName(request), archive)
  })
}

/** Bytes a backup of a site that may have such a disk and database can have, with all that tar puts around files and SQL around rows. */
export function mostOf(room: Room, name: string): number {
  const { disk, database } = mostLimits(room.registry.sites.get(name)?.limits ?? DEFAULT_LIMITS)
  return room.door === 'console' ? MAX_BACKUP : 2 * disk + 4 * database + MAX_UPLOAD
}
