// auberge site logs, backup and restore: bytes between a terminal or file and the house.
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AubergeError } from '../wire/error.ts'
import { argument, answer, type Desk } from './desk.ts'
import { sitePath } from './site.ts'
import { size } from './table.ts'

/** Ends with the log, or with `follow` when the site or the reader goes. */
export async function siteLogs(desk: Desk): Promise<void> {
  const [follow, access] = [desk.order.options.has('follow'), desk.order.options.has('access')]
  const log = await desk.admin.stream('GET', `${sitePath(desk)}/logs?follow=${follow ? 1 : 0}&source=${access ? 'access' : 'pod'}`)
  await pipeline(log, desk.output, { end: false })
}

export async function backupSite(desk: Desk): Promise<void> {
  const file = argument(desk, 'FILE')
  const bytes = await save(await desk.admin.stream('GET', `${sitePath(desk)}/backup`), file)
  answer(desk, { file, bytes }, made => `${made.file}: ${size(made.bytes)}.`)
}

/** With `--owner` it makes the site first, and removes it again where the backup can't be restored. */
export async function restoreSite(desk: Desk): Promise<void> {
  const body = await openFile(argument(desk, 'FILE'))
  const owner: string | undefined = desk.order.options.get('owner')
  if (owner !== undefined) await desk.admin.json('POST', '/api/sites', { json: { name: argument(desk, 'NAME'), owner } })
  try {
    await desk.admin.json('PUT', `${sitePath(desk)}/backup`, { body, type: 'application/gzip' })
  } catch (error) {
    if (owner !== undefined) await desk.admin.json('DELETE', `${sitePath(desk)}?purge=1`)
    throw error
  }
  answer(desk, { restored: argument(desk, 'NAME') }, each => `${each.restored} is as it was in the backup.`)
}

/** Writes a stream beside `file` and renames it, so that a broken backup never looks like one; readable by its owner only. Resolves its bytes. */
export async function save(from: Readable, file: string): Promise<number> {
  const unfinished = `${file}.part`
  const to = createWriteStream(unfinished, { mode: 0o600, flush: true })
  try {
    await pipeline(from, to)
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw unwritten(file, error)
  }
  return to.bytesWritten
}

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What to say of a file that could not be written. */
export function unwritten(file: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException
  if (FULL.has(code)) return new AubergeError('failed', `the disk of ${file} is full; nothing of it was kept. Free some space or name a file on another disk`)
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code === 'EROFS') return new AubergeError('failed', `${file} can't be written (${code}); check the path`)
  return error
}

/** A regular file as a stream. `not_found` or `bad_request` says why it can't be one. */
export async function openFile(path: string) {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new AubergeError('not_found', `${path} can't be read (${error.code}); check the path`)
  })
  if (!(await file.stat()).isFile()) {
    await file.close()
    throw new AubergeError('bad_request', `${path} is not a file`)
  }
  return createReadStream(path, { fd: file })
}
