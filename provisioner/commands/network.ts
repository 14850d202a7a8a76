// The command lines a pod's network is made with. Called by network.ts and claim.ts.

export const addNetns = (name: string) => ['ip', 'netns', 'add', name]
/** Gives the network namespace of a process a name. */
export const attachNetns = (name: string, pid: number) => ['ip', 'netns', 'attach', name, String(pid)]
export const deleteNetns = (name: string) => ['ip', 'netns', 'delete', name]

/** Makes a namespace whose name is a file that is there, with the settings below: one program for both, for each costs a cold wake some milliseconds. */
export const addSettled = (file: string) => ['unshare', `--net=${file}`, ...SETTINGS]
/** In a namespace that somebody else made. */
export const settle = (netns: string) => ['ip', 'netns', 'exec', netns, ...SETTINGS]

/**
 * Settings inside a pod's network namespace. It belongs to the host's user namespace, so root in the pod may bind port 80 only where
 * no port is privileged; and an address must work at once, without duplicate detection; no router tells a pod anything.
 */
const SETTINGS = [
  'sysctl', '-q', '-w', 'net.ipv4.ip_unprivileged_port_start=0', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.all.accept_ra=0', 'net.ipv6.conf.default.accept_ra=0', 'net.ipv4.conf.all.accept_redirects=0', 'net.ipv4.conf.default.accept_redirects=0',
  'net.ipv6.conf.all.accept_redirects=0', 'net.ipv6.conf.default.accept_redirects=0', 'net.ipv4.ping_group_range=0 2147483647',
]

/** Take the lines of `neighbours`, and of `port`, from standard input. */
export const batch = () => ['ip', '-batch', '-']
export const bridgeBatch = () => ['bridge', '-batch', '-']

/**
 * Takes lines for `narrow` from standard input. A pod has no neighbour but the gateway: the kernel's tables of neighbours are the whole machine's, and a pod
 * that asks for a thousand addresses of its network would fill them for everyone.
 */
export const batchInside = (netns: string, family: '-4' | '-6') => ['ip', '-n', netns, family, '-batch', '-']
export const narrow = (device: string, gateway: string, networks: string[]) =>
  [`route replace ${gateway} dev ${device} scope link`, ...networks.map(network => `route flush exact ${network} dev ${device}`), ''].join('\n')

export const addBridge = (bridge: string, mac: string) => ['ip', 'link', 'add', bridge, 'address', mac, 'type', 'bridge', 'mcast_snooping', '0']
export const claimBridge = (bridge: string, data: string) => ['ip', 'link', 'set', bridge, 'alias', data]
/** Redirects would tell pods of each other, and use up the answers that a refusal is told with. What other devices send is left as it is. */
export const bridgeSettings = (bridge: string) => [
  'sysctl', '-q', '-w', `net.ipv6.conf.${bridge}.accept_dad=0`, `net.ipv6.conf.${bridge}.accept_ra=0`, `net.ipv6.conf.${bridge}.disable_ipv6=0`,
  'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.send_redirects=0', `net.ipv4.conf.${bridge}.send_redirects=0`,
]
export const addAddress = (device: string, address: string) =>
  ['ip', 'address', 'replace', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : [])]
export const deleteAddress = (device: string, address: string) => ['ip', 'address', 'delete', address, 'dev', device]
/** Every address of a network is this host's own: connections to it arrive at whoever listens on all addresses. */
export const addLocal = (network: string) => ['ip', '-6', 'route', 'replace', 'local', network, 'dev', 'lo']
export const deleteLocal = (network: string) => ['ip', '-6', 'route', 'delete', 'local', network, 'dev', 'lo']
export const up = (device: string) => ['ip', 'link', 'set', device, 'up']
export const deleteLink = (device: string) => ['ip', 'link', 'delete', device]
export const links = () => ['ip', '-json', '-details', 'link', 'show']

const inside = (netns: string) => ['ip', '-netns', netns]
export const setMac = (netns: string, device: string, mac: string) => [...inside(netns), 'link', 'set', device, 'address', mac]
export const addAddressInside = (netns: string, device: string, address: string) => [...inside(netns), 'address', 'replace', address, 'dev', device, 'nodad']
export const addRouteInside = (netns: string, device: string, via: string) => [...inside(netns), 'route', 'replace', 'default', 'via', via, 'dev', device]
export const linkInside = (netns: string, device: string) => [...inside(netns), '-json', 'link', 'show', device]

/** Frames between two isolated ports of one bridge are never forwarded; whose frames a port carries is said, not learned. */
export const port = (device: string, mac: string) => [`link set dev ${device} isolated on learning off`, `fdb replace ${mac} dev ${device} master static`, ''].join('\n')

/** The host knows its pods' neighbours for good: nothing to ask before the first SYN, nothing a pod could claim. */
export const neighbours = (bridge: string, addresses: string[], mac: string) =>
  [...addresses.map(address => `neighbour replace ${address} lladdr ${mac} dev ${bridge} nud permanent`), ''].join('\n')
export const forgetNeighbour = (bridge: string, address: string) => ['ip', 'neighbour', 'delete', address, 'dev', bridge]

/** A link of two ends, one of them in a network namespace. */
export const addPair = (device: string, netns: string, inside: string) => ['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', inside, 'netns', netns]
export const showLink = (device: string) => ['ip', 'link', 'show', device]
/** `device`: an interface, or `all`. */
export const withoutIpv6 = (device: string) => ['sysctl', '-q', '-w', `net.ipv6.conf.${device}.disable_ipv6=1`]
export const within = (netns: string, command: readonly string[]) => ['ip', 'netns', 'exec', netns, ...command]
export const addRoute = (network: string, via: string) => ['ip', 'route', 'replace', network, 'via', via]

/** A CNI plugin of Debian's containernetworking-plugins. */
export const plugin = (name: string) => [`/usr/lib/cni/${name}`]

/** How a CNI plugin is told what to do (CNI specification 1.0.0, section 2). */
export const pluginEnvironment = (command: 'ADD' | 'DEL', container: string, netns: string, device: string, ipv4: string) => ({
  CNI_COMMAND: command, CNI_CONTAINERID: container, CNI_NETNS: netns, CNI_IFNAME: device, CNI_PATH: '/usr/lib/cni', CNI_ARGS: `IgnoreUnknown=1;IP=${ipv4}`,
})

/** The table is replaced as a whole, in one transaction, from standard input. */
export const loadRules = () => ['nft', '--file', '-']
/** A table's chains and rules, without what changes by itself: elements and counters. */
export const listTable = (family: string, table: string) => ['nft', '--terse', '--stateless', 'list', 'table', family, table]
/** A line for each table, chain, set, rule and element that somebody removes, for ever. */
export const monitorRemovals = () => ['nft', 'monitor', 'destroy']
