// A pod's standard output and errors: one file on a small tmpfs of the site's own, which the pod writes without us, and one older part on disk.
// Neither blocks the pod nor grows while the provisioner is dead. Called by recipes, the watch and the server's logs verb.
import { constants } from 'node:fs'
import { mkdir, open, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { PassThrough, pipeline, Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import * as commands from './commands/volume.ts'
import type { Host } from './host.ts'
import { firstId } from './instance.ts'
import { podPlaces } from './places.ts'
import { Seats } from './seats.ts'
import { run } from './run.ts'
import { mounted, unmounted } from './volume.ts'

/** Bytes after which the file is moved to the older part and emptied; the tmpfs holds twice that. */
const PART = 2 ** 20
const POLL = 200
/** Bytes that a follower is given at each look. */
const MOST_READ = 2 ** 18
const seats = new Seats(16, 'readers of the log')
/** O_NONBLOCK: the site's root owns the file and may hold a lease on it (fcntl(2), F_SETLEASE), for which any other open would wait. */
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants

/** Mounts the site's log and makes its file, the site's root's own so that the pod may open it again as /dev/stdout. */
export const ensureLog = (host: Host, name: string): Promise<void> => newLog(host, name, firstId(host.instance, host.states.site(name).slot))

/** Mounts a log and makes its file, `owner`'s, a host id. */
export async function newLog(host: Host, name: string, owner: number): Promise<void> {
  const { log } = podPlaces(host.data, name)
  if (!mounted(log)) {
    await mkdir(log, { recursive: true, mode: 0o700 })
    await run(commands.mountLog(log))
  }
  const file = await openLog(host, name)
  await file.chown(owner, owner).finally(() => file.close())
}

/** The file a pod is given: for appending only. Close it when the pod has it. */
export const openLog = (host: Host, name: string): Promise<FileHandle> =>
  open(podPlaces(host.data, name).logFile, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)

/** Moves a file over 1 MiB to the older part. */
export async function rotate(host: Host, name: string, limit = PART): Promise<void> {
  const { logFile, log } = podPlaces(host.data, name)
  const { size } = await stat(logFile).catch(() => ({ size: 0 }))
  if (size <= limit || !mounted(log)) return
  const file = await openLog(host, name)
  try {
    await keep(host, name, await file.readFile())
    await file.truncate(0)
  } finally {
    await file.close()
  }
}

async function keep(host: Host, name: string, text: Buffer): Promise<void> {
  await writeFile(podPlaces(host.data, name).olderLog, text.subarray(-PART), { mode: 0o600, flush: false })
}

/** Keeps what was logged on disk and gives the tmpfs back. Called when the pod goes cold. */
export async function releaseLog(host: Host, name: string): Promise<void> {
  await rotate(host, name, 0)
  await unmounted(podPlaces(host.data, name).log)
}

export async function removeLog(host: Host, name: string): Promise<void> {
  const { log, olderLog } = podPlaces(host.data, name)
  await unmounted(log)
  await rm(olderLog, { force: true })
}

const readOr = async (file: string) => (await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).then(async handle => handle.readFile().finally(() => handle.close()), () => Buffer.alloc(0)))

/** At most MOST_READ of a file, from an offset on. */
async function readFrom(file: string, offset: number): Promise<Buffer> {
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null)
  if (!handle) return Buffer.alloc(0)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_READ), 0, MOST_READ, offset).finally(() => handle.close())
  return buffer.subarray(0, bytesRead)
}

/** The last `bytes` of what the pod said, as text. */
export async function tail(host: Host, name: string, bytes: number): Promise<string> {
  const { logFile, olderLog } = podPlaces(host.data, name)
  const current = await readOr(logFile)
  const all = current.length >= bytes ? current : Buffer.concat([await readFile(olderLog).catch(() => Buffer.alloc(0)), current])
  return all.subarray(-bytes).toString('utf8')
}

/** Bytes in the current part: where a wake begins. */
export const logSize = async (host: Host, name: string) => (await stat(podPlaces(host.data, name).logFile).catch(() => ({ size: 0 }))).size

/** What the pod said since the current part had `from` bytes; at most 4,000. */
export async function since(host: Host, name: string, from: number): Promise<string> {
  const text = await readOr(podPlaces(host.data, name).logFile)
  return text.subarray(text.length < from ? 0 : from).subarray(-4000).toString('utf8')
}

/** All that is kept, oldest first; with `follow` it goes on with what the pod says until the stream is destroyed or the site is gone. */
export function readLog(host: Host, name: string, { follow }: { follow: boolean }): Readable {
  if (!follow) return Readable.from(whole(host, name), { objectMode: false })
  const rise = seats.take(host.data, name)
  const left = new AbortController()
  const out = new PassThrough()
  // A generator that waits can't be ended from outside: it is told.
  out.once('close', () => { left.abort(); rise() })
  pipeline(followed(host, name, left.signal), out, () => {})
  return out
}

async function* whole(host: Host, name: string): AsyncGenerator<Buffer> {
  const { logFile, olderLog } = podPlaces(host.data, name)
  for (const file of [olderLog, logFile]) {
    const part = await readOr(file)
    if (part.length > 0) yield part
  }
}

async function* followed(host: Host, name: string, left: AbortSignal): AsyncGenerator<Buffer> {
  const { logFile, olderLog } = podPlaces(host.data, name)
  const older = await readOr(olderLog)
  if (older.length > 0) yield older
  for (let offset = 0; !left.aborted && host.states.has(name); await delay(POLL, undefined, { signal: left }).catch(() => {})) {
    const { size } = await stat(logFile).catch(() => ({ size: 0 }))
    if (size < offset) offset = 0
    if (size === offset) continue
    const part = await readFrom(logFile, offset)
    offset += part.length
    if (part.length > 0) yield part
  }
}
