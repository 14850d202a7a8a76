// Who works in the house: which processes, with which user, program and sockets. Pure; main.ts starts what it says.
import { USERS } from '../wire/users.ts'
import type { AcmeFiles, Briefing, House, TsigKey } from '../wire/house.ts'

export type Role = 'provisioner' | 'control' | 'dns' | 'relay'

/** One process to keep running. `fds` are this process's descriptors, in the order the child inherits them from 3. */
export type Post = { name: string; role: Role; script: string; briefing: Briefing; fds: number[] }

const SCRIPTS: Record<Role, string> = {
  provisioner: 'provisioner/main.ts', control: 'gateway/control/main.ts', dns: 'dns/main.ts', relay: 'gateway/relay/main.ts',
}

/** Secrets that one process is told and no other. */
export type Secrets = { keys?: Record<string, TsigKey>; firstAdmin?: string; acme?: AcmeFiles | null }

/** Every process of the house. `keys` are for the name server, `firstAdmin` and `acme` for control, and for nobody else. */
export function crew(house: House, fds: Briefing['fds'], { keys = {}, firstAdmin = '', acme = null }: Secrets = {}): Post[] {
  const none = { http: [], https: [], dnsUdp: [], dnsTcp: [] }
  return [
    ...(house.runtime === 'none' ? [] : [post(house, 'provisioner', 0, none)]),
    told(post(house, 'control', 0, none), { firstAdmin, acme }),
    ...(house.dns.length === 0 ? [] : [told(post(house, 'dns', 0, { ...none, dnsUdp: fds.dnsUdp, dnsTcp: fds.dnsTcp }), { keys })]),
    ...(house.http.length + house.https.length === 0 ? [] : relays(house, { ...none, http: fds.http, https: fds.https, ...(fds.sides ? { sides: fds.sides } : {}) })),
  ]
}

function told(post: Post, secrets: Secrets): Post {
  return { ...post, briefing: { ...post.briefing, ...secrets } }
}

function relays(house: House, doors: Briefing['fds']): Post[] {
  return Array.from({ length: house.workers }, (_, index) => post(house, 'relay', index, doors))
}

function post(house: House, role: Role, index: number, own: Briefing['fds']): Post {
  const name = role === 'relay' ? `relay ${index}` : role
  let next = 3
  const renumber = (list: number[]) => list.map(() => next++)
  const fds = { http: renumber(own.http), https: renumber(own.https), dnsUdp: renumber(own.dnsUdp), dnsTcp: renumber(own.dnsTcp), ...(own.sides ? { sides: renumber(own.sides) } : {}) }
  return { name, role, script: SCRIPTS[role], briefing: { house, index, fds }, fds: [...own.http, ...own.https, ...own.dnsUdp, ...own.dnsTcp, ...own.sides ?? []] }
}

/**
 * What starts a program as the role's own user without any capability, and for good (setpriv(1)): root keeps only the provisioner.
 * A relay may have so many `files` open (prlimit(1)), each connection being one. Without root there is nothing to give up but the way to set-user-id programs.
 */
export function dropped(role: Role, { asRoot, files = null }: { asRoot: boolean; files?: number | null }): string[] {
  if (!asRoot) return ['setpriv', '--no-new-privs']
  if (role === 'provisioner') return []
  const { user, groups } = USERS[role]
  return [
    ...(role === 'relay' && files !== null ? ['prlimit', `--nofile=${files}:${files}`] : []),
    'setpriv', `--reuid=${user}`, `--regid=${user}`, `--groups=${groups.join(',')}`,
    '--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs',
  ]
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const DOWNLOADS = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

/** Files a relay may want open at a time: its bounds on connections, with room to spare. */
export const FILES = 65_536

/** The environment of a process: next to nothing; who builds images also gets the way to the package mirrors. */
export function environment(role: Role, ours: Record<string, string | undefined>): Record<string, string> {
  const downloads = role === 'provisioner' ? DOWNLOADS.flatMap(name => (ours[name] ? [[name, ours[name]]] : [])) : []
  return { PATH, LANG: 'C.UTF-8', NODE_ENV: 'production', ...Object.fromEntries(downloads) }
}
