// Makes the data directory: which directories, whose, with which mode. Called by main.ts, as root or as the caller of a house without root.
// Directory permissions are the access control between the processes: each edge's directory can be entered by its group only.
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AubergeError } from '../wire/error.ts'
import { places } from '../wire/house.ts'
import { GROUPS, USERS } from '../wire/users.ts'

/** `keep`: made once, then left to the process that owns it. */
type Place = { path: string; mode: number; user: string; group: string; keep?: boolean }

/** Every directory in the order of making. Pure. */
export function layout(data: string): Place[] {
  const at = places(data)
  const control = USERS.control.user
  return [
    { path: data, mode: 0o711, user: 'root', group: 'root' },
    { path: at.run, mode: 0o711, user: 'root', group: 'root' },
    { path: dirname(at.routesSocket), mode: 0o2710, user: control, group: GROUPS.routes },
    { path: dirname(at.zoneSocket), mode: 0o2710, user: control, group: GROUPS.zone },
    { path: dirname(at.provisionerSocket), mode: 0o2710, user: 'root', group: GROUPS.pods },
    { path: dirname(at.adminSocket), mode: 0o700, user: control, group: control },
    { path: dirname(at.registry), mode: 0o700, user: control, group: control },
    { path: at.certificates, mode: 0o700, user: control, group: control },
    { path: dirname(at.zoneSnapshot), mode: 0o2750, user: control, group: GROUPS.zone },
    { path: dirname(at.keyring), mode: 0o2750, user: control, group: GROUPS.zone },
    { path: dirname(at.routesSnapshot), mode: 0o2750, user: control, group: GROUPS.routes },
    { path: at.access, mode: 0o2770, user: USERS.relay.user, group: GROUPS.routes },
    { path: at.pods, mode: 0o700, user: 'root', group: 'root', keep: true },
    { path: at.backups, mode: 0o700, user: 'root', group: 'root', keep: true },
  ]
}

/** A restore that was interrupted left half a house. */
export function refuseUnfinished(data: string): void {
  if (existsSync(places(data).restoring)) throw new AubergeError('conflict', `a restore into ${data} was interrupted; run auberge restore again, which begins anew`)
}

/** The processes are users of their own: who can't pass a directory above the data would be started again and again. */
export function refuseClosed(data: string): void {
  const isClosed = (directory: string): boolean => (statSync(directory).mode & 0o001) === 0
  const closed = above(data).find(isClosed)
  if (closed !== undefined) throw new AubergeError('failed', `${closed}, above ${data}, lets nobody but its owner through, and the house's own users have to get in; run chmod o+x ${closed}, or choose another --data`)
}

/** The directories above one that may not be there yet, wherever links lead. */
function above(path: string): string[] {
  const up = dirname(existsSync(path) ? realpathSync(path) : path)
  const rest = up === dirname(up) ? [] : above(up)
  return existsSync(up) ? [realpathSync(up), ...rest] : rest
}

/** Makes what is missing and mends owners and modes. */
export function layOut(data: string, { asRoot }: { asRoot: boolean }): void {
  const ids = asRoot ? systemIds() : null
  for (const place of layout(data)) {
    const made = mkdirSync(place.path, { recursive: true, mode: place.mode & 0o777 }) !== undefined
    if (!made && place.keep) continue
    if (ids) own(place, ids)
    chmodSync(place.path, ids ? place.mode : place.mode & 0o700)
  }
}

/** Removes the sockets a dead house left, so that nobody mistakes one for a living process. The lock must be held. */
export function clearSockets(data: string): void {
  const run = places(data).run
  for (const edge of readdirSync(run)) {
    for (const name of readdirSync(`${run}/${edge}`)) rmSync(`${run}/${edge}/${name}`, { force: true, recursive: true })
  }
}

type Ids = { users: Map<string, number>; groups: Map<string, number> }

/** A directory that belonged to another id (a restored disk, users made anew) is handed over whole. */
function own(place: Place, ids: Ids): void {
  const uid = idOf(ids.users, place.user)
  const gid = idOf(ids.groups, place.group)
  const now = statSync(place.path)
  if (now.uid === uid && now.gid === gid) return
  if (place.user === 'root' || readdirSync(place.path).length === 0) return chownSync(place.path, uid, gid)
  spawnSync('chown', ['--recursive', '--no-dereference', `${uid}:${gid}`, '--', place.path])
}

function idOf(ids: Map<string, number>, name: string): number {
  const id = ids.get(name)
  if (id === undefined) throw new AubergeError('failed', `the system has no ${name}; run auberge setup`)
  return id
}

function systemIds(): Ids {
  return { users: idsIn('/etc/passwd'), groups: idsIn('/etc/group') }
}

/** Both files have name, password and id in the first three fields (passwd(5), group(5)). */
function idsIn(file: string): Map<string, number> {
  const rows = readFileSync(file, 'utf8').split('\n').map(line => line.split(':'))
  return new Map(rows.flatMap(([name, , id]) => (name && id ? [[name, Number(id)] as const] : [])))
}
