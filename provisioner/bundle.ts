// Makes the OCI runtime configuration of a container from an image's configuration and what the site's pod may do.
// Called when a pod is prepared and by the workshop. Pure, but for writeBundle.
import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { CAPABILITIES, MASKED, OOM_SCORE, READONLY, RLIMITS, SOCKET_MEMORY, TERMINALS } from './confinement.ts'
import { IDS } from './instance.ts'

/** The part of an OCI image configuration that matters to a pod. */
export type ImageConfig = {
  config?: { Env?: string[]; Entrypoint?: string[]; Cmd?: string[]; WorkingDir?: string; User?: string; ExposedPorts?: Record<string, object>; StopSignal?: string }
}

export type BundleSpec = {
  /** Host name inside. */
  hostname: string
  /** Read-only, shared root file system. */
  rootfs: string
  /** First of the site's host ids: its root. */
  firstId: number
  /** A network namespace by path, or null for an empty one of its own. */
  netns: string | null
  cgroup: string
  cgroupVersion: 1 | 2
  /** Host directory that becomes /var/www. */
  volume: string
  /** Files bound read-only over files the image has: path inside → path on the host. */
  files: Record<string, string>
  /** Files made for this container alone, likewise: path inside → what is in them. Not for secrets: anybody inside may read them. */
  texts?: Record<string, string>
  process: { args: string[]; env: string[]; cwd: string; tty: boolean; uid?: number; gid?: number }
}

const ARCHITECTURE: Record<string, string> = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64', riscv64: 'SCMP_ARCH_RISCV64' }

const seccompRules = JSON.parse(readFileSync(new URL('./seccomp.json', import.meta.url), 'utf8')) as Record<string, unknown>

/** The OCI runtime configuration (config.json) of a container. */
export function ociConfig(spec: BundleSpec) {
  return {
    ociVersion: '1.0.2',
    hostname: spec.hostname,
    root: { path: spec.rootfs, readonly: true },
    process: processOf(spec),
    mounts: mounts(spec),
    linux: {
      uidMappings: [{ containerID: 0, hostID: spec.firstId, size: IDS }],
      gidMappings: [{ containerID: 0, hostID: spec.firstId, size: IDS }],
      namespaces: namespaces(spec.netns),
      cgroupsPath: spec.cgroup,
      resources: { devices: [{ allow: false, access: 'rwm' }], ...(spec.cgroupVersion === 1 ? { memory: { kernelTCP: SOCKET_MEMORY } } : {}) },
      maskedPaths: [...MASKED.map(name => `/proc/${name}`), '/sys/firmware'],
      readonlyPaths: READONLY.map(name => `/proc/${name}`),
      seccomp: { ...seccompRules, architectures: [ARCHITECTURE[process.arch] ?? 'SCMP_ARCH_NATIVE'] },
    },
  }
}

function processOf({ process: { args, env, cwd, tty, uid = 0, gid = 0 } }: BundleSpec) {
  const capabilities = { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES, inheritable: [], ambient: [] }
  return {
    args, env, cwd, terminal: tty, user: { uid, gid, umask: 0o022 }, capabilities, noNewPrivileges: true, oomScoreAdj: OOM_SCORE,
    rlimits: Object.entries(RLIMITS).map(([name, [soft, hard]]) => ({ type: `RLIMIT_${name.toUpperCase()}`, soft, hard })),
  }
}

function namespaces(netns: string | null) {
  const own = ['user', 'pid', 'mount', 'ipc', 'uts', 'cgroup'].map(type => ({ type }))
  return [...own, netns === null ? { type: 'network' } : { type: 'network', path: netns }]
}

const tmpfs = (destination: string, mode: string, size: string) => ({
  destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', `mode=${mode}`, `size=${size}`, 'nr_inodes=16k'],
})

function mounts(spec: BundleSpec) {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=64k', 'nr_inodes=1k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5', `max=${TERMINALS}`] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=16m', 'nr_inodes=1k'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/sys', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'nodev', 'ro', 'mode=555', 'size=0k', 'nr_inodes=16'] },
    tmpfs('/tmp', '1777', '64m'), tmpfs('/run', '755', '16m'), tmpfs('/var/log', '755', '8m'),
    { destination: '/var/www', type: 'bind', source: spec.volume, options: ['bind', 'nosuid', 'nodev', 'rw'] },
    ...Object.entries(spec.files).map(([destination, source]) => ({ destination, type: 'bind', source, options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'] })),
  ]
}

/** What the image runs when the site is awake, with the site's environment over the image's. `start`: in the place of the image's default command (Cmd). */
export function imageProcess(image: ImageConfig, env: Record<string, string>, start: string | null = null): BundleSpec['process'] {
  const { Entrypoint = [], Cmd = [], WorkingDir = '', User = '' } = image.config ?? {}
  const [uid = 0, gid = uid] = /^\d+(:\d+)?$/.test(User) ? User.split(':').map(Number) : []
  return { args: [...Entrypoint, ...(start === null ? Cmd : [start])], env: environment(image, env), cwd: WorkingDir || '/', tty: false, uid, gid }
}

/** The image's environment under the site's, as KEY=VALUE. */
export function environment(image: ImageConfig, env: Record<string, string>): string[] {
  const own = (image.config?.Env ?? []).map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const)
  const all = new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ['HOME', '/root'], ...own, ...Object.entries(env)])
  return [...all].map(([key, value]) => `${key}=${value}`)
}

/** Writes a bundle directory readable by root alone: its environment holds secrets. */
export async function writeBundle(dir: string, spec: BundleSpec): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  const files = { ...spec.files }
  for (const [index, [destination, text]] of Object.entries(spec.texts ?? {}).entries()) {
    files[destination] = `${dir}/text-${index}`
    await writeFile(files[destination], text, { mode: 0o644 })
  }
  await writeFile(`${dir}/config.json`, JSON.stringify(ociConfig({ ...spec, files })), { mode: 0o600 })
}
