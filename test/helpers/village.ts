// A small internet around a house: network namespaces for the house, a resolver (unbound), an ACME server, a visitor that has IPv6 only and one that has IPv4 only.
// The house's namespace is the router between them. Everything is gone after the test. Used by test/e2e/ipv6 and acme.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { until } from './patience.ts'
import { temporary, type Cleaner } from './temporary.ts'

export const ZONE = 'auberge.example'
/** Where the house is, on its loopback interface, as a router's addresses are; and its sites' prefix. */
export const HOUSE = { ipv4: '203.0.113.1', ipv6: '2001:db8:1::53', prefix: '2001:db8:1:2::/64' }
export const VISITOR = { ipv4: '198.51.100.2', ipv6: '2001:db8:6::2' }
/** Whom everybody asks for names, and where an ACME server may be. */
export const RESOLVER = { ipv4: '192.0.2.2', ipv6: '2001:db8:53::2' }
export const AUTHORITY = '198.18.0.2'

/** The doors of a house in the village. */
export const DOORS = [
  '--zone', ZONE, '--http', '0.0.0.0:80,[::]:80', '--https', '0.0.0.0:443,[::]:443', '--dns', `${HOUSE.ipv4}:53,[${HOUSE.ipv6}]:53`,
  '--public-ipv4', HOUSE.ipv4, '--public-ipv6', HOUSE.ipv6,
]

export type Place = {
  netns: string
  /** Runs a program there and resolves with what it wrote; of curl and dig names are asked of the resolver. */
  run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }>
}
export type Village = {
  house: Place; six: Place; four: Place; resolver: Place; authority: Place
  /** Another zone of the world than the house's: its records as lines of a zone file, in place of those of before. */
  publish(zone: string, records: string): Promise<void>
}

/** `zones`: those that will be published. */
export async function village(t: Cleaner, zones: string[] = []): Promise<Village> {
  const [house, six, four, resolver, authority] = await Promise.all(['h', '6', '4', 'r', 'a'].map(letter => place(t, `augv${letter}${process.pid}`))) as [Place, Place, Place, Place, Place]
  for (const address of [HOUSE.ipv4, HOUSE.ipv6]) await ip(house, `address add ${address} dev lo`)
  await join(house, six, 'six', ['2001:db8:6::1/64', `${VISITOR.ipv6}/64`])
  await join(house, four, 'four', ['198.51.100.1/24', `${VISITOR.ipv4}/24`])
  await join(house, resolver, 'resolver', ['192.0.2.1/24', `${RESOLVER.ipv4}/24`], ['2001:db8:53::1/64', `${RESOLVER.ipv6}/64`])
  await join(house, authority, 'authority', ['198.18.0.1/24', `${AUTHORITY}/24`], ['2001:db8:ca::1/64', '2001:db8:ca::2/64'])
  await house.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  const publish = await resolve(t, resolver, zones)
  asks(t, six, RESOLVER.ipv6)
  asks(t, four, RESOLVER.ipv4)
  return { house, six, four, resolver, authority, publish }
}

async function place(t: Cleaner, netns: string): Promise<Place> {
  await execa('ip', ['netns', 'add', netns])
  t.after(async () => { await execa('ip', ['netns', 'delete', netns], { reject: false }) })
  const there: Place = {
    netns,
    async run(...argv) {
      const { exitCode = 1, stdout, stderr } = await execa('ip', ['netns', 'exec', netns, ...argv], { reject: false, stdin: 'ignore', timeout: 60_000 })
      return { code: exitCode, stdout, stderr }
    },
  }
  await ip(there, 'link set lo up')
  return there
}

async function ip({ netns }: Place, line: string): Promise<void> {
  await execa('ip', ['-netns', netns, ...line.split(' ')])
}

/** A cable from the router; the first of each pair of addresses is the router's. */
async function join(house: Place, other: Place, device: string, ...pairs: [string, string][]): Promise<void> {
  await execa('ip', ['-netns', house.netns, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other.netns])
  await ip(house, `link set ${device} up`)
  await ip(other, 'link set eth0 up')
  for (const [near, far] of pairs) {
    const more = near.includes(':') ? ' nodad' : ''
    await ip(house, `address add ${near} dev ${device}${more}`)
    await ip(other, `address add ${far} dev eth0${more}`)
    await ip(other, `route add default via ${near.replace(/\/\d+$/, '')}`)
  }
}

/** What resolv.conf(5) says in a namespace (ip-netns(8)). */
function asks(t: Cleaner, { netns }: Place, resolver: string): void {
  mkdirSync(`/etc/netns/${netns}`, { recursive: true })
  t.after(() => rmSync(`/etc/netns/${netns}`, { recursive: true, force: true }))
  writeFileSync(`/etc/netns/${netns}/resolv.conf`, `nameserver ${resolver}\n`)
}

/** Unbound, which asks the house for its zone, by IPv4 and IPv6, and knows the others itself. Nothing is kept between two questions. */
async function resolve(t: Cleaner, at: Place, zones: string[]): Promise<Village['publish']> {
  const directory = temporary(t)
  const write = (zone: string, records: string) => writeFileSync(`${directory}/${zone}`, `$ORIGIN ${zone}.\n$TTL 0\n@ SOA ns hostmaster ${Date.now() % 2 ** 31} 60 60 60 0\n@ NS ns\nns A ${RESOLVER.ipv4}\n${records}\n`)
  for (const zone of zones) write(zone, '')
  writeFileSync(`${directory}/unbound.conf`, `server:
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  interface: ${RESOLVER.ipv4}
  interface: ${RESOLVER.ipv6}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  module-config: "iterator"
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
remote-control:
  control-enable: yes
  control-interface: "${directory}/control"
  control-use-cert: no
stub-zone:
  name: "${ZONE}"
  stub-addr: ${HOUSE.ipv4}
  stub-addr: ${HOUSE.ipv6}
${zones.map(zone => `auth-zone:\n  name: "${zone}"\n  zonefile: "${directory}/${zone}"\n  for-downstream: no\n  for-upstream: yes\n`).join('')}`)
  const child = spawn('ip', ['netns', 'exec', at.netns, 'unbound', '-c', `${directory}/unbound.conf`], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  await until('the resolver answers', async () => (await at.run('dig', '+time=1', '+tries=1', `@${RESOLVER.ipv4}`, 'version.bind', 'CH', 'TXT')).code === 0)
  return async (zone, records) => {
    write(zone, records)
    await execa('unbound-control', ['-c', `${directory}/unbound.conf`, 'auth_zone_reload', zone])
  }
}
