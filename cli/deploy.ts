// auberge site deploy: an archive as it is, or a directory packed on the way. The house looks into the archive, not at its name.
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { AubergeError } from '../wire/error.ts'
import { argument, answer, type Desk } from './desk.ts'
import { sitePath } from './site.ts'
import { openFile } from './streams.ts'

export async function deploySite(desk: Desk): Promise<void> {
  const path = argument(desk, 'FILE')
  const info = await stat(path).catch(() => null)
  if (info === null) throw new AubergeError('not_found', `${path} is not there; name a .zip, a .tar.gz or a directory`)
  const release = await (info.isDirectory() ? deployDirectory(desk, path) : deployFile(desk, path))
  answer(desk, release, each => `${argument(desk, 'NAME')} now shows release ${each.release}.`)
}

type Release = { release: string }

async function deployFile(desk: Desk, path: string): Promise<Release> {
  const type = path.endsWith('.zip') ? 'application/zip' : 'application/gzip'
  return put(desk, await openFile(path), type)
}

async function deployDirectory(desk: Desk, path: string): Promise<Release> {
  const tar = spawn('tar', tarArgv(path), { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    return await put(desk, Readable.from(whole(tar, path), { objectMode: false }), 'application/gzip')
  } finally {
    tar.kill()
  }
}

/** What tar writes; ends in an error if tar does, which cuts the upload off, so that half a directory is never deployed. */
async function* whole(tar: ChildProcessByStdio<null, Readable, null>, path: string): AsyncGenerator<Buffer> {
  const ended = once(tar, 'exit')
  yield* tar.stdout
  const [code] = await ended
  if (code !== 0) throw new AubergeError('failed', `tar could not pack all of ${path}; see its messages above and deploy again`)
}

/** tar's argv for a directory's content, without owners and without what version control keeps. Pure. */
export function tarArgv(path: string): string[] {
  return ['--create', '--gzip', '--exclude-vcs', '--owner=0', '--group=0', '--numeric-owner', `--directory=${path}`, '--', '.']
}

function put(desk: Desk, body: Readable, type: string): Promise<Release> {
  return desk.admin.json<Release>('PUT', `${sitePath(desk)}/content`, { body, type })
}
