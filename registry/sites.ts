// The table of sites: image, limits and environment of what is behind a reservation here.
import type { Database } from 'better-sqlite3'
import { AubergeError } from '../wire/error.ts'
import { newInterface } from './prefix.ts'
import { newDatabasePassword } from './secret.ts'
import type { OpenPort } from './ports.ts'
import type { Sites } from './registry.ts'
import { DEFAULT_LIMITS, type Egress, type Site } from './types.ts'

type SiteRow = {
  name: string; owner: number; image: string; memory: number; cpu: number; disk: number; pids: number; database_bytes: number; database_password: string
  env: string; php: string; start: string | null; wake_for_robots: number; egress: Egress; interface: string; ports: string; most_ports: number; created_at: number
}

const SELECT = 'SELECT sites.*, reservations.owner FROM sites JOIN reservations USING (name)'

export function openSites(db: Database): Sites {
  const get = db.prepare<[string], SiteRow>(`${SELECT} WHERE name = ?`)
  const all = db.prepare<[], SiteRow>(`${SELECT} ORDER BY name`)
  const ofOwner = db.prepare<[number], SiteRow>(`${SELECT} WHERE owner = ? ORDER BY name`)
  const put = db.prepare(`INSERT INTO sites (name, image, memory, cpu, disk, pids, database_bytes, database_password, env, php, start, wake_for_robots, egress, interface, ports, most_ports, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET image = excluded.image, memory = excluded.memory, cpu = excluded.cpu, disk = excluded.disk, pids = excluded.pids,
    database_bytes = excluded.database_bytes, database_password = excluded.database_password,
    env = excluded.env, php = excluded.php, start = excluded.start, wake_for_robots = excluded.wake_for_robots, egress = excluded.egress,
    ports = excluded.ports, most_ports = excluded.most_ports`)
  const remove = db.prepare('DELETE FROM sites WHERE name = ?')

  const write = ({ name, image, limits: { memory, cpu, disk, pids, database }, databasePassword, env, php, start, wakeForRobots, egress, interface: own, ports, mostPorts, createdAt }: Omit<Site, 'owner'>): void => {
    put.run(name, image, memory, cpu, disk, pids, database, databasePassword, JSON.stringify(env), JSON.stringify(php), start, wakeForRobots ? 1 : 0, egress, own, JSON.stringify(ports), mostPorts, createdAt)
  }
  const read = (name: string): Site => {
    const row = get.get(name)
    if (!row) throw new AubergeError('not_found', `there is no site ${name}`)
    return toSite(row)
  }

  return {
    create({ name, image, limits = DEFAULT_LIMITS, env = {} }) {
      if (get.get(name)) throw new AubergeError('name_taken', `the site ${name} exists already`)
      write({ name, image, limits, databasePassword: newDatabasePassword(), env, php: {}, start: null, wakeForRobots: false, egress: 'internet', interface: newInterface(), ports: [], mostPorts: 0, createdAt: Date.now() })
      return read(name)
    },
    get(name) {
      const row = get.get(name)
      return row ? toSite(row) : null
    },
    list: owner => (owner === undefined ? all.all() : ofOwner.all(owner)).map(toSite),
    * walk() {
      for (const row of all.iterate()) yield toSite(row)
    },
    update(name, change) {
      return db.transaction(() => {
        const site = read(name)
        const { databasePassword = site.databasePassword, image = site.image, env = site.env, php = site.php, start = site.start, wakeForRobots = site.wakeForRobots, egress = site.egress, ports = site.ports, mostPorts = site.mostPorts } = change
        write({ ...site, image, databasePassword, env, php, start, wakeForRobots, egress, ports, mostPorts, limits: { ...site.limits, ...change.limits } })
        return read(name)
      }).immediate()
    },
    remove(name) { remove.run(name) },
  }
}

function toSite(row: SiteRow): Site {
  const { name, owner, image, memory, cpu, disk, pids, database_bytes: database, database_password: databasePassword } = row
  const [env, php] = [row.env, row.php].map(text => JSON.parse(text) as Record<string, string>) as [Record<string, string>, Record<string, string>]
  return { name, owner, image, limits: { memory, cpu, disk, pids, database }, databasePassword, env, php, start: row.start, wakeForRobots: row.wake_for_robots === 1, egress: row.egress, interface: row.interface, ports: JSON.parse(row.ports) as OpenPort[], mostPorts: row.most_ports, createdAt: row.created_at }
}
