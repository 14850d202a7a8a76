// The command line that crun and runc share. Called by runtime/oci.ts and the workshop.
import { OOM_SCORE, RLIMITS } from '../confinement.ts'

/** `mixed`: the host mixes cgroup v1 with controllers of v2, which crun refuses to run on; it is shown v1 alone. */
export type Oci = { program: string; root: string; mixed?: boolean }
export type ExecOptions = { tty?: boolean; env?: Record<string, string>; cwd?: string; pidFile?: string; consoleSocket?: string; user?: string }

const V1_ALONE = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', 'umount /sys/fs/cgroup/unified && exec "$@"', 'sh']

const base = (oci: Oci) => [oci.program, '--root', oci.root]
const entering = (oci: Oci) => [...(oci.mixed ? V1_ALONE : []), ...base(oci)]

/** crun 1.8 holds an exec to the container's seccomp filter and capabilities, but to nothing else that its bundle says. */
const CONFINED = ['choom', '--adjust', String(OOM_SCORE), '--', 'prlimit', ...Object.entries(RLIMITS).map(([name, [soft, hard]]) => `--${name}=${soft}:${hard}`), '--']

/** Creates a container that waits before its first exec. */
export const create = (oci: Oci, id: string, bundle: string, pidFile: string, log: string) =>
  [...entering(oci), '--log', log, 'create', '--bundle', bundle, '--pid-file', pidFile, id]

/** Runs a container in the foreground, its standard streams being the caller's. */
export const runForeground = (oci: Oci, id: string, bundle: string) => [...entering(oci), 'run', '--bundle', bundle, id]

export const start = (oci: Oci, id: string) => [...base(oci), 'start', id]

export const kill = (oci: Oci, id: string, signal: string) => [...base(oci), 'kill', id, signal]

export const remove = (oci: Oci, id: string) => [...base(oci), 'delete', '--force', id]

export const state = (oci: Oci, id: string) => [...base(oci), 'state', id]

export const list = (oci: Oci) => [...base(oci), 'list', '--format', 'json']

/** Runs a command in a running container. Not for secrets: the environment given here is in argv. */
export const exec = (oci: Oci, id: string, command: readonly string[], options: ExecOptions = {}) => [
  ...CONFINED, ...entering(oci), 'exec', '--no-new-privs',
  ...(options.tty ? ['--tty'] : []),
  ...(options.cwd ? ['--cwd', options.cwd] : []),
  ...(options.user ? ['--user', options.user] : []),
  ...(options.pidFile ? ['--pid-file', options.pidFile] : []),
  ...(options.consoleSocket ? ['--console-socket', options.consoleSocket] : []),
  ...Object.entries(options.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
  id, ...command,
]
