// The file browser and the editor: what their cards show. Their forms are in file-forms.ts.
import type { FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import type { FileEntry } from '../../../../provisioner/api.ts'
import { speaker } from '../../language/pick.ts'
import type { Room } from '../../parts.ts'
import { sayFault, fault } from '../../faults.ts'
import type { Data } from '../views.ts'
import type { Card } from './section.ts'

/** Where the browser begins: what visitors see. */
const BEGIN = 'html'
/** Entries on a page. */
const MOST = 1000
/** Bytes of a text that is edited here. */
export const MAX_TEXT = 512 * 2 ** 10

export const filesCard: Card = { view: 'files', data: async (room, request, site) => directory(room, request, site.name) }
export const editorCard: Card = { view: 'editor', data: async (room, request, site) => file(room, request, site.name) }

async function directory(room: Room, request: FastifyRequest, name: string): Promise<Data> {
  const path = asked(request) ?? BEGIN
  const around = { path, crumbs: crumbs(path), kept: isKept(path), link: fileLink(name, path) }
  try {
    const { entries, truncated } = await room.desk.listFiles(name, path)
    return { ...around, entries: entries.slice(0, MOST), truncated: truncated || entries.length > MOST, problem: null }
  } catch (error) {
    return { ...around, entries: [] as FileEntry[], truncated: false, problem: sayFault(fault(error), request.language) }
  }
}

/** The path in the address, or in the form that was refused. */
function asked(request: FastifyRequest): string | null {
  const { path = null } = { ...request.query as object, ...request.body as object } as { path?: unknown }
  return typeof path === 'string' ? path : null
}

/** What a deploy needs to find. */
export const isKept = (path: string): boolean => path === '' || path === 'html' || path === 'releases'

const crumbs = (path: string): { name: string; path: string }[] => {
  const parts = path === '' ? [] : path.split('/')
  return parts.map((name, index) => ({ name, path: parts.slice(0, index + 1).join('/') }))
}

export const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/')
export const below = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`)

/** Addresses of what is in a directory. */
const fileLink = (site: string, path: string) => ({ name, type }: FileEntry): string =>
  type === 'directory' ? placeOfDirectory(site, below(path, name)) : placeOfFile(site, below(path, name))

export const placeOfDirectory = (site: string, path: string): string => `/sites/${site}/files?path=${encodeURIComponent(path)}`
export const placeOfFile = (site: string, path: string): string => `/sites/${site}/files/edit?path=${encodeURIComponent(path)}`

async function file(room: Room, request: FastifyRequest, site: string): Promise<Data> {
  const path = asked(request) ?? ''
  const about = { path, base: path.split('/').at(-1) ?? '', parent: placeOfDirectory(site, parentOf(path)), crumbs: crumbs(path), kept: isKept(path), download: `/api/sites/${site}/file?path=${encodeURIComponent(path)}` }
  try {
    return { ...about, ...await opened(room, request, site, path) }
  } catch (error) {
    return { ...about, text: null, version: '', why: `${speaker(request.language)('files_odd')} ${sayFault(fault(error), request.language)}` }
  }
}

/** `text` null: it isn't one that can be edited, and `why`. */
async function opened(room: Room, request: FastifyRequest, site: string, path: string): Promise<Data> {
  const { size, version, content } = await room.desk.readFile(site, path)
  const t = speaker(request.language)
  if (size > MAX_TEXT) {
    content.destroy()
    return { version, size, text: null, large: true, why: '' }
  }
  const text = asText(await whole(content))
  return { version, size, text, eol: text?.includes('\r\n') ? 'crlf' : 'lf', why: text === null ? t('files_binary') : '' }
}

async function whole(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Null for what isn't UTF-8 or has a NUL in it. */
function asText(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** What a browser's form made of a text, with the line ends that the file has: a form sends all of them as CR LF. */
export function withLineEnds(text: string, eol: string): string {
  const plain = text.replace(/\r\n/g, '\n')
  return eol === 'crlf' ? plain.replace(/\n/g, '\r\n') : plain
}
