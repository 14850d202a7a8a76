// auberge site records and auberge zone records: what is kept in DNS under a name or in the zone, shown as lines or replaced by those of a file.
import { AubergeError } from '../wire/error.ts'
import { readRecords, writeRecords } from '../registry/recordlines.ts'
import type { SiteRecord } from '../registry/types.ts'
import { answer, type Desk } from './desk.ts'
import { sitePath } from './site.ts'
import { openFile } from './streams.ts'

/** Bytes of a file of records: the house takes no more. */
const MOST = 2 ** 20

export async function siteRecords(desk: Desk): Promise<void> {
  await records(desk, `${sitePath(desk)}/records`)
}

export async function zoneRecords(desk: Desk): Promise<void> {
  await records(desk, '/api/zone/records')
}

async function records(desk: Desk, path: string): Promise<void> {
  const { FILE: file } = desk.order.args
  const kept = file === undefined ? await desk.admin.json<SiteRecord[]>('GET', path)
    : await desk.admin.json<SiteRecord[]>('PUT', path, { json: readRecords(await textOf(desk, file)) })
  answer(desk, kept, writeRecords)
}

/** Of a file, or of standard input where it is `-`. */
async function textOf(desk: Desk, file: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of file === '-' ? desk.input : await openFile(file)) {
    chunks.push(Buffer.from(chunk as Buffer))
    bytes += chunks.at(-1)?.length ?? 0
    if (bytes > MOST) throw new AubergeError('too_large', `${file} has more than ${MOST} bytes: that is no list of records`)
  }
  return Buffer.concat(chunks).toString()
}
