// Turns the OCI configuration of a pod into a pod manifest of App Container (appc specification 0.8.11, "Pod Manifest Schema"). Pure. Called by runtime/rkt.ts.
import type { ociConfig } from '../bundle.ts'

type OciConfig = ReturnType<typeof ociConfig>
type Isolator = { name: string; value: unknown }
type Volume = { name: string; kind: 'host'; source: string; readOnly: boolean; recursive: boolean }
type Bind = { path: string; source: string; readOnly: boolean }

export type PodManifest = {
  acKind: 'PodManifest'
  acVersion: string
  apps: {
    name: string
    image: { id: string }
    app: { exec: string[]; user: string; group: string; workingDirectory: string; environment: { name: string; value: string }[]; isolators: Isolator[] }
    readOnlyRootFS: boolean
    mounts: { volume: string; path: string }[]
  }[]
  volumes: Volume[]
  userAnnotations: Record<string, string>
}

/** `image`: its id in rkt's store. `log`, `scratch`: paths on the host. `id`: the container's, as the rest of the house calls it. */
export type PodParts = { id: string; image: string; log: string; scratch: string }

export const APP = 'web'
export const AC_VERSION = '0.8.11'
/** The user annotation that says which container of ours a pod is. */
export const ID = 'auberge'

/** Where a pod writes what it says. rkt's own way out goes through a terminal that ends the pod when nothing more can be written. */
const LOG = '/etc/auberge/log'
const LOGGING = `exec "$0" "$@" >>${LOG} 2>&1`

/** Tells tini, which starts applications, that it isn't the first process here: it collects what has ended all the same. */
const COLLECTING = 'TINI_SUBREAPER=1'

/**
 * The manifest of a pod of one app. Not in it are memory, processors and processes: the site's control group limits those, systemd and journald of the
 * pod included, and its limits can change while the pod runs.
 */
export function podManifest(config: OciConfig, { id, image, log, scratch }: PodParts): PodManifest {
  const binds = [...bindsOf(config, scratch), { path: LOG, source: log, readOnly: false }]
  return {
    acKind: 'PodManifest', acVersion: AC_VERSION,
    apps: [{ name: APP, image: { id: image }, app: appOf(config), readOnlyRootFS: true, mounts: binds.map(({ path }, index) => ({ volume: `v${index}`, path })) }],
    volumes: binds.map(({ source, readOnly }, index) => ({ name: `v${index}`, kind: 'host', source, readOnly, recursive: false })),
    userAnnotations: { [ID]: id },
  }
}

function appOf(config: OciConfig): PodManifest['apps'][number]['app'] {
  const { args, env, cwd, user } = config.process
  return {
    exec: ['/bin/sh', '-c', LOGGING, ...args], user: String(user.uid), group: String(user.gid), workingDirectory: cwd,
    environment: [...env, COLLECTING].map(variable), isolators: isolators(config),
  }
}

/** rkt writes it to a file for systemd as it is; in double quotes systemd takes all literally but what is escaped (systemd.exec(5), EnvironmentFile). */
function variable(entry: string): { name: string; value: string } {
  const at = entry.indexOf('=')
  return { name: entry.slice(0, at), value: `"${entry.slice(at + 1).replace(/["\\$`]/g, '\\$&')}"` }
}

function isolators({ process: { capabilities, oomScoreAdj }, linux }: OciConfig): Isolator[] {
  return [
    { name: 'os/linux/capabilities-retain-set', value: { set: capabilities.bounding } },
    { name: 'os/linux/no-new-privileges', value: true },
    { name: 'os/linux/seccomp-retain-set', value: { set: allowedCalls(linux.seccomp), errno: 'ENOSYS' } },
    { name: 'os/linux/oom-score-adj', value: oomScoreAdj },
  ]
}

type Rule = { names: string[]; action: string }

/** rkt knows names of calls only: one that is allowed with some arguments is allowed with all. Its own list predates calls that today's libraries make. */
function allowedCalls(seccomp: Record<string, unknown>): string[] {
  const rules = seccomp.syscalls as Rule[]
  return [...new Set(rules.filter(rule => rule.action === 'SCMP_ACT_ALLOW').flatMap(rule => rule.names))].sort()
}

/** The image's /usr, shared by all pods; small file systems as directories of one; and what OCI binds. The rest of the mounts rkt makes by itself. */
function bindsOf(config: OciConfig, scratch: string): Bind[] {
  const bound = config.mounts.filter(mount => mount.type === 'bind')
  return [
    { path: '/usr', source: `${config.root.path}/usr`, readOnly: true },
    ...SCRATCH.map(path => ({ path, source: `${scratch}${path}`, readOnly: false })),
    ...bound.map(({ destination, source, options }) => ({ path: destination, source, readOnly: options.includes('ro') })),
  ]
}

/** What is writable besides the volume; likewise named below the scratch directory. */
export const SCRATCH = ['/tmp', '/run', '/var/log']
