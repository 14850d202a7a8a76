// The command line of rkt. Called by runtime/rkt.ts and what is in provisioner/rkt. Pods are named by whole UUIDs only: rkt takes any prefix.
// What a pod is made of comes as a manifest in a file, for its environment holds secrets and everybody may read a command line.

/** `dir`: where rkt keeps images and pods, one of this house alone. */
export type Rkt = { dir: string }

const base = ({ dir }: Rkt) => ['rkt', `--dir=${dir}`]

/** Imports an image from a file; prints its id. Nobody has signed it: it was written on this machine. */
export const fetch = (rkt: Rkt, aci: string) => [...base(rkt), '--insecure-options=image', 'fetch', '--full', aci]
export const imageManifest = (rkt: Rkt, image: string) => [...base(rkt), 'image', 'cat-manifest', image]
export const removeImage = (rkt: Rkt, image: string) => [...base(rkt), 'image', 'rm', image]

/** Makes a pod's files; prints its UUID. A user namespace needs files of its own: rkt shifts their owners, which an overlay can't. */
export const prepare = (rkt: Rkt, manifest: string) =>
  [...base(rkt), 'prepare', '--quiet', '--private-users', '--no-overlay', `--pod-manifest=${manifest}`]

/** Runs a prepared pod in the foreground, at an address of a network of /etc/rkt/net.d. */
export const runPrepared = (rkt: Rkt, uuid: string, network: string, ipv4: string, hostname: string) =>
  [...base(rkt), 'run-prepared', `--net=${network}:IP=${ipv4}`, '--dns=none', `--hostname=${hostname}`, uuid]

/** Returns before the pod has ended. */
export const stop = (rkt: Rkt, uuid: string) => [...base(rkt), 'stop', uuid]
export const remove = (rkt: Rkt, uuid: string) => [...base(rkt), 'rm', uuid]
export const status = (rkt: Rkt, uuid: string) => [...base(rkt), 'status', '--format=json', uuid]
/** A JSON array, or `null` where there is no pod. */
export const list = (rkt: Rkt) => [...base(rkt), 'list', '--format=json']

/** Forgets what ended, or was never finished being made. Pods that wait to be started stay for good, not the day that rkt would give them. */
export const collect = (rkt: Rkt) => [...base(rkt), 'gc', '--grace-period=0s', '--expire-prepared=1000000h']

/**
 * Enters a cgroup by its `cgroup.procs` files, closes descriptor 3 when it is in all of them, waits for a line in a pipe, then becomes the command: what is
 * prepared has a process, as a created container of OCI has.
 */
export const gated = (pipe: string, doors: readonly string[], command: readonly string[]) => ['sh', '-c', GATE, pipe, ...doors, '--', ...command]
const GATE = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec 3>&-; read -r _ <"$0" && exec "$@"'

export const makePipe = (path: string) => ['mkfifo', '--mode=0600', path]

/** Everything of a tree, links themselves rather than what they point at. Only for trees nothing of a site has run in yet. */
export const own = (tree: string, id: number) => ['chown', '--recursive', '--no-dereference', `${id}:${id}`, tree]

/** What a pod may write besides its volume: together as much as the three file systems of an OCI pod. */
export const mountScratch = (dir: string) => ['mount', '-t', 'tmpfs', '-o', 'size=88m,nr_inodes=48k,mode=0755,nosuid,nodev', 'auberge-scratch', dir]
