// The forms of the file browser and the editor: save, make, rename, delete, upload. Each redirects to where the result is seen, or shows its page with the error.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { AubergeError } from '../../../../wire/error.ts'
import { write } from '../../api/files.ts'
import type { App } from '../../app.ts'
import { fault } from '../../faults.ts'
import { caller, siteName } from '../../gate.ts'
import { MAX_UPLOAD, type Room } from '../../parts.ts'
import { errorsOf, field, query, type Data, type Views } from '../views.ts'
import { below, isKept, MAX_TEXT, parentOf, placeOfDirectory, placeOfFile, withLineEnds } from './files.ts'
import type { Section } from './section.ts'
import { EDITOR, FILES } from './sections.ts'
import { showSite } from './show.ts'

/** Bytes of a form that brings a text: each of its bytes may take three. */
const MAX_FORM = 3 * MAX_TEXT + 16 * 2 ** 10
/** Files of one upload without JavaScript. */
const MOST_FILES = 100

/** Resolves where to go then. */
type Act = (request: FastifyRequest, name: string) => Promise<string>

export function addFileForms(app: App, room: Room, views: Views): void {
  const form = (path: string, section: Section, act: Act, most?: number) =>
    app.post(`/sites/:name/files/${path}`, { config: { access: 'owner', ...(most === undefined ? {} : { most }) }, ...(most === undefined ? {} : { bodyLimit: most }) },
      (request, reply) => answer(room, views, request, reply, section, act))

  form('edit', EDITOR, (request, name) => save(room, request, name), MAX_FORM)
  form('new', FILES, (request, name) => make(room, request, name))
  form('move', EDITOR, (request, name) => move(room, request, name))
  form('remove', EDITOR, (request, name) => remove(room, request, name))
  form('upload', FILES, (request, name) => upload(room, request, name), MAX_UPLOAD)
}

async function answer(room: Room, views: Views, request: FastifyRequest, reply: FastifyReply, section: Section, act: Act): Promise<FastifyReply> {
  try {
    return reply.redirect(await act(request, siteName(request)), 303)
  } catch (error) {
    return showSite(room, views, request, reply, field(request, 'kind') === 'directory' ? FILES : section, refused(error, request, reply))
  }
}

/** A text that could not be saved stays in the form, with the version it was made from. */
function refused(error: unknown, request: FastifyRequest, reply: FastifyReply): Data {
  const errors = errorsOf(error, request, reply, { name_invalid: 'form' })
  if ((request.body as Data | undefined)?.text === undefined) return { errors: { form: Object.values(errors)[0] } }
  const isConflict = fault(error).code === 'conflict'
  return { errors: isConflict ? {} : errors, clash: isConflict, text: field(request, 'text'), version: field(request, 'version'), eol: field(request, 'eol'), why: '' }
}

async function save(room: Room, request: FastifyRequest, name: string): Promise<string> {
  const text = Buffer.from(withLineEnds(field(request, 'text'), field(request, 'eol')))
  if (text.length > MAX_TEXT) throw new AubergeError('too_large', `A text that is edited here may have ${MAX_TEXT} bytes.`)
  const version = field(request, 'force') === '1' ? '' : field(request, 'version')
  await write(room, request, field(request, 'path'), version, Readable.from([text], { objectMode: false }))
  return `${placeOfFile(name, field(request, 'path'))}&done=file_saved`
}

/** A folder, or an empty file, which is opened. */
async function make(room: Room, request: FastifyRequest, name: string): Promise<string> {
  const path = below(field(request, 'path'), field(request, 'name').trim())
  if (field(request, 'make') === 'directory') {
    await room.desk.changeFiles(caller(request), name, { do: 'mkdir', path })
    return `${placeOfDirectory(name, path)}&done=file_made`
  }
  await write(room, request, path, '-', Readable.from([Buffer.alloc(0)], { objectMode: false }))
  return `${placeOfFile(name, path)}&done=file_made`
}

/** A name alone stays in its folder; with a / it is a path from the site's home. */
async function move(room: Room, request: FastifyRequest, name: string): Promise<string> {
  const from = field(request, 'path')
  const typed = field(request, 'to').trim()
  const to = typed.includes('/') ? typed.replace(/^\/+/, '') : below(parentOf(from), typed)
  refuseKept(from)
  await room.desk.changeFiles(caller(request), name, { do: 'move', from, to })
  return `${field(request, 'kind') === 'directory' ? placeOfDirectory(name, to) : placeOfFile(name, to)}&done=file_moved`
}

async function remove(room: Room, request: FastifyRequest, name: string): Promise<string> {
  const path = field(request, 'path')
  refuseKept(path)
  await room.desk.changeFiles(caller(request), name, { do: 'remove', path })
  return `${placeOfDirectory(name, parentOf(path))}&done=file_removed`
}

function refuseKept(path: string): void {
  if (isKept(path)) throw new AubergeError('conflict', 'html and releases stay where they are: what visitors see is in them.')
}

/** One file after the other, each as it comes. */
async function upload(room: Room, request: FastifyRequest, name: string): Promise<string> {
  const path = query(request, 'path')
  for await (const part of request.files({ limits: { files: MOST_FILES, parts: MOST_FILES + 10, fileSize: MAX_UPLOAD } })) {
    if (part.filename === '') part.file.resume()
    else await write(room, request, below(path, part.filename), '', part.file)
  }
  return `${placeOfDirectory(name, path)}&done=file_uploaded`
}
