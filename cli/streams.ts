// auberge site logs, backup and restore: bytes between a terminal or file and the house.
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
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

/** Written beside the file and renamed, so that a broken backup never looks like one. Readable by its owner only. */
export async function backupSite(desk: Desk): Promise<void> {
  const file = argument(desk, 'FILE')
  const archive = await desk.admin.stream('GET', `${sitePath(desk)}/backup`)
  const unfinished = `${file}.part`
  const to = createWriteStream(unfinished, { mode: 0o600, flush: true })
  try {
    await pipeline(archive, to)
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  answer(desk, { file, bytes: to.bytesWritten }, made => `${made.file}: ${size(made.bytes)}.`)
}

export async function restoreSite(desk: Desk): Promise<void> {
  await desk.admin.json('PUT', `${sitePath(desk)}/backup`, { body: await openFile(argument(desk, 'FILE')), type: 'application/gzip' })
  answer(desk, { restored: argument(desk, 'NAME') }, each => `${each.restored} is as it was in the backup.`)
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
